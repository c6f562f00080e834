//! Across all cases, no key and no serial number is repeated.

use std::collections::HashMap;

use super::Findings;

/// The part of a serial number that must not repeat: a generator that repeats partially is
/// no better than one that repeats.
const SHARED: usize = 8;

/// Checks the findings of all runs, each with its case's name.
pub fn repeats<'a>(runs: impl IntoIterator<Item = (&'a str, &'a Findings)>) -> Vec<String> {
    let mut broken = Vec::new();
    let mut keys: HashMap<&[u8], (usize, &str)> = HashMap::new();
    let mut serials: HashMap<(bool, &[u8]), &[u8]> = HashMap::new();
    for (number, (name, findings)) in runs.into_iter().enumerate() {
        for key in &findings.keys {
            let (first, whose) = *keys.entry(key).or_insert((number, name));
            if first != number {
                broken.push(format!("{whose} and {name} got the same private key"));
            }
        }
        for (serial, certificate) in &findings.serials {
            let (head, tail) = (
                &serial[..serial.len().min(SHARED)],
                &serial[serial.len().saturating_sub(SHARED)..],
            );
            for (which, part) in [(true, head), (false, tail)] {
                if *serials.entry((which, part)).or_insert(certificate) != certificate {
                    let end = if which { "head" } else { "tail" };
                    broken.push(format!("{name}: a serial number shares its {end} with another's"));
                }
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(key: u8, serial: [u8; 20], certificate: u8) -> Findings {
        Findings {
            keys: [vec![key]].into(),
            serials: vec![(serial.to_vec(), vec![certificate])],
            ..Findings::default()
        }
    }

    #[test]
    fn repetitions_are_found() {
        let one: [u8; 20] = std::array::from_fn(|at| at as u8);
        let other = one.map(|octet| octet + 100);
        let (mut head, mut tail) = (other, other);
        head[0] = 1;
        tail[19] = 1;
        let first = findings(1, one, 1);
        let fresh = findings(2, other, 2);
        assert!(repeats([("a", &first), ("b", &fresh)]).is_empty());
        // The same certificate seen twice is not a repetition.
        assert!(repeats([("a", &first), ("b", &findings(2, one, 1))]).is_empty());
        for (again, phrase) in [
            (findings(1, other, 2), "same private key"),
            (findings(2, one, 2), "shares its head"),
        ] {
            let found = repeats([("a", &first), ("b", &again)]);
            assert!(found.iter().any(|line| line.contains(phrase)), "{found:?}");
        }
        for (serial, phrase) in [(head, "shares its tail"), (tail, "shares its head")] {
            let found = repeats([("a", &fresh), ("b", &findings(3, serial, 3))]);
            assert!(found.iter().any(|line| line.contains(phrase)), "{found:?}");
        }
    }
}
