//! `expiry`: certificates by expiry date, for people and for monitoring.

mod find;
mod recorded;
mod table;

use std::collections::HashSet;

use rcfssl_core::Duration;
use rcfssl_core::certinfo::rfc3339;
use rcfssl_go::json;
use serde::Serialize;
use time::OffsetDateTime;

use crate::args::FlagId;
use crate::context::{Context, Failure, Outcome};
use crate::{log, output};

use find::{Found, Unreadable};

/// Exit statuses of monitoring plugins.
mod status {
    pub const WARNING: u8 = 1;
    pub const CRITICAL: u8 = 2;
    pub const UNKNOWN: u8 = 3;
}
pub use status::UNKNOWN as WRONG_FLAG;

/// The state of a certificate for monitoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Critical,
    Expired,
    #[serde(rename = "not yet valid")]
    NotYetValid,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warning => "warning",
            State::Critical => "critical",
            State::Expired => "expired",
            State::NotYetValid => "not yet valid",
        }
    }

    fn status(self) -> u8 {
        match self {
            State::Ok => 0,
            State::Warning | State::NotYetValid => status::WARNING,
            State::Critical | State::Expired => status::CRITICAL,
        }
    }
}

/// One certificate.
#[derive(Serialize)]
struct Row {
    file: String,
    /// Its position in the file, from 1.
    position: usize,
    subject: String,
    kind: &'static str,
    issuer: String,
    serial_number: String,
    not_before: String,
    not_after: String,
    days_left: i64,
    state: State,
    #[serde(skip)]
    begins: OffsetDateTime,
    #[serde(skip)]
    ends: OffsetDateTime,
}

#[derive(Serialize)]
struct Report<'a> {
    certificates: &'a [Row],
    unreadable: &'a [Unreadable],
}

/// Lists the certificates of the arguments. The exit status is that of a monitoring plugin.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    let wrong = |text: &str| {
        log::print(text);
        Err(Failure::Status(WRONG_FLAG))
    };
    let has_database = args.is_set(FlagId::DbConfig);
    if args.positional().is_empty() && !has_database {
        return wrong("name the files or folders to list, or a database with -db-config");
    }
    let [as_json, as_prometheus] = [FlagId::Json, FlagId::Prometheus].map(|flag| args.bool(flag));
    if as_json && as_prometheus {
        return wrong("-json and -prometheus cannot be combined");
    }
    let now = OffsetDateTime::now_utc();
    let limits = [FlagId::Warn, FlagId::Critical].map(|flag| args.duration(flag));
    let mut unreadable = Vec::new();
    let mut found = find::find(args.positional(), &mut unreadable);
    if has_database {
        found.append(&mut recorded::find(context, &mut unreadable)?);
    }
    let mut rows: Vec<Row> = found.iter().map(|found| Row::new(found, now, limits)).collect();
    rows.sort_by(|a, b| (a.ends, &a.file, a.position).cmp(&(b.ends, &b.file, b.position)));
    if as_json {
        let report = Report {
            certificates: &rows,
            unreadable: &unreadable,
        };
        output::stdout(format!("{}\n", json::to_string(&report)).as_bytes())?;
    } else if as_prometheus {
        output::stdout(prometheus(&rows, &unreadable, now).as_bytes())?;
    } else if !rows.is_empty() {
        output::stdout(table::draw(&rows).as_bytes())?;
    }
    for Unreadable { file, error } in &unreadable {
        context.error(output::printable(&format!("{file}: {error}")));
    }
    match exit_status(&rows, &unreadable) {
        0 => Ok(()),
        status => Err(Failure::Status(status)),
    }
}

/// Expired and critical certificates take precedence over files that cannot be read, and
/// those over certificates that expire soon.
fn exit_status(rows: &[Row], unreadable: &[Unreadable]) -> u8 {
    let worst = rows.iter().map(|row| row.state.status()).max().unwrap_or(0);
    if worst != status::CRITICAL && !unreadable.is_empty() {
        return status::UNKNOWN;
    }
    worst
}

impl Row {
    fn new(found: &Found, now: OffsetDateTime, [warn, critical]: [Duration; 2]) -> Self {
        let certificate = &found.certificate;
        let left = certificate.not_after - now;
        let inside = |limit: Duration| left < time::Duration::nanoseconds(limit.as_nanoseconds());
        let state = if left.is_negative() {
            State::Expired
        } else if inside(critical) {
            State::Critical
        } else if inside(warn) {
            State::Warning
        } else if certificate.not_before > now {
            State::NotYetValid
        } else {
            State::Ok
        };
        Row {
            file: found.file.clone(),
            position: found.position,
            subject: find::short_name(&certificate.subject_attributes, &certificate.hosts),
            kind: certificate.purpose().name(),
            issuer: find::short_name(&certificate.issuer_attributes, &Default::default()),
            serial_number: certificate.serial_number().to_string(),
            not_before: rfc3339(certificate.not_before),
            not_after: rfc3339(certificate.not_after),
            days_left: left.whole_seconds().div_euclid(24 * 60 * 60),
            state,
            begins: certificate.not_before,
            ends: certificate.not_after,
        }
    }
}

