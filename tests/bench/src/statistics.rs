//! Medians and quartiles.

use serde::Serialize;

/// The middle of a sample and of its halves.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quartiles {
    /// A quarter of the values is below.
    pub lower: f64,
    /// Half of the values is below.
    pub median: f64,
    /// A quarter of the values is above.
    pub upper: f64,
}

impl Quartiles {
    /// The quartiles of a sample, which must not be empty and is sorted.
    pub fn of(sample: &mut [f64]) -> Self {
        sample.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let place = part * (sample.len() - 1) as f64;
            let (below, above) = (sample[place.floor() as usize], sample[place.ceil() as usize]);
            below + (above - below) * place.fract()
        };
        Quartiles {
            lower: at(0.25),
            median: at(0.5),
            upper: at(0.75),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_values_they_are_interpolated() {
        let q = Quartiles::of(&mut [4.0, 1.0, 3.0, 2.0]);
        assert_eq!((q.lower, q.median, q.upper), (1.75, 2.5, 3.25));
        let q = Quartiles::of(&mut [7.0]);
        assert_eq!((q.lower, q.median, q.upper), (7.0, 7.0, 7.0));
    }
}
