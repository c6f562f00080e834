//! Explains values of a document that cfssl's error does not locate: durations and the names
//! of lints.

use std::ffi::OsStr;

use rcfssl_core::policy::lints;
use rcfssl_go::duration::Duration;
use rcfssl_go::json::{self, Cursor};
use rcfssl_go::quote::quote;
use rcfssljson::complaint::nearest;

use crate::kinds::shown;

/// Explains the invalid values of a document, each with its line and with what was probably
/// meant.
pub fn explain(file: &OsStr, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    if json::check(text).is_ok() {
        let mut each = |key: &str, value: &str, offset| {
            let what = if is(key, &["expiry", "backdate"]) {
                duration(key, value)
            } else if is(key, &["ignored_lints"]) {
                lint(value)
            } else {
                None
            };
            found.extend(what.map(|what| (what, offset)));
        };
        strings(&mut Cursor::new(text), "", 0, &mut each);
    }
    let mut lines = json::Lines::new(text);
    let file = shown(file);
    let line = |(what, offset): (String, usize)| format!("{file}, line {}: {what}", lines.number(offset));
    found.into_iter().map(line).collect()
}

fn is(key: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(key))
}

/// Passes all nested strings to `each`, with their key (that of the list for strings in a
/// list) and their offset, no deeper than such documents are.
fn strings(cursor: &mut Cursor<'_>, key: &str, depth: usize, each: &mut impl FnMut(&str, &str, usize)) {
    const DEPTH: usize = 8;
    match cursor.kind() {
        json::Kind::Object if depth < DEPTH => {
            cursor.object(|cursor, key, _| strings(cursor, &key, depth + 1, each));
        }
        json::Kind::Array if depth < DEPTH => {
            cursor.array(|cursor, _| strings(cursor, key, depth + 1, each));
        }
        json::Kind::String => {
            let offset = cursor.offset();
            each(key, &cursor.string().unwrap_or_default(), offset);
        }
        _ => {
            cursor.raw();
        }
    }
}

fn duration(key: &str, value: &str) -> Option<String> {
    let is_valid = value.is_empty() || Duration::parse(value).is_ok();
    let meant = || {
        format!(
            "\"{key}\": \"{value}\" is not a duration; write {}",
            meant_duration(value)
        )
    };
    (!is_valid).then(meant)
}

fn lint(name: &str) -> Option<String> {
    let name = name.trim();
    let meant = |name: &str| match nearest(name, lints::names()) {
        Some(known) => format!("unknown lint {}; did you mean {known}?", quote(name)),
        None => format!("unknown lint {}", quote(name)),
    };
    (!lints::is_known(name)).then(|| meant(name))
}

/// The right notation for `5 years` and the like.
fn meant_duration(value: &str) -> String {
    let value = value.trim();
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = value.split_at(digits);
    let unit = unit.trim().to_lowercase();
    let number: Option<u32> = number.parse().ok().filter(|number| *number < 10_000);
    let Some(number) = number else {
        return "something like 5y, 90d or 8760h".to_owned();
    };
    match unit.trim_end_matches('s') {
        "year" | "yr" | "a" => format!("{number}y or {}h", number * 8760),
        "month" | "mon" | "mo" => format!("{}d or {}h", number * 30, number * 720),
        "week" | "wk" => format!("{number}w or {}h", number * 168),
        "day" => format!("{number}d or {}h", number * 24),
        "hour" | "hr" => format!("{number}h"),
        "minute" | "min" => format!("{number}m"),
        "" => format!("{number}h for hours, {number}d for days or {number}y for years"),
        _ => "something like 5y, 90d or 8760h".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_durations_are_shown_with_the_right_notation() {
        let text = b"{\"signing\": {\"default\": {\"expiry\": \"1h\"}, \"profiles\": {\"a\": {\n\"Expiry\": \"5 years\"}}}}";
        assert_eq!(
            explain(OsStr::new("c.json"), text),
            ["c.json, line 2: \"Expiry\": \"5 years\" is not a duration; write 5y or 43800h"]
        );
        for (value, meant) in [
            ("1 year", "1y or 8760h"),
            ("6 months", "180d or 4320h"),
            ("90days", "90d or 2160h"),
            ("43800", "something like"),
            ("365", "365h for hours"),
            ("soon", "something like"),
            ("99999999999999 years", "something like"),
        ] {
            assert!(
                meant_duration(value).starts_with(meant),
                "{value}: {}",
                meant_duration(value)
            );
        }
    }

    #[test]
    fn unknown_lints_are_shown_with_the_most_similar_name() {
        let text = b"{\"signing\": {\"default\": {\"ignored_lints\": [\"e_dnsname_not_valid_tld\",\n\"e_dnsname_not_vaild_tld\", \"nope\"]}}}";
        assert_eq!(
            explain(OsStr::new("c.json"), text),
            [
                "c.json, line 2: unknown lint \"e_dnsname_not_vaild_tld\"; did you mean e_dnsname_not_valid_tld?",
                "c.json, line 2: unknown lint \"nope\"",
            ]
        );
    }
}
