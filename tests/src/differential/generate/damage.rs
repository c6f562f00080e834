//! Documents and PEM that have been truncated, duplicated or damaged.

use super::hosts::may_be_uri;
use crate::differential::random::Random;

/// A JSON document with one or a few damaged places. It never contains a URI, which the two
/// versions treat differently, or a duration in days.
pub fn json(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    const INSERTED: &[u8] = b"{}[]\",:\\0 -.e\x00\xff\t\nnulltruefalse";
    let mut out = match random.below(10) {
        0 => return whole(random),
        1 => {
            let mut out = bytes.to_vec();
            out.extend_from_slice(random.choose(&[
                b"x" as &[u8],
                b"{}",
                b" \n\t",
                b"]",
                b"\0",
                b",",
                b"// end",
            ]));
            return out;
        }
        2 => {
            let head = random.choose(&[b"\xEF\xBB\xBF" as &[u8], b" \r\n", b"//\n", b"[", b"\0"]);
            return [head, bytes].concat();
        }
        _ => bytes.to_vec(),
    };
    scratch(random, &mut out, INSERTED);
    if names_uri(&out) || names_old_whitelist(&out) {
        bytes.to_vec()
    } else {
        out
    }
}

/// PEM within text, with damaged places.
pub fn pem(random: &mut Random, bytes: &[u8]) -> Vec<u8> {
    let mut out = bytes.to_vec();
    match random.below(8) {
        0 => Vec::new(),
        1 => [b"Some words first:\n", bytes].concat(),
        2 => [bytes, b"and some after it\n"].concat(),
        3 => [bytes, bytes].concat(),
        4 => String::from_utf8_lossy(bytes).replace('\n', "\r\n").into_bytes(),
        5 => String::from_utf8_lossy(bytes)
            .replace("CERTIFICATE", "X")
            .into_bytes(),
        _ => {
            scratch(random, &mut out, b"-=A+/ \n0:");
            out
        }
    }
}

/// Truncates, duplicates, removes, inserts or changes bytes.
fn scratch(random: &mut Random, bytes: &mut Vec<u8>, inserted: &[u8]) {
    for _ in 0..random.between(1, 3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        let length = random.between(1, 4).min(bytes.len() - at);
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..at + length)),
            2 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            3 => bytes.insert(at, random.choose(inserted)),
            4 => bytes[at] = random.choose(inserted),
            _ => {
                let other = random.below(bytes.len());
                bytes.swap(at, other);
            }
        }
    }
}

/// Documents that are of another kind altogether.
fn whole(random: &mut Random) -> Vec<u8> {
    let documents: [&[u8]; 14] = [
        b"",
        b" ",
        b"\n",
        b"null",
        b"[]",
        b"{}",
        b"\"x\"",
        b"1",
        b"true",
        b"nul",
        b"[{}]",
        b"{\"CN\":}",
        b"{,}",
        b"\xff\xfe{\0}\0",
    ];
    random.choose(&documents).to_vec()
}

/// A field besides `name_whitelist` into which newer Go reads a string.
fn names_old_whitelist(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes)
        .to_lowercase()
        .contains("namewhitelist")
}

fn names_uri(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.split('"').any(may_be_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damage_adds_no_uri() {
        let good = br#"{"CN":"a.b","hosts":["x.example","1::2"]}"#;
        let mut changed = 0;
        for at in 0..3000 {
            let damaged = json(&mut Random::of_trial(3, at), good);
            assert!(!names_uri(&damaged) || damaged.starts_with(good) || damaged.ends_with(good));
            changed += usize::from(damaged != good);
        }
        assert!(changed > 2000, "{changed}");
    }
}
