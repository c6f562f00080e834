//! The list of revoked certificates, which SQLite passes on by thousands.

use rcfssl_core::record::{CertificateRecord, Status};
use rcfssl_store::Error;
use rcfssl_store::blocking::Store;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use time::OffsetDateTime;
use time::macros::datetime;

use super::{at, record};

/// What [`Store::each_revoked`] passes on: serial, key identifier, reason, time, PEM.
type Listed = (String, String, i32, Option<OffsetDateTime>, Option<String>);

fn listed(store: &Store) -> Vec<Listed> {
    let mut rows = Vec::new();
    store
        .each_revoked(|row| {
            let pem = row.pem.map(|pem| pem.into_owned());
            rows.push((
                row.serial.into_owned(),
                row.aki.into_owned(),
                row.reason,
                row.revoked_at,
                pem,
            ));
            Ok::<_, Error>(())
        })
        .unwrap();
    rows
}

fn expected(record: &CertificateRecord) -> Listed {
    let pem = record.aki.is_empty().then(|| record.pem.clone());
    (
        record.serial.clone(),
        record.aki.clone(),
        record.reason,
        record.revoked_at,
        pem,
    )
}

/// Revoked certificates with odd serial numbers and key identifiers.
fn revoked(serial: impl Into<String>, aki: impl Into<String>) -> CertificateRecord {
    CertificateRecord {
        serial: serial.into(),
        aki: aki.into(),
        status: Status::Revoked,
        reason: 5,
        revoked_at: Some(datetime!(2026-11-25 12:00:00.25 UTC)),
        ..record(0)
    }
}

#[test]
fn thousands_of_revoked_certificates_are_listed_in_order() {
    let folder = tempfile::tempdir().unwrap();
    // Around the limits of the pages that are read at a time.
    for count in [0, 1, 2047, 2048, 2049, 5000] {
        let store = at(&folder.path().join(format!("{count}.db")));
        let mut records = Vec::new();
        for number in 0..count {
            records.push(revoked(
                (count - number).to_string(),
                if number % 100 == 7 { "" } else { "da25" },
            ));
            if number % 3 == 0 {
                records.push(record(1_000_000 + number));
            }
        }
        store.record(&records).unwrap();
        records.retain(|record| record.status == Status::Revoked);
        let want: Vec<_> = records.iter().map(expected).collect();
        assert!(listed(&store) == want, "{count}");
    }
}

#[test]
fn no_value_of_a_revoked_certificate_is_taken_for_another() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder.path().join("certs.db"));
    let digits = |length: usize| "7".repeat(length);
    let mut records = vec![
        revoked("", ""),
        revoked("\u{0}", "\u{0}\u{1}"),
        revoked("1\u{0}2", "\u{5}\u{1}\u{2}\u{14}\u{2}\u{0}da25x1"),
        revoked("\u{fffd}", "ü€😀"),
        revoked("-1 x", "DA:25"),
    ];
    // Lengths whose character takes one, two, three or four octets, or that have none:
    // surrogates, U+FFFD, and above U+10FFFF.
    for length in [
        126, 127, 2046, 2047, 0xd7fe, 0xd7ff, 0xdffe, 0xdfff, 0xfffc, 0xfffd, 0xffff, 0x10_fffe, 0x10_ffff,
        1_200_000,
    ] {
        records.push(revoked(digits(length), "da25"));
        records.push(revoked(length.to_string(), "after"));
    }
    store.record(&records).unwrap();
    let want: Vec<_> = records.iter().map(expected).collect();
    assert!(listed(&store) == want);
}

#[test]
fn revoked_certificates_are_read_from_any_row_number_and_encoding() {
    let folder = tempfile::tempdir().unwrap();
    for encoding in ["UTF-8", "UTF-16le"] {
        let file = folder.path().join(encoding);
        std::fs::write(&file, "").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(&file);
            let mut connection = options.connect().await.unwrap();
            let statement = format!(
                "PRAGMA encoding = '{encoding}'; CREATE TABLE certificates (serial_number blob NOT NULL,
                 authority_key_identifier blob NOT NULL, ca_label blob, status blob NOT NULL, reason int,
                 expiry timestamp, revoked_at timestamp, pem blob NOT NULL, common_name text);
                 INSERT INTO certificates (rowid, serial_number, authority_key_identifier, ca_label, status, reason,
                 expiry, revoked_at, pem) VALUES
                 (9223372036854775807, X'33', 'b', '', 'revoked', 3, '2126-01-01', '2026-11-25 12:00:00', ''),
                 (-9223372036854775808, X'31', 'a', '', 'revoked', 1, '2126-01-01', '2026-11-25 12:00:00', ''),
                 (-5, X'32', X'61', '', 'revoked', 2, '2126-01-01', '0001-01-01 00:00:00+00:00', '')"
            );
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        });
        let found = listed(&at(&file));
        let serials: Vec<_> = found
            .iter()
            .map(|(serial, _, reason, at, _)| (serial.as_str(), *reason, at.is_some()))
            .collect();
        assert_eq!(
            serials,
            [("1", 1, true), ("2", 2, false), ("3", 3, true)],
            "{encoding}"
        );
    }
}

#[test]
fn the_store_is_usable_after_a_list_was_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder.path().join("certs.db"));
    let records: Vec<_> = (0..5000)
        .map(|number| revoked(number.to_string(), "da25"))
        .collect();
    store.record(&records).unwrap();
    let mut seen = 0;
    let error = store.each_revoked(|_| {
        seen += 1;
        match seen {
            3000 => Err(Failed),
            _ => Ok(()),
        }
    });
    assert!(error.is_err());
    assert_eq!(seen, 3000);
    store.record(&[record(9_999_999)]).unwrap();
    assert_eq!(listed(&store).len(), 5000);
}

/// An error of the caller.
#[derive(Debug)]
struct Failed;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        panic!("{error}")
    }
}
