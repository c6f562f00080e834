//! Durations as Go writes them (`8760h`, `1h30m`, `1.5s`), with three additional units: `d`
//! (24h), `w` (168h) and `y` (8760h).

use std::fmt;

use crate::error::{Error, Result};

const NANOSECOND: u64 = 1;
const MICROSECOND: u64 = 1_000 * NANOSECOND;
const MILLISECOND: u64 = 1_000 * MICROSECOND;
const SECOND: u64 = 1_000 * MILLISECOND;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// A signed duration in nanoseconds, at most about 292 years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(i64);

impl Duration {
    /// A duration of zero.
    pub const ZERO: Duration = Duration(0);

    /// Whole hours.
    pub const fn hours(hours: u32) -> Self {
        Duration(hours as i64 * HOUR as i64)
    }

    /// Whole minutes.
    pub const fn minutes(minutes: u32) -> Self {
        Duration(minutes as i64 * MINUTE as i64)
    }

    /// Nanoseconds.
    pub const fn nanoseconds(nanoseconds: i64) -> Self {
        Duration(nanoseconds)
    }

    /// The length in nanoseconds.
    pub const fn as_nanoseconds(self) -> i64 {
        self.0
    }

    /// Whether it is zero.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Parses a duration by the grammar of Go's `time.ParseDuration`:
    /// `[+-]?(digits[.digits?]|.digits)unit` one or more times, or `0`.
    ///
    /// # Errors
    /// Go's message: `time: invalid duration "x"`, `time: missing unit in duration "10"` or
    /// `time: unknown unit "q" in duration "1q"`.
    pub fn parse(text: &str) -> Result<Self> {
        let invalid = || Error::new(format!("time: invalid duration {}", quote(text)));
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            _ => (false, text),
        };
        if unsigned == "0" {
            return Ok(Duration::ZERO);
        }
        if unsigned.is_empty() {
            return Err(invalid());
        }
        let mut total = 0_u64;
        let mut rest = unsigned;
        while !rest.is_empty() {
            let (whole, after) = take_digits(rest);
            let (fraction, after) = match after.strip_prefix('.') {
                Some(after) => take_digits(after),
                None => ("", after),
            };
            if whole.is_empty() && fraction.is_empty() {
                return Err(invalid());
            }
            let end = after
                .find(|c: char| c == '.' || c.is_ascii_digit())
                .unwrap_or(after.len());
            let (unit, after) = after.split_at(end);
            if unit.is_empty() {
                return Err(Error::new(format!(
                    "time: missing unit in duration {}",
                    quote(text)
                )));
            }
            let Some(unit_length) = unit_length(unit) else {
                let (unit, text) = (quote(unit), quote(text));
                return Err(Error::new(format!(
                    "time: unknown unit {unit} in duration {text}"
                )));
            };
            let length = multiple(whole, fraction, unit_length).ok_or_else(invalid)?;
            total = total
                .checked_add(length)
                .filter(|t| *t <= 1 << 63)
                .ok_or_else(invalid)?;
            rest = after;
        }
        if negative {
            return Ok(Duration((total as i64).wrapping_neg()));
        }
        i64::try_from(total).map(Duration).map_err(|_| invalid())
    }
}

fn take_digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at(end)
}

fn unit_length(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => NANOSECOND,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => 24 * HOUR,
        "w" => 7 * 24 * HOUR,
        "y" => 365 * 24 * HOUR,
        _ => return None,
    })
}

/// `whole.fraction` units in nanoseconds. As in Go, the fraction is computed in floating
/// point and truncated. `None` if the result does not fit into 63 bits.
fn multiple(whole: &str, fraction: &str, unit: u64) -> Option<u64> {
    const LIMIT: u64 = 1 << 63;
    let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let mut length = whole.checked_mul(unit).filter(|l| *l <= LIMIT)?;
    let (mut digits, mut scale) = (0_u64, 1.0_f64);
    for digit in fraction.bytes().map(|b| u64::from(b - b'0')) {
        let Some(next) = digits
            .checked_mul(10)
            .and_then(|d| d.checked_add(digit))
            .filter(|d| *d <= LIMIT)
        else {
            break; // more precision than a nanosecond has
        };
        digits = next;
        scale *= 10.0;
    }
    if digits > 0 {
        length += (digits as f64 * (unit as f64 / scale)) as u64;
    }
    (length <= LIMIT).then_some(length)
}

