//! PEM is canonical, DER is strict and complete, and JSON is formatted as by Go.

use super::Findings;
use super::made::{Made, Place};
use crate::normal::der::Element;
use crate::normal::pem::Block;

/// The labels whose contents are DER.
const DER_LABELS: [&str; 5] = [
    "CERTIFICATE",
    "CERTIFICATE REQUEST",
    "NEW CERTIFICATE REQUEST",
    "X509 CRL",
    "PRIVATE KEY",
];

pub fn check(made: &Made, findings: &mut Findings) {
    for place in &made.places {
        for (block, der) in made.new_blocks(place) {
            let label = block.label;
            if block.body != Block::canonical_body(&der) {
                findings.say(format!("{}: {label} is not formatted as plain PEM", place.name));
            }
            let is_der = DER_LABELS.iter().any(|ending| label.ends_with(ending));
            if is_der && let Err(error) = Element::whole(&der) {
                findings.say(format!("{}: {label} is not DER: {error}", place.name));
            }
        }
        if prints_results(place) && !is_compact_go(&place.raw) {
            findings.say(format!("{}: JSON is not formatted as by Go", place.name));
        }
    }
}

/// The documents that scripts process.
fn prints_results(place: &Place) -> bool {
    let has = |key| {
        place
            .document
            .as_ref()
            .is_some_and(|document| document.get(key).is_some())
    };
    place.name.starts_with("stdout") && (has("cert") || has("csr"))
}

/// Whether a JSON text is what Go's `json.Marshal` produces, with a final newline: without
/// white space, and in strings with exactly the escapes that Go uses (encoding/json,
/// `appendString` with `escapeHTML`).
pub fn is_compact_go(text: &str) -> bool {
    let Some(text) = text.strip_suffix('\n') else {
        return false;
    };
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char.is_ascii_whitespace() || char == '"' && !is_go_string(&mut chars) {
            return false;
        }
    }
    true
}

/// Reads a string up to its closing quote.
fn is_go_string(chars: &mut std::str::Chars<'_>) -> bool {
    loop {
        match chars.next() {
            Some('"') => return true,
            Some('\\') => {
                let fine = match chars.next() {
                    Some('"' | '\\' | 'b' | 'f' | 'n' | 'r' | 't') => true,
                    Some('u') => is_escaped_by_go(&chars.by_ref().take(4).collect::<String>()),
                    _ => false,
                };
                if !fine {
                    return false;
                }
            }
            Some('<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\x1f') | None => return false,
            Some(_) => {}
        }
    }
}

/// `\u` is for characters without a short escape that are not allowed in HTML.
fn is_escaped_by_go(digits: &str) -> bool {
    let short = ["0008", "0009", "000a", "000c", "000d"];
    let special = ["003c", "003e", "0026", "2028", "2029", "fffd"];
    special.contains(&digits) || digits.starts_with("00") && digits < "0020" && !short.contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::is_compact_go;

    #[test]
    fn go_formats_json_in_one_way() {
        for text in [
            "{\"cert\":\"a\\nb\",\"n\":[1,true]}\n",
            "{\"a\":\"\\u003c\\u0026\\u2028\\u001f \u{e9}\\\"\\\\\"}\n",
        ] {
            assert!(is_compact_go(text), "{text}");
        }
        for text in [
            "{\"a\":1}",
            "{\"a\": 1}\n",
            "{\"a\":1}\n\n",
            "{\"a\":\"<\"}\n",
            "{\"a\":\"\\/\"}\n",
            "{\"a\":\"\\u003C\"}\n",
            "{\"a\":\"\\u000a\"}\n",
            "{\"a\":\"\\u0041\"}\n",
            "{\"a\":\"\n\"}\n",
            "{\"a\":\"x\n",
        ] {
            assert!(!is_compact_go(text), "{text}");
        }
    }
}
