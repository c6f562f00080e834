//! Times as seconds, and their description in a recording.

use anyhow::{Context, Result, ensure};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

use super::der::{Element, tag};

const DAY: i64 = 86_400;

const COMPACT: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day][hour][minute][second]Z");
const LONG: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]+00:00");

/// When a case ran, in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    /// Before its first line.
    pub started: f64,
    /// After its last.
    pub ended: f64,
}

/// A time in a certificate or a CRL (RFC 5280, 4.1.2.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// `utc` or `generalized`.
    pub form: &'static str,
    /// Seconds since 1970.
    pub seconds: i64,
}

impl Time {
    /// Reads a UTCTime or GeneralizedTime.
    ///
    /// # Errors
    /// For any form that RFC 5280 does not allow.
    pub fn read(element: &Element<'_>) -> Result<Self> {
        let text = std::str::from_utf8(element.value)?;
        let (form, text) = match element.tag {
            tag::UTC_TIME => {
                ensure!(text.len() == 13, "UTCTime {text}");
                let century = if text < "50" { "20" } else { "19" };
                ("utc", format!("{century}{text}"))
            }
            tag::GENERALIZED_TIME => ("generalized", text.to_owned()),
            other => anyhow::bail!("a time with tag {other:02x}"),
        };
        let time = PrimitiveDateTime::parse(&text, COMPACT).with_context(|| text.clone())?;
        Ok(Time {
            form,
            seconds: time.assume_utc().unix_timestamp(),
        })
    }

    /// Date and time with the offset `+00:00`.
    ///
    /// # Errors
    /// For years that do not have four digits.
    pub fn text(&self) -> Result<String> {
        Ok(OffsetDateTime::from_unix_timestamp(self.seconds)?.format(LONG)?)
    }
}

impl Clock {
    /// Whether a time is so far from now that a document must have fixed it.
    pub fn is_fixed(&self, time: Time) -> bool {
        (time.seconds as f64 - self.started).abs() > (40 * DAY) as f64
    }

    /// A time relative to now, in minutes: all possible values, because cfssl rounds to the
    /// minute and a minute may begin while a case runs.
    pub fn minutes(&self, time: Time) -> String {
        let ways = if time.seconds % 60 != 0 {
            let near = self.minutes_from_start(time);
            vec![near, near - 1, near + 1]
        } else {
            let rounded = |now: f64| (now + 30.0).div_euclid(60.0) as i64 * 60;
            let mut ways = vec![(time.seconds - rounded(self.started)).div_euclid(60)];
            let late = (time.seconds - rounded(self.ended)).div_euclid(60);
            if late != ways[0] {
                ways.push(late);
            }
            ways
        };
        let ways: Vec<String> = ways.iter().map(|minutes| format!("{minutes:+} min")).collect();
        ways.join("|")
    }

    /// The nearest minute.
    pub fn minutes_from_start(&self, time: Time) -> i64 {
        ((time.seconds as f64 - self.started) / 60.0).round_ties_even() as i64
    }

    /// Whether a time is more than a dozen years away.
    pub fn is_of_another_age(&self, time: Time) -> bool {
        (time.seconds as f64 - self.started).abs() > (12 * 400 * DAY) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(tag: u8, text: &str) -> Result<Time> {
        let mut bytes = vec![tag, text.len() as u8];
        bytes.extend_from_slice(text.as_bytes());
        Time::read(&Element::whole(&bytes)?)
    }

    #[test]
    fn both_forms_are_read() {
        let time = read(tag::UTC_TIME, "491231235959Z").unwrap();
        assert_eq!(
            (time.form, &*time.text().unwrap()),
            ("utc", "2049-12-31T23:59:59+00:00")
        );
        let time = read(tag::UTC_TIME, "500101000000Z").unwrap();
        assert_eq!(time.text().unwrap(), "1950-01-01T00:00:00+00:00");
        let time = read(tag::GENERALIZED_TIME, "20500101000000Z").unwrap();
        assert_eq!((time.form, time.seconds), ("generalized", 2_524_608_000));
        for (tag, text) in [
            (tag::UTC_TIME, "4912312359Z"),
            (tag::UTC_TIME, "20491231235959Z"),
            (tag::GENERALIZED_TIME, "20500101000000+0000"),
            (0x13, "491231235959Z"),
        ] {
            assert!(read(tag, text).is_err(), "{text}");
        }
    }

    #[test]
    fn minutes_are_counted_from_the_rounded_clock() {
        let clock = Clock {
            started: 29.0,
            ended: 31.0,
        };
        let at = |seconds| Time { form: "utc", seconds };
        assert_eq!(clock.minutes(at(-300)), "-5 min|-6 min");
        assert_eq!(clock.minutes(at(-299)), "-5 min|-6 min|-4 min");
        assert!(!clock.is_fixed(at(40 * DAY)));
        assert!(clock.is_fixed(at(41 * DAY)));
    }
}
