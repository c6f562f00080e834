//! The validity period of a certificate.

use time::OffsetDateTime;

use super::certificate_error;
use crate::error::Result;
use crate::policy::Profile;
use rcfssl_go::duration::Duration;

/// The validity: from now, rounded to the nearest minute, less the backdate, for the
/// profile's lifetime, unless the profile sets fixed times.
///
/// # Errors
/// Code 1000 for a time that a certificate cannot represent, beyond the year 9999.
pub fn validity(profile: &Profile, now: OffsetDateTime) -> Result<(OffsetDateTime, OffsetDateTime)> {
    period(profile, None, None, now)
}

/// The same, with times requested by a client overriding the profile's.
///
/// # Errors
/// As [`validity`].
pub fn period(
    profile: &Profile,
    not_before: Option<OffsetDateTime>,
    not_after: Option<OffsetDateTime>,
    now: OffsetDateTime,
) -> Result<(OffsetDateTime, OffsetDateTime)> {
    let too_late = || certificate_error("asn1: structure error: cannot represent time as GeneralizedTime");
    let not_before = match not_before.or(profile.not_before) {
        Some(moment) => moment,
        None => nearest_minute(now)
            .and_then(|minute| minute.checked_sub(span(profile.backdate)))
            .ok_or_else(too_late)?,
    };
    let not_after = match not_after.or(profile.not_after) {
        Some(moment) => moment,
        None => not_before
            .checked_add(span(profile.expiry))
            .ok_or_else(too_late)?,
    };
    if [not_before, not_after].iter().any(|moment| moment.year() < 0) {
        return Err(too_late());
    }
    Ok((not_before, not_after))
}

/// Converts a duration.
pub(super) fn span(duration: Duration) -> time::Duration {
    time::Duration::nanoseconds(duration.as_nanoseconds())
}

/// Half a minute is rounded up.
fn nearest_minute(now: OffsetDateTime) -> Option<OffsetDateTime> {
    let start = now.replace_second(0).ok()?.replace_nanosecond(0).ok()?;
    let half = time::Duration::seconds(30);
    if now - start >= half {
        start.checked_add(half * 2)
    } else {
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::policy::CaConstraint;

    #[test]
    fn the_clock_is_rounded_to_the_nearest_minute() {
        for (now, want) in [
            (
                datetime!(2026-11-22 12:14:29.999 UTC),
                datetime!(2026-11-22 12:14 UTC),
            ),
            (
                datetime!(2026-11-22 12:14:30 UTC),
                datetime!(2026-11-22 12:15 UTC),
            ),
            (datetime!(2026-12-31 23:59:45 UTC), datetime!(2027-01-01 0:00 UTC)),
        ] {
            assert_eq!(nearest_minute(now), Some(want));
        }
    }

    #[test]
    fn times_that_cannot_be_encoded_are_refused() {
        let profile = Profile::root(
            Duration::hours(8760),
            Duration::ZERO,
            CaConstraint::leaf(),
            String::new(),
        );
        let mut far = profile.clone();
        far.not_before = Some(datetime!(9999-12-31 0:00 UTC));
        assert!(validity(&far, datetime!(2026-01-01 0:00 UTC)).is_err());
        let (begin, end) = validity(&profile, datetime!(2026-01-01 0:00 UTC)).unwrap();
        assert_eq!(
            (begin, end),
            (datetime!(2025-12-31 23:55 UTC), datetime!(2026-12-31 23:55 UTC))
        );
    }
}
