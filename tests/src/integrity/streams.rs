//! Standard error: with current time stamps and the certificate's serial number, without
//! panics and key material.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use time::PrimitiveDateTime;
use time::macros::format_description;

use super::Findings;
use crate::normal::text::regex;
use crate::suite::{Case, Outcome};

static STAMP: LazyLock<Regex> =
    LazyLock::new(|| regex(r"(?m)^([0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \["));
static SERIAL: LazyLock<Regex> = LazyLock::new(|| regex(r"serial number ([0-9]+)"));
/// A line of PEM.
static BASE64_LINE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?m)^(.*[ \t])?[A-Za-z0-9+/]{64}$"));

/// The messages of Rust and Go.
const PANICS: [&str; 3] = ["panicked at", "RUST_BACKTRACE", "goroutine "];

pub fn check(case: &Case, outcome: &Outcome, findings: &mut Findings) {
    for (number, step) in outcome.steps.iter().enumerate() {
        let err = step.err();
        if PANICS.iter().any(|panic| err.contains(panic)) {
            findings.say(format!("step {number}: panic"));
        }
        if err.contains("PRIVATE KEY") || BASE64_LINE.is_match(&err) {
            findings.say(format!("step {number}: stderr shows what may be a private key"));
        }
        // Stamps are in local time.
        if case.env.get("TZ").is_none_or(|zone| zone == "UTC")
            && let Some(stamp) = STAMP
                .captures_iter(&err)
                .find(|found| !is_now(&found[1], outcome))
        {
            findings.say(format!("step {number}: a log line is stamped {}", &stamp[1]));
        }
    }
    check_serials(outcome, findings);
}

fn is_now(stamp: &str, outcome: &Outcome) -> bool {
    let format = format_description!("[year]/[month]/[day] [hour]:[minute]:[second]");
    let Ok(time) = PrimitiveDateTime::parse(stamp, format) else {
        return false;
    };
    let seconds = time.assume_utc().unix_timestamp() as f64;
    (outcome.clock.started - 2.0..=outcome.clock.ended + 2.0).contains(&seconds)
}

/// If one certificate was created and one number was logged, they must be the same.
fn check_serials(outcome: &Outcome, findings: &mut Findings) {
    let made: BTreeSet<String> = findings
        .serials
        .iter()
        .map(|(serial, _)| decimal(serial))
        .collect();
    let all: String = outcome.steps.iter().map(crate::workplace::Step::err).collect();
    let logged: Vec<&str> = SERIAL
        .captures_iter(&all)
        .filter_map(|found| Some(found.get(1)?.as_str()))
        .collect();
    if let ([logged], 1) = (logged.as_slice(), made.len())
        && !made.contains(*logged)
    {
        findings.say("the log names a serial number that no certificate has");
    }
}

/// Big-endian octets as a decimal number.
fn decimal(octets: &[u8]) -> String {
    let mut digits = vec![0_u32];
    for octet in octets {
        let mut carry = u32::from(*octet);
        for digit in &mut digits {
            let sum = *digit * 256 + carry;
            (*digit, carry) = (sum % 10, sum / 10);
        }
        while carry > 0 {
            digits.push(carry % 10);
            carry /= 10;
        }
    }
    digits
        .iter()
        .rev()
        .filter_map(|digit| char::from_digit(*digit, 10))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_logged_in_decimal() {
        assert_eq!(decimal(&[0]), "0");
        assert_eq!(decimal(&[1, 0, 0]), "65536");
        assert_eq!(decimal(&[0xFF; 8]), u64::MAX.to_string());
        assert_eq!(decimal(&[0xFF; 16]), u128::MAX.to_string());
    }
}
