//! Times as the three databases store them: `2026-01-31 12:00:00`, with or without fraction
//! and time zone, always in UTC.

use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

/// `2026-01-31 12:00:00.5`, truncated to `digits` decimal places, without trailing zeros.
pub(crate) fn format(moment: OffsetDateTime, digits: usize) -> String {
    let moment = moment.to_offset(UtcOffset::UTC);
    let seconds = format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        moment.year(),
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    );
    let nanoseconds = format!("{:09}", moment.nanosecond());
    let fraction = nanoseconds.get(..digits).unwrap_or(&nanoseconds);
    match fraction.trim_end_matches('0') {
        "" => seconds,
        fraction => format!("{seconds}.{fraction}"),
    }
}

/// Parses what [`format`] writes, and also a `T` between date and time, a trailing time
/// zone, and times without seconds or dates without time. As in go-sqlite3, an integer is
/// seconds since 1970, or milliseconds if it is too large.
pub(crate) fn parse(text: &str) -> Option<OffsetDateTime> {
    if let Ok(number) = text.parse::<i64>() {
        let nanoseconds = match number.checked_abs()? {
            0..=1_000_000_000_000 => i128::from(number) * 1_000_000_000,
            _ => i128::from(number) * 1_000_000,
        };
        return OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok();
    }
    let (date, rest) = text.split_at_checked(10)?;
    let mut date = date.splitn(3, '-').map(str::parse::<u16>);
    let mut next = || date.next()?.ok();
    let (year, month, day) = (next()?, next()?, next()?);
    let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
    let date = Date::from_calendar_date(year.into(), month, u8::try_from(day).ok()?).ok()?;
    if rest.is_empty() {
        return Some(PrimitiveDateTime::new(date, Time::MIDNIGHT).assume_utc());
    }
    let rest = rest.strip_prefix([' ', 'T'])?;
    let (clock, offset) = zone(rest)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':').map(str::parse::<u8>);
    let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
    let second = parts.next().unwrap_or(Ok(0)).ok()?;
    let nanosecond = match fraction {
        "" => 0,
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{digits:0<9}").get(..9)?.parse::<u32>().ok()?
        }
        _ => return None,
    };
    let time = Time::from_hms_nano(hour, minute, second, nanosecond).ok()?;
    let moment = PrimitiveDateTime::new(date, time).assume_offset(offset);
    moment.checked_to_offset(UtcOffset::UTC)
}

/// Splits off `Z`, `+00:00` or `+00`; without any of these the time is UTC.
fn zone(text: &str) -> Option<(&str, UtcOffset)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, UtcOffset::UTC));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, UtcOffset::UTC));
    };
    let (clock, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let zone = zone.get(1..)?;
    let (hours, minutes) = zone.split_once(':').unwrap_or((zone, "0"));
    let offset = UtcOffset::from_hms(
        sign * hours.parse::<i8>().ok()?,
        sign * minutes.parse::<i8>().ok()?,
        0,
    );
    Some((clock, offset.ok()?))
}

/// Go's zero time, which means no time: the beginning of the year 1, or MySQL's zero date,
/// which is not a date.
pub(crate) fn is_zero(text: &str) -> bool {
    text.starts_with("0001-01-01 00:00:00") || text.starts_with("0000-00-00")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn times_are_truncated_to_the_columns_precision() {
        let moment = datetime!(2026-01-31 12:00:00.123456789 UTC);
        assert_eq!(format(moment, 9), "2026-01-31 12:00:00.123456789");
        assert_eq!(format(moment, 6), "2026-01-31 12:00:00.123456");
        assert_eq!(
            format(datetime!(2026-01-31 12:00:00.5 +1), 9),
            "2026-01-31 11:00:00.5"
        );
        assert_eq!(format(datetime!(0001-01-01 0:00 UTC), 9), "0001-01-01 00:00:00");
    }

    #[test]
    fn every_form_that_go_sqlite3_reads_is_read() {
        let noon = datetime!(2026-01-31 12:00 UTC);
        for text in [
            "2026-01-31 12:00:00",
            "2026-01-31 12:00:00+00:00",
            "2026-01-31T12:00:00Z",
            "2026-01-31 13:30:00+01:30",
            "2026-01-31 07:00:00-05:00",
            "2026-01-31 12:00:00.000000",
            "2026-01-31 12:00",
            "1769860800",
            "1769860800000",
        ] {
            assert_eq!(parse(text), Some(noon), "{text}");
        }
        assert_eq!(parse("2026-01-31"), Some(datetime!(2026-01-31 0:00 UTC)));
        assert_eq!(
            parse("2026-01-31 12:00:00.25+00:00"),
            Some(datetime!(2026-01-31 12:00:00.25 UTC))
        );
        for text in [
            "",
            "x",
            "2026-13-31",
            "2026-01-31 25:00:00",
            "2026-01-31x",
            "0000-00-00 00:00:00",
            "é026-01-3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