/// The text format of Prometheus, for the textfile collector of node_exporter.
fn prometheus(rows: &[Row], unreadable: &[Unreadable], now: OffsetDateTime) -> String {
    let mut out = String::new();
    let mut metric = |name: &str, help: &str, samples: Vec<(String, i64)>| {
        out.push_str(&format!(
            "# HELP rcfssl_{name} {help}\n# TYPE rcfssl_{name} gauge\n"
        ));
        // The collector rejects all metrics if two samples have the same labels. That
        // happens if a file is named twice, or if names differ only in bytes that are not
        // UTF-8.
        let mut seen = HashSet::new();
        for (labels, value) in samples {
            if !seen.insert(labels.clone()) {
                continue;
            }
            out.push_str(&format!("rcfssl_{name}{labels} {value}\n"));
        }
    };
    let labels = |row: &Row| {
        let labels = [
            ("file", row.file.as_str()),
            ("position", &row.position.to_string()),
            ("subject", &row.subject),
            ("kind", row.kind),
            ("issuer", &row.issuer),
            ("serial_number", &row.serial_number),
        ]
        .map(|(name, value)| format!("{name}=\"{}\"", escape(value)));
        format!("{{{}}}", labels.join(","))
    };
    let moments = |moment: fn(&Row) -> OffsetDateTime| {
        let sample = |row: &Row| (labels(row), moment(row).unix_timestamp());
        rows.iter().map(sample).collect()
    };
    metric(
        "certificate_not_after_timestamp_seconds",
        "When the certificate expires.",
        moments(|row| row.ends),
    );
    metric(
        "certificate_not_before_timestamp_seconds",
        "When the certificate becomes valid.",
        moments(|row| row.begins),
    );
    metric(
        "certificate_file_unreadable",
        "Files in which no certificate could be read.",
        unreadable
            .iter()
            .map(|unreadable| (format!("{{file=\"{}\"}}", escape(&unreadable.file)), 1))
            .collect(),
    );
    metric(
        "certificate_check_timestamp_seconds",
        "When the certificates were checked.",
        vec![(String::new(), now.unix_timestamp())],
    );
    out
}

/// Escapes a label's value: backslash, quote and line feed.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn row(state: State) -> Row {
        Row {
            file: "a \"b\"\\\n.pem".into(),
            position: 2,
            subject: "s".into(),
            kind: "server",
            issuer: "i".into(),
            serial_number: "7".into(),
            not_before: String::new(),
            not_after: String::new(),
            days_left: 1,
            state,
            begins: datetime!(2026-01-01 0:00 UTC),
            ends: datetime!(2027-01-01 0:00 UTC),
        }
    }

    #[test]
    fn the_worst_state_decides_and_unreadable_files_come_second() {
        let bad = || {
            vec![Unreadable {
                file: "x".into(),
                error: "y".into(),
            }]
        };
        let status = |states: &[State], unreadable: Vec<Unreadable>| {
            let rows: Vec<Row> = states.iter().map(|state| row(*state)).collect();
            exit_status(&rows, &unreadable)
        };
        assert_eq!(status(&[], vec![]), 0);
        assert_eq!(status(&[State::Ok, State::Warning], vec![]), 1);
        assert_eq!(status(&[State::Critical, State::Warning], vec![]), 2);
        assert_eq!(status(&[State::Expired], bad()), 2);
        assert_eq!(status(&[State::Warning], bad()), 3);
        assert_eq!(status(&[], bad()), 3);
    }

    #[test]
    fn equal_labels_are_printed_once() {
        let rows = [row(State::Ok), row(State::Ok)];
        let text = prometheus(&rows, &[], datetime!(2026-11-22 12:00 UTC));
        let samples = text
            .lines()
            .filter(|line| line.starts_with("rcfssl_certificate_not_after"));
        assert_eq!(samples.count(), 1);
    }

    #[test]
    fn labels_are_escaped() {
        let text = prometheus(&[row(State::Ok)], &[], datetime!(2026-11-22 12:00 UTC));
        assert!(text.contains(
            "\nrcfssl_certificate_not_after_timestamp_seconds{file=\"a \\\"b\\\"\\\\\\n.pem\",position=\"2\",\
             subject=\"s\",kind=\"server\",issuer=\"i\",serial_number=\"7\"} 1798761600\n"
        ));
        assert!(text.ends_with("\nrcfssl_certificate_check_timestamp_seconds 1795348800\n"));
    }
}
