//! The store with SQLite files: rows as cfssl writes them, created, found, revoked and
//! listed.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod revoked;

use std::path::Path;

use rcfssl_core::record::{CertificateRecord, OcspRecord, RecordId, Status};
use rcfssl_store::blocking::Store;
use rcfssl_store::{Config, Error, Kind, Select, Version};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Row};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

fn open(source: &str) -> Store {
    let text = format!(r#"{{"driver":"sqlite3","data_source":"{source}"}}"#);
    Store::new(&Config::read(text.as_bytes()).unwrap().0).unwrap()
}

fn at(file: &Path) -> Store {
    open(file.to_str().unwrap())
}

fn record(serial: u32) -> CertificateRecord {
    CertificateRecord {
        serial: serial.to_string(),
        aki: "da25".to_owned(),
        ca_label: String::new(),
        status: Status::Good,
        reason: 0,
        expiry: datetime!(2126-11-22 12:17 UTC),
        revoked_at: None,
        pem: "-----BEGIN CERTIFICATE-----\n".to_owned(),
        issued_at: Some(datetime!(2026-11-22 12:22:19.576741497 UTC)),
        not_before: Some(datetime!(2026-11-22 12:17 UTC)),
        metadata: Some("null".to_owned()),
        sans: Some(r#"["a.test"]"#.to_owned()),
        common_name: Some("a".to_owned()),
    }
}

/// The single value that a statement returns, as text.
fn ask(file: &Path, statement: &'static str) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut connection = SqliteConnectOptions::new()
            .filename(file)
            .connect()
            .await
            .unwrap();
        let row = sqlx::query(statement).fetch_one(&mut connection).await.unwrap();
        row.get(0)
    })
}

fn execute(file: &Path, statement: &'static str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(file);
        let mut connection = options.connect().await.unwrap();
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    });
}

#[test]
fn rows_are_typed_as_go_sqlite3_types_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certs.db");
    let store = at(&file);
    store.record(&[record(7)]).unwrap();
    let row = ask(
        &file,
        "SELECT serial_number || '|' || typeof(serial_number) || '|' || typeof(ca_label) || '|' || expiry || '|' ||
                revoked_at || '|' || issued_at || '|' || not_before || '|' || typeof(metadata) || '|' ||
                CAST(sans AS TEXT) || '|' || typeof(sans) || '|' || typeof(reason) || '|' || typeof(common_name)
         FROM certificates",
    );
    assert_eq!(
        row,
        "7|text|text|2126-11-22 12:17:00+00:00|0001-01-01 00:00:00+00:00|\
         2026-11-22 12:22:19.576741497+00:00|2026-11-22 12:17:00+00:00|blob|[\"a.test\"]|blob|integer|text"
    );
    let body = vec![0x30, 0x03, 0x0a, 0x00, 0xff, 0x06];
    let response = OcspRecord {
        serial: "7".to_owned(),
        aki: "da25".to_owned(),
        body,
        expiry: datetime!(2126-11-22 12:17 UTC),
    };
    store.upsert_ocsp(std::slice::from_ref(&response)).unwrap();
    let row = ask(
        &file,
        "SELECT typeof(body) || '|' || hex(CAST(body AS BLOB)) FROM ocsp_responses",
    );
    assert_eq!(row, "text|30030A00FF06");
    let mut found = Vec::new();
    store
        .each_ocsp(|row| {
            found.push(row);
            Ok::<_, Error>(())
        })
        .unwrap();
    assert_eq!(found, [response]);
}

#[test]
fn recorded_rows_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder.path().join("certs.db"));
    let records: Vec<_> = (1..=250).map(record).collect();
    store.record(&records).unwrap();
    assert_eq!(
        store.certificate("250", "da25").unwrap(),
        Some(records[249].clone())
    );
    assert_eq!(store.certificate("251", "da25").unwrap(), None);
    // The key identifier is compared as text.
    assert_eq!(store.certificate("250", "DA25").unwrap(), None);
    let mut seen = Vec::new();
    store
        .each_certificate(Select::All, |row| {
            seen.push(row);
            Ok::<_, Error>(())
        })
        .unwrap();
    assert_eq!(seen, records);
    let mut pages = store.unexpired(100);
    let sizes: Vec<_> =
        std::iter::from_fn(|| Some(pages.next().unwrap().len()).filter(|len| *len > 0)).collect();
    assert_eq!(sizes, [100, 100, 50]);
}

#[test]
fn all_rows_are_recorded_or_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = at(&folder.path().join("certs.db"));
    store.record(&[record(120)]).unwrap();
    let records: Vec<_> = (1..=250).map(record).collect();
    let error = store.record(&records).unwrap_err();
    assert_eq!(error.kind, Kind::Duplicate);
    assert_eq!(
        error.to_string(),
        r#"{"code":11000,"message":"UNIQUE constraint failed: certificates.serial_number, certificates.authority_key_identifier"}"#
    );
    assert_eq!(store.counts().unwrap().certificates, 1);
    // The store remains usable.
    store.record(&[record(121)]).unwrap();
}