/// The text in quotes as Go's time package quotes it: bytes other than printable ASCII are
/// escaped one by one.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='\x7f' => out.push(c),
            _ => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    out.push_str(&format!("\\x{byte:02x}"));
                }
            }
        }
    }
    out.push('"');
    out
}

/// As Go prints it: `168h0m0s`, `1.5s`, `0s`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.0.unsigned_abs();
        if self.0 < 0 {
            f.write_str("-")?;
        }
        let fraction = |f: &mut fmt::Formatter<'_>, length: u64, unit: u64, name: &str| {
            write!(f, "{}", length / unit)?;
            let digits = format!("{:0width$}", length % unit, width = unit.ilog10() as usize);
            match digits.trim_end_matches('0') {
                "" => {}
                digits => write!(f, ".{digits}")?,
            }
            f.write_str(name)
        };
        match length {
            0 => f.write_str("0s"),
            1..MICROSECOND => write!(f, "{length}ns"),
            MICROSECOND..MILLISECOND => fraction(f, length, MICROSECOND, "µs"),
            MILLISECOND..SECOND => fraction(f, length, MILLISECOND, "ms"),
            _ => {
                if length >= HOUR {
                    write!(f, "{}h", length / HOUR)?;
                }
                if length >= MINUTE {
                    write!(f, "{}m", length % HOUR / MINUTE)?;
                }
                fraction(f, length % MINUTE, SECOND, "s")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nanoseconds(text: &str) -> i64 {
        Duration::parse(text).unwrap().as_nanoseconds()
    }

    #[test]
    fn reads_go_durations() {
        let hour = HOUR as i64;
        for (text, want) in [
            ("0", 0),
            ("8760h", 8760 * hour),
            ("1h30m", hour * 3 / 2),
            ("1m1h", hour + 60_000_000_000),
            (".5h", hour / 2),
            ("5.h", 5 * hour),
            ("+1h", hour),
            ("-1h", -hour),
            ("1us", 1_000),
            ("1µs", 1_000),
            ("1μs", 1_000),
            ("100ms", 100_000_000),
            ("1.000000001s", 1_000_000_001),
            ("0.3333333333333333333h", 1_200_000_000_000),
            ("-9223372036854775808ns", i64::MIN),
            ("9223372036854775807ns", i64::MAX),
            ("-0", 0),
        ] {
            assert_eq!(nanoseconds(text), want, "{text}");
        }
    }

    #[test]
    fn reads_days_weeks_and_years() {
        for (text, hours) in [
            ("1d", 24),
            ("2w", 336),
            ("1y", 8760),
            ("1y1d12h", 8796),
            ("1.5d", 36),
        ] {
            assert_eq!(nanoseconds(text), hours * HOUR as i64, "{text}");
        }
    }

    #[test]
    fn refuses_in_the_words_of_go() {
        for (text, want) in [
            ("", r#"time: invalid duration """#),
            ("h", r#"time: invalid duration "h""#),
            ("-", r#"time: invalid duration "-""#),
            ("10", r#"time: missing unit in duration "10""#),
            ("1q", r#"time: unknown unit "q" in duration "1q""#),
            ("5H", r#"time: unknown unit "H" in duration "5H""#),
            ("1h 30m", r#"time: unknown unit "h " in duration "1h 30m""#),
            (" 5h", r#"time: invalid duration " 5h""#),
            ("1é", r#"time: unknown unit "\xc3\xa9" in duration "1\xc3\xa9""#),
            (".h", r#"time: invalid duration ".h""#),
            ("9999999h", r#"time: invalid duration "9999999h""#),
            (
                "9223372036854775808ns",
                r#"time: invalid duration "9223372036854775808ns""#,
            ),
            (
                "99999999999999999999h",
                r#"time: invalid duration "99999999999999999999h""#,
            ),
            ("1e3h", r#"time: unknown unit "e" in duration "1e3h""#),
        ] {
            assert_eq!(Duration::parse(text).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn prints_as_go_does() {
        for (text, want) in [
            ("0", "0s"),
            ("168h", "168h0m0s"),
            ("96h", "96h0m0s"),
            ("5m", "5m0s"),
            ("90s", "1m30s"),
            ("1.5s", "1.5s"),
            ("1ms", "1ms"),
            ("1500us", "1.5ms"),
            ("1us", "1µs"),
            ("7ns", "7ns"),
            ("-1h", "-1h0m0s"),
            ("1h0.25s", "1h0m0.25s"),
        ] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), want);
        }
    }
}
