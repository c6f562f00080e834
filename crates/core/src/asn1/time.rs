//! UTCTime and GeneralizedTime (X.690, 8.25 and 8.26) as Go parses them: seconds may be
//! missing, and an offset from UTC is allowed and kept.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

use super::read::Reader;
use super::tag;

/// The next element, a UTCTime or a GeneralizedTime in seconds.
pub fn read_time(fields: &mut Reader<'_>) -> Option<OffsetDateTime> {
    let element = fields.next()?;
    match element.tag {
        tag::UTC_TIME => utc(element.contents),
        tag::GENERALIZED_TIME => generalized(element.contents),
        _ => None,
    }
}

/// Parses the contents of a UTCTime. Years from 50 on are in the 20th century (RFC 5280,
/// section 4.1.2.5.1).
pub fn utc(contents: &[u8]) -> Option<OffsetDateTime> {
    let digits = contents.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, zone) = contents.split_at(digits);
    let (year, rest) = digits.split_at_checked(2)?;
    let year = number(year)?;
    let century = if year < 50 { 2000 } else { 1900 };
    let offset = offset(zone)?;
    match rest.len() {
        8 => moment(century + year, &[rest, b"00"].concat(), 0, offset),
        10 => moment(century + year, rest, 0, offset),
        _ => None,
    }
}

/// Parses the contents of a GeneralizedTime in seconds.
pub fn generalized(contents: &[u8]) -> Option<OffsetDateTime> {
    let (year, rest) = contents.split_at_checked(4)?;
    let (rest, zone) = rest.split_at_checked(10)?;
    moment(number(year)?, rest, 0, offset(zone)?)
}

/// Parses the contents of a GeneralizedTime with an optional fraction.
pub fn generalized_with_fraction(contents: &[u8]) -> Option<OffsetDateTime> {
    let (whole, rest) = contents.split_at_checked(14)?;
    let Some(fraction) = rest.strip_prefix(b".") else {
        return generalized(contents);
    };
    let digits = fraction.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, zone) = fraction.split_at(digits);
    // A trailing zero carries no information, and Go writes none.
    if !(1..=9).contains(&digits.len()) || digits.ends_with(b"0") {
        return None;
    }
    let scale = 10_i32.checked_pow(9 - digits.len() as u32)?;
    let (year, rest) = whole.split_at_checked(4)?;
    moment(number(year)?, rest, number(digits)? * scale, offset(zone)?)
}

/// The tag and contents that Go writes for a time in a name: a UTCTime if that can
/// represent the year, and with the original offset.
pub fn written(moment: OffsetDateTime) -> (u8, Vec<u8>) {
    let (year, month, day) = (moment.year(), u8::from(moment.month()), moment.day());
    let (hour, minute, second) = moment.to_hms();
    let (tag, year) = match year {
        1950..2050 => (tag::UTC_TIME, format!("{:02}", year.rem_euclid(100))),
        _ => (tag::GENERALIZED_TIME, format!("{year:04}")),
    };
    let zone = zone(moment, "");
    let text = format!("{year}{month:02}{day:02}{hour:02}{minute:02}{second:02}{zone}");
    (tag, text.into_bytes())
}

/// `Z`, or the offset from UTC in hours and minutes with this separator.
pub fn zone(moment: OffsetDateTime, between: &str) -> String {
    let offset = moment.offset();
    let (hours, minutes, _) = offset.as_hms();
    let sign = match offset.whole_seconds() {
        0 => return "Z".to_owned(),
        ..0 => '-',
        _ => '+',
    };
    format!("{sign}{:02}{between}{:02}", hours.abs(), minutes.abs())
}

fn moment(year: i32, rest: &[u8], nanosecond: i32, offset: UtcOffset) -> Option<OffsetDateTime> {
    let mut parts = rest
        .chunks(2)
        .map(|two| number(two).and_then(|n| u8::try_from(n).ok()));
    let mut next = || parts.next().flatten();
    let month = Month::try_from(next()?).ok()?;
    let date = Date::from_calendar_date(year, month, next()?).ok()?;
    let nanosecond = u32::try_from(nanosecond).ok()?;
    let time = Time::from_hms_nano(next()?, next()?, next()?, nanosecond).ok()?;
    Some(OffsetDateTime::new_in_offset(date, time, offset))
}

/// `Z`, or hours and minutes that are not zero.
fn offset(zone: &[u8]) -> Option<UtcOffset> {
    let (sign, hours, minutes) = match zone {
        b"Z" => return Some(UtcOffset::UTC),
        [b'+', rest @ ..] if rest.len() == 4 => (1, number(&rest[..2])?, number(&rest[2..])?),
        [b'-', rest @ ..] if rest.len() == 4 => (-1, number(&rest[..2])?, number(&rest[2..])?),
        _ => return None,
    };
    let seconds = (hours * 60 + minutes) * 60;
    (hours <= 24 && minutes < 60 && seconds > 0)
        .then(|| UtcOffset::from_whole_seconds(sign * seconds).ok())
        .flatten()
}

fn number(digits: &[u8]) -> Option<i32> {
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let value = |digits| std::str::from_utf8(digits).ok()?.parse().ok();
    is_number.then(|| value(digits)).flatten()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn utc_times_have_two_year_digits_and_an_optional_offset() {
        for (text, want) in [
            ("260102150405Z", Some(datetime!(2026-01-02 15:04:05 UTC))),
            ("2601021504Z", Some(datetime!(2026-01-02 15:04 UTC))),
            ("491231235959Z", Some(datetime!(2049-12-31 23:59:59 UTC))),
            ("500101000000Z", Some(datetime!(1950-01-01 0:00 UTC))),
            ("260102150405+0130", Some(datetime!(2026-01-02 13:34:05 UTC))),
            ("260102150405-2400", Some(datetime!(2026-01-03 15:04:05 UTC))),
            ("260102150405", None),
            ("260102150405+0000", None),
            ("260102150405-0000", None),
            ("260102150405+0060", None),
            ("260102150405+2500", None),
            ("260102150405.5Z", None),
            ("26010215040Z", None),
            ("260230150405Z", None),
            ("261302150405Z", None),
            ("260102240405Z", None),
            ("260102150460Z", None),
            ("", None),
        ] {
            assert_eq!(utc(text.as_bytes()), want, "{text}");
        }
        let kept = utc(b"2601021504+0130").unwrap();
        assert_eq!(written(kept).1, b"260102150400+0130");
    }

    #[test]
    fn generalized_times_have_fractions_where_allowed() {
        let half = datetime!(2026-01-02 15:04:05.5 UTC);
        for (text, whole, fractional) in [
            (
                "20260102150405Z",
                Some(half.replace_nanosecond(0).unwrap()),
                Some(half.replace_nanosecond(0).unwrap()),
            ),
            ("20260102150405.5Z", None, Some(half)),
            ("20260102150405.50Z", None, None),
            ("20260102150405,5Z", None, None),
            ("20260102150405.Z", None, None),
            ("202601021504Z", None, None),
            ("2026", None, None),
        ] {
            assert_eq!(generalized(text.as_bytes()), whole, "{text}");
            assert_eq!(generalized_with_fraction(text.as_bytes()), fractional, "{text}");
        }
        assert_eq!(written(half), (tag::UTC_TIME, b"260102150405Z".to_vec()));
        let late = generalized(b"20600102150405-0130").unwrap();
        assert_eq!(
            written(late),
            (tag::GENERALIZED_TIME, b"20600102150405-0130".to_vec())
        );
    }
}
