//! Times in documents: RFC 3339 as Go's `time.Time` parses it from JSON.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use crate::quote::quote;

/// Parses `2026-01-31T12:00:00Z`: a date, a capital `T`, a time with seconds, optionally a
/// fraction after a dot or comma, and `Z` or an offset. The result is in UTC.
///
/// # Errors
/// Go's message: `parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as
/// "2006"`.
pub fn parse(text: &str) -> Result<OffsetDateTime, String> {
    let mut reader = Reader { text, rest: text };
    let year = reader.digits(4, 4, "2006")?;
    reader.literal("-")?;
    let month = reader.digits(2, 2, "01")?;
    if !(1..=12).contains(&month) {
        return Err(reader.out_of_range("month"));
    }
    reader.literal("-")?;
    let day = reader.digits(2, 2, "02")?;
    reader.literal("T")?;
    let hour = reader.digits(1, 2, "15")?;
    reader.literal(":")?;
    let minute = reader.digits(2, 2, "04")?;
    reader.literal(":")?;
    let second = reader.digits(2, 2, "05")?;
    for (value, limit, name) in [(hour, 24, "hour"), (minute, 60, "minute"), (second, 60, "second")] {
        if value >= limit {
            return Err(reader.out_of_range(name));
        }
    }
    let nanosecond = reader.fraction();
    let offset = reader.offset()?;
    if !reader.rest.is_empty() {
        return Err(format!(
            "parsing time {}: extra text: {}",
            quote(text),
            quote(reader.rest)
        ));
    }
    let month = Month::try_from(month as u8).map_err(|_| reader.out_of_range("month"))?;
    let date =
        Date::from_calendar_date(year as i32, month, day as u8).map_err(|_| reader.out_of_range("day"))?;
    let time = Time::from_hms_nano(hour as u8, minute as u8, second as u8, nanosecond);
    let time = time.map_err(|_| reader.out_of_range("second"))?;
    let moment = OffsetDateTime::new_utc(date, time).checked_sub(time::Duration::seconds(offset));
    moment
        .map(|m| m.to_offset(UtcOffset::UTC))
        .ok_or_else(|| reader.out_of_range("year"))
}

struct Reader<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Reader<'_> {
    fn digits(&mut self, least: usize, most: usize, element: &str) -> Result<u32, String> {
        let count = self
            .rest
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let value = self.rest[..count].parse().ok().filter(|_| count >= least);
        let value = value.ok_or_else(|| self.cannot(element))?;
        self.rest = &self.rest[count..];
        Ok(value)
    }

    fn literal(&mut self, literal: &str) -> Result<(), String> {
        self.rest = self
            .rest
            .strip_prefix(literal)
            .ok_or_else(|| self.cannot(literal))?;
        Ok(())
    }

    /// Nanoseconds, if a fraction follows.
    fn fraction(&mut self) -> u32 {
        let Some(digits) = self
            .rest
            .strip_prefix(['.', ','])
            .filter(|d| d.starts_with(|c: char| c.is_ascii_digit()))
        else {
            return 0;
        };
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let value = format!("{:0<9}", &digits[..count.min(9)]);
        self.rest = &digits[count..];
        value.parse().unwrap_or(0)
    }

    /// Seconds east of UTC.
    fn offset(&mut self) -> Result<i64, String> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.rest.strip_prefix('Z') {
            self.rest = rest;
            return Ok(0);
        }
        let number = |range: std::ops::Range<usize>| -> Option<i64> {
            let digits = self.rest.get(range)?;
            digits
                .parse()
                .ok()
                .filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
        };
        let parts = (
            self.rest.get(..1),
            number(1..3),
            self.rest.get(3..4),
            number(4..6),
        );
        let (sign, hours, minutes) = match parts {
            (Some("+"), Some(hours), Some(":"), Some(minutes)) => (1, hours, minutes),
            (Some("-"), Some(hours), Some(":"), Some(minutes)) => (-1, hours, minutes),
            _ => return Err(self.cannot(ELEMENT)),
        };
        for (value, limit, name) in [
            (hours, 24, "time zone offset hour"),
            (minutes, 60, "time zone offset minute"),
        ] {
            if value > limit {
                return Err(self.out_of_range(name));
            }
        }
        self.rest = &self.rest[6..];
        Ok(sign * (hours * 3600 + minutes * 60))
    }

    fn cannot(&self, element: &str) -> String {
        let (text, rest, element) = (quote(self.text), quote(self.rest), quote(element));
        format!(r#"parsing time {text} as "2006-01-02T15:04:05Z07:00": cannot parse {rest} as {element}"#)
    }

    fn out_of_range(&self, what: &str) -> String {
        format!("parsing time {}: {what} out of range", quote(self.text))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn reads_what_go_reads() {
        for (text, want) in [
            ("2026-01-31T12:34:56Z", datetime!(2026-01-31 12:34:56 UTC)),
            ("2020-01-01T00:00:00+02:00", datetime!(2019-12-31 22:00 UTC)),
            ("2020-01-01T00:00:00-00:30", datetime!(2020-01-01 0:30 UTC)),
            ("2020-01-01T00:00:00.9Z", datetime!(2020-01-01 0:00:00.9 UTC)),
            (
                "2020-01-01T00:00:00,1234567891Z",
                datetime!(2020-01-01 0:00:00.123456789 UTC),
            ),
            ("2020-01-01T1:00:00Z", datetime!(2020-01-01 1:00 UTC)),
            ("0001-01-01T00:00:00Z", datetime!(0001-01-01 0:00 UTC)),
        ] {
            assert_eq!(parse(text), Ok(want), "{text}");
        }
    }

    #[test]
    fn refuses_in_the_words_of_go() {
        let layout = r#" as "2006-01-02T15:04:05Z07:00": cannot parse "#;
        for (text, want) in [
            (
                "2020-01-01",
                format!(r#"parsing time "2020-01-01"{layout}"" as "T""#),
            ),
            (
                "2020-01-01T00:00:00",
                format!(r#"parsing time "2020-01-01T00:00:00"{layout}"" as "Z07:00""#),
            ),
            (
                "2020-01-01t00:00:00z",
                format!(r#"parsing time "2020-01-01t00:00:00z"{layout}"t00:00:00z" as "T""#),
            ),
            ("", format!(r#"parsing time ""{layout}"" as "2006""#)),
            (
                "2020-13-01T00:00:00Z",
                r#"parsing time "2020-13-01T00:00:00Z": month out of range"#.to_owned(),
            ),
            (
                "2021-02-29T00:00:00Z",
                r#"parsing time "2021-02-29T00:00:00Z": day out of range"#.to_owned(),
            ),
            (
                "2020-01-01T24:00:00Z",
                r#"parsing time "2020-01-01T24:00:00Z": hour out of range"#.to_owned(),
            ),
            (
                "2020-01-01T00:00:00Zx",
                r#"parsing time "2020-01-01T00:00:00Zx": extra text: "x""#.to_owned(),
            ),
            (
                "2020-01-01T00:00:00+é",
                format!(r#"parsing time "2020-01-01T00:00:00+é"{layout}"+é" as "Z07:00""#),
            ),
            (
                "2020-01-01T00:00:00+25:00",
                r#"parsing time "2020-01-01T00:00:00+25:00": time zone offset hour out of range"#.to_owned(),
            ),
        ] {
            assert_eq!(parse(text), Err(want));
        }
    }
}
