//! Standard error, line by line and word for word: stricter than the normal form of
//! recorded cases, because both programs have just run.

use std::sync::LazyLock;

use regex::Regex;

use crate::normal::text::{escaped, regex};

/// Replaces text for which cfssl and rcfssl each have their own words.
pub const OWN_WORDS: &str = "<own words>";

/// Replaces cfssl's description of malformed DER, for which rcfssl has another.
pub const MALFORMED: &str = "<malformed>";

static MALFORMED_WORDS: LazyLock<Regex> = LazyLock::new(|| regex(r#"(asn1|x509): [^"]*"#));

static STAMP: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} (\[[A-Z]+\] )"));
static SERIAL: LazyLock<Regex> = LazyLock::new(|| regex(r"serial number [0-9]+"));
/// The usage follows these lines; each program has its own.
static BEFORE_USAGE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        "^(flag provided but not defined: |flag needs an argument: |invalid (boolean )?value |bad flag syntax: |No command is given\\.|Command .* is not defined\\.)",
    )
});
static USAGE: LazyLock<Regex> = LazyLock::new(|| regex("^(\tcfssl |Usage)"));

/// The lines that count. Debug lines and hints do not; usage and the banner for self-signed
/// certificates must only be present.
pub fn lines(bytes: &[u8]) -> Vec<String> {
    let text = escaped(bytes);
    let mut lines = Vec::new();
    let mut banner = false;
    for line in text.lines() {
        if line == "*** WARNING ***" {
            if banner {
                lines.push("<banner>".to_owned());
            }
            banner = !banner;
            continue;
        }
        let line = STAMP.replace(line, "<stamp> $1");
        if banner || line.starts_with("hint: ") || line.starts_with("<stamp> [DEBUG] ") {
            continue;
        }
        // The banner ends with an empty line.
        if line.is_empty() && lines.last().is_some_and(|last| last == "<banner>") {
            continue;
        }
        if USAGE.is_match(&line) {
            lines.push("<usage>".to_owned());
            break;
        }
        let last = BEFORE_USAGE.is_match(&line);
        lines.push(SERIAL.replace_all(&line, "serial number <serial>").into_owned());
        if last {
            break;
        }
    }
    lines
}

/// Whether Go crashed.
pub fn is_crash(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("panic: ") && text.contains("\ngoroutine ")
}

/// Replaces lines with each program's own words, if there is such a line at all.
pub fn accept_own_words(want: &[String], got: &mut [String]) {
    for (want, got) in want.iter().zip(got) {
        let is_sentence = !got.trim().is_empty() && !got.starts_with(['{', '<', '[']);
        if want == OWN_WORDS && is_sentence {
            OWN_WORDS.clone_into(got);
        }
        if want.contains(MALFORMED) {
            *got = MALFORMED_WORDS.replace_all(got, MALFORMED).into_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expected_differences_are_removed() {
        let text = b"2026/11/22 11:53:54 [INFO] signed certificate with serial number 123\n\
            2026/11/22 11:53:54 [DEBUG] anything\nhint: anything\n\topen x: no such file\n\n\
            *** WARNING ***\n\nwords\n\n*** WARNING ***\n\nlast";
        assert_eq!(
            lines(text),
            [
                "<stamp> [INFO] signed certificate with serial number <serial>",
                "\topen x: no such file",
                "",
                "<banner>",
                "last"
            ]
        );
        assert_eq!(
            lines(b"flag needs an argument: -x\nUsage: y\nz"),
            ["flag needs an argument: -x"]
        );
        assert_eq!(lines(b"\tcfssl genkey -- generate\n\nUsage"), ["<usage>"]);
        assert!(is_crash(b"panic: x\n\ngoroutine 1 [running]:\n"));
        assert!(!is_crash(b"panic: x\n"));
    }

    #[test]
    fn own_words_are_words() {
        let want = [OWN_WORDS, OWN_WORDS, "x", "{\"code\":1,\"<malformed>\"}"].map(str::to_owned);
        let mut got = ["a sentence", "{\"code\":1}", "y", "{\"code\":1,\"asn1: z\"}"].map(str::to_owned);
        accept_own_words(&want, &mut got);
        assert_eq!(
            got,
            [OWN_WORDS, "{\"code\":1}", "y", "{\"code\":1,\"<malformed>\"}"]
        );
    }
}
