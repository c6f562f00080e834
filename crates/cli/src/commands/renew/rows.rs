//! The report as JSON.

use rcfssl_core::certinfo::rfc3339;
use rcfssl_go::json;
use rcfssl_renew::{Ending, Outcome, Why};
use serde::Serialize;

use super::report::{Counts, replaced};
use super::words;

/// One certificate, as JSON.
#[derive(Serialize)]
struct Row<'a> {
    certificate: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<&'a str>,
    result: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_after: Option<String>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    /// The certificate that was replaced, if it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<OldRow<'a>>,
    /// The same if it should be revoked and is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_revoked: Option<OldRow<'a>>,
}

/// A certificate that was replaced, as JSON.
#[derive(Serialize)]
struct OldRow<'a> {
    serial: &'a str,
    aki: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The summary, as JSON.
#[derive(Serialize)]
struct Sum {
    #[serde(flatten)]
    counts: Counts,
    dry_run: bool,
    seconds: f64,
}

/// A certificate as an object; `None` if it is not counted.
pub fn row(outcome: &Outcome, warnings: &[String]) -> Option<String> {
    let old = replaced(outcome).map(|replaced| OldRow {
        serial: &replaced.record.serial,
        aki: &replaced.record.aki,
        reason: words::not_revoked(&replaced.revocation),
    });
    let (not_revoked, revoked) = match old {
        Some(old) if old.reason.is_some() => (Some(old), None),
        old => (None, old),
    };
    let mut row = Row {
        certificate: outcome.certificate.to_string_lossy().into_owned(),
        organization: outcome.organization.as_deref(),
        result: "failed",
        reason: None,
        profile: outcome.profile.as_deref(),
        key: None,
        serial_number: None,
        not_after: None,
        warnings,
        command: outcome.command.as_ref().map(|result| match result {
            Ok(()) => "done",
            Err(why) => why,
        }),
        revoked,
        not_revoked,
    };
    let word = |why: &Why| if why.is_new() { "made" } else { "renewed" };
    match &outcome.ending {
        Ending::Foreign => return None,
        Ending::Untouched { until } => {
            row.result = "untouched";
            row.not_after = Some(rfc3339(*until));
        }
        Ending::Would { why } => {
            row.result = word(why);
            row.reason = Some(words::why(*why));
        }
        Ending::Changed {
            why,
            until,
            serial,
            new_key,
        } => {
            row.result = word(why);
            row.reason = Some(words::why(*why));
            row.key = Some(if *new_key { "new" } else { "kept" });
            row.serial_number = Some(serial.to_string());
            row.not_after = Some(rfc3339(*until));
        }
        Ending::Failed(why) => row.reason = Some(words::refusal(why)),
    }
    Some(json::to_string(&row))
}

/// The summary as an object.
pub fn sum(counts: Counts, dry_run: bool, seconds: f64) -> String {
    json::to_string(&Sum {
        counts,
        dry_run,
        seconds: (seconds * 1000.0).round() / 1000.0,
    })
}