#[test]
fn revoking_marks_the_row_and_adds_it_to_the_crl() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certs.db");
    let store = at(&file);
    let expired = CertificateRecord {
        expiry: datetime!(2020-01-01 0:00 UTC),
        ..record(3)
    };
    store.record(&[record(1), record(2), expired]).unwrap();
    assert!(store.revoke("1", "da25", 4).unwrap());
    assert!(store.revoke("3", "da25", 1).unwrap());
    assert!(!store.revoke("9", "da25", 1).unwrap());
    let mut listed = Vec::new();
    store
        .each_revoked(|row| {
            listed.push((
                row.serial.into_owned(),
                row.reason,
                row.pem.is_some(),
                row.revoked_at,
            ));
            Ok::<_, Error>(())
        })
        .unwrap();
    let [(serial, 4, false, Some(revoked_at))] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(serial, "1");
    let ago = OffsetDateTime::now_utc() - *revoked_at;
    assert!(ago < Duration::minutes(1), "{ago}");
    // SQLite writes CURRENT_TIMESTAMP without a zone, and cfssl reads it as UTC.
    assert_eq!(
        ask(
            &file,
            "SELECT length(revoked_at) || '' FROM certificates WHERE serial_number = '1'"
        ),
        "19"
    );
    let counts = store.counts().unwrap();
    assert_eq!((counts.certificates, counts.revoked, counts.expired), (3, 2, 1));
}

#[test]
fn a_missing_file_is_created_with_its_tables() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certs.db");
    let store = at(&file);
    let error = store.counts().unwrap_err();
    assert!(
        error.to_string().contains("unable to open database file"),
        "{error}"
    );
    assert!(!file.exists());
    store.record(&[record(1)]).unwrap();
    assert_eq!(store.version().unwrap(), Version::Second);
    let names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["certs.db"]);
}

#[test]
fn a_file_without_tables_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certs.db");
    std::fs::write(&file, "").unwrap();
    let store = at(&file);
    let error = store.record(&[record(1)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"{"code":11000,"message":"no such table: certificates"}"#
    );
    assert!(error.hint().unwrap().contains("db create"));
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 0);
    store.create().unwrap();
    store.record(&[record(1)]).unwrap();
}

#[test]
fn uris_reach_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b.db");
    let uri = format!(
        "file:{}?mode=rwc&_busy_timeout=100",
        file.to_str().unwrap().replace(' ', "%20")
    );
    open(&uri).record(&[record(1)]).unwrap();
    assert!(file.exists());
    let read_only = open(&uri.replace("rwc", "ro"));
    assert_eq!(read_only.counts().unwrap().certificates, 1);
    let error = read_only.record(&[record(2)]).unwrap_err();
    assert_eq!(
        error.to_string(),
        r#"{"code":11000,"message":"attempt to write a readonly database"}"#
    );
}

#[test]
fn what_cfssl_cannot_read_is_refused_in_gos_words() {
    let folder = tempfile::tempdir().unwrap();
    for (column, place, why) in [
        ("ca_label", 1, "converting NULL to string is unsupported"),
        ("reason", 8, "converting NULL to int is unsupported"),
        (
            "revoked_at",
            9,
            "unsupported Scan, storing driver.Value type <nil> into type *time.Time",
        ),
    ] {
        let file = folder.path().join(column);
        let store = at(&file);
        store
            .record(&[CertificateRecord {
                status: Status::Revoked,
                ..record(1)
            }])
            .unwrap();
        let statement = match column {
            "ca_label" => "UPDATE certificates SET ca_label = NULL RETURNING ''",
            "reason" => "UPDATE certificates SET reason = NULL RETURNING ''",
            _ => "UPDATE certificates SET revoked_at = NULL RETURNING ''",
        };
        ask(&file, statement);
        let want = format!("sql: Scan error on column index {place}, name \"{column}\": {why}");
        let error = store.certificate("1", "da25").unwrap_err();
        assert_eq!(error.error.message(), want);
        let error = store.each_revoked::<Error>(|_| Ok(())).unwrap_err();
        assert_eq!(error.error.message(), want);
    }
}

#[test]
fn many_are_revoked_together_and_those_revoked_before_stay_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("certs.db");
    let store = at(&file);
    let records: Vec<CertificateRecord> = (1..=250).map(record).collect();
    store.record(&records).unwrap();
    assert!(store.revoke("7", "da25", 1).unwrap());
    let id = |serial: u32, aki: &str| RecordId {
        serial: serial.to_string(),
        aki: aki.to_owned(),
    };
    // 999 and the same number of another CA are not recorded.
    let mut asked: Vec<RecordId> = (2..=240).map(|serial| id(serial, "da25")).collect();
    asked.extend([id(999, "da25"), id(1, "da26"), id(2, "da25")]);
    let recorded = store.revoke_all(&asked, 4).unwrap();
    let missing: Vec<usize> = (0..asked.len()).filter(|at| !recorded[*at]).collect();
    assert_eq!((recorded.len(), missing), (242, vec![239, 240]));
    let standing = |serial: &str| {
        let row = store.certificate(serial, "da25").unwrap().unwrap();
        (row.status, row.reason)
    };
    assert_eq!(standing("1"), (Status::Good, 0));
    assert_eq!(standing("7"), (Status::Revoked, 1));
    assert_eq!(standing("240"), (Status::Revoked, 4));
    assert_eq!(standing("241"), (Status::Good, 0));
    assert_eq!(store.counts().unwrap().revoked, 239);
    assert_eq!(store.revoke_all(&[], 4).unwrap(), Vec::<bool>::new());

    // All or none: the second statement of the transaction fails.
    execute(
        &file,
        "CREATE TRIGGER refuse BEFORE UPDATE ON certificates WHEN NEW.serial_number = '250' \
         BEGIN SELECT RAISE(ABORT, 'refused on purpose'); END",
    );
    let mut asked: Vec<RecordId> = (1..=110).map(|serial| id(serial, "da25")).collect();
    asked.push(id(250, "da25"));
    let refused = store.revoke_all(&asked, 4).unwrap_err();
    assert!(refused.to_string().contains("refused on purpose"), "{refused}");
    assert_eq!(standing("1"), (Status::Good, 0));
}
