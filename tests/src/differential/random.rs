//! Random choices from a seed, the same on every machine.

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014):
/// small, of full period, and good enough for choosing documents.
#[derive(Debug, Clone)]
pub struct Random(u64);

const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// The generator for one trial of a seed, independent of other trials.
    pub fn of_trial(seed: u64, number: u64) -> Self {
        let mut own = Random(seed);
        let mixed = own.bits();
        let mut own = Random(mixed ^ number.wrapping_mul(STEP));
        own.bits();
        own
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: usize) -> usize {
        let wide = u128::from(self.bits()) * (end as u128);
        (wide >> 64) as usize
    }

    /// A number of `range`, including both ends.
    pub fn between(&mut self, first: usize, last: usize) -> usize {
        first + self.below(last - first + 1)
    }

    /// True in this many of a hundred cases.
    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// True in this many of a thousand cases.
    pub fn rarely(&mut self, thousandth: usize) -> bool {
        self.below(1000) < thousandth
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// One of these; in this many of a hundred cases one of the first few.
    pub fn pick_first<'a>(&mut self, percent: usize, first: usize, items: &[&'a str]) -> &'a str {
        let few = self.chance(percent);
        self.pick(if few { &items[..first] } else { items })
    }

    /// One of these, copied.
    pub fn choose<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// One of these, by weight.
    pub fn weighted<T: Copy>(&mut self, items: &[(usize, T)]) -> T {
        let mut at = self.below(items.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in items {
            match at.checked_sub(*weight) {
                Some(rest) => at = rest,
                None => return *item,
            }
        }
        items[0].1
    }

    /// At most this many different ones, in the order of the list.
    pub fn some<T: Copy>(&mut self, items: &[T], most: usize) -> Vec<T> {
        let wanted = self.between(1, most.min(items.len()));
        let mut taken: Vec<T> = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let (left, missing) = (items.len() - at, wanted - taken.len());
            if self.below(left) < missing {
                taken.push(*item);
            }
        }
        taken
    }

    /// A random order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn the_first_numbers_are_those_of_the_paper() {
        let mut random = Random(1_234_567);
        let numbers: Vec<u64> = (0..3).map(|_| random.bits()).collect();
        assert_eq!(
            numbers,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn a_trial_stands_alone() {
        let numbers = |seed, trial| {
            let mut random = Random::of_trial(seed, trial);
            [random.bits(), random.bits()]
        };
        assert_eq!(numbers(7, 3), numbers(7, 3));
        assert_ne!(numbers(7, 3), numbers(7, 4));
        assert_ne!(numbers(7, 3), numbers(8, 3));
    }

    #[test]
    fn every_item_comes_up() {
        let mut random = Random(1);
        let items = [1, 2, 3, 4, 5];
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let some = random.some(&items, 5);
            assert!(!some.is_empty() && some.is_sorted());
            seen.extend(some);
            seen.insert(random.weighted(&[(1, 6), (2, 7)]));
            assert!((3..=4).contains(&random.between(3, 4)));
        }
        assert_eq!(seen.len(), 7);
    }
}
