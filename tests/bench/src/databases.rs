//! SQLite files with many certificates, for the commands that process all of them.

use std::fs;
use std::path::Path;

use anyhow::{Result, anyhow};
use rcfssl_core::record::{CertificateRecord, Status};
use rcfssl_core::{Authority, Certificate, Csr, Overrides, Policy, key};
use rcfssl_store::Config;
use rcfssl_store::blocking::Store;
use time::OffsetDateTime;

/// Rows whose name contains this word use databases.
pub const WORD: &str = "database";

/// The number of certificates that need an OCSP response. Debian's cfssl flushes the disk
/// twice for each of them, so ten times as many would take minutes.
const GOOD: usize = 1_000;

/// The number of revoked certificates.
const REVOKED: usize = 100_000;

/// Creates `record.json` with an empty database; `good.db` and `good.json`, whose database
/// `work.db` is to be a copy of `good.db`; and `revoked.json`, with the same serial numbers
/// in `revoked.txt`.
pub fn prepare(folder: &Path, leaf: &str) -> Result<()> {
    let file = |name: &str| folder.join(name);
    let failed = |error: rcfssl_core::Error| anyhow!("{error}");
    let certificate = Certificate::read_pem(&fs::read(file("p256.pem"))?).map_err(failed)?;
    let key = key::read(&fs::read(file("p256-key.pem"))?).map_err(failed)?;
    let csr = Csr::read_pem(&fs::read(file(leaf))?).map_err(failed)?;
    let policy = Policy::read(&fs::read(file("ca-config.json"))?, &(), &mut |_| {})
        .map_err(failed)?
        .0;
    let profile = policy.profile("server").map_err(failed)?.profile;
    let authority = Authority::new(&certificate, &key);
    let now = OffsetDateTime::now_utc();
    let records = (0..GOOD)
        .map(|_| {
            let issued = authority.sign(&csr, profile, &Overrides::default(), now, &mut |_| {})?;
            Ok(CertificateRecord::of(&issued, "", "null", now))
        })
        .collect::<rcfssl_core::Result<Vec<_>>>()
        .map_err(failed)?;
    open(folder, "record", "record")?
        .record(&[])
        .map_err(|error| anyhow!("{error}"))?;
    open(folder, "good", "good")?
        .record(&records)
        .map_err(|error| anyhow!("{error}"))?;
    // Only the document is needed.
    open(folder, "good", "work")?;

    let store = open(folder, "revoked", "revoked")?;
    let mut serials = String::new();
    let first = records.first().ok_or_else(|| anyhow!("no certificate"))?;
    for chunk in 0..REVOKED / 1000 {
        let revoked: Vec<_> = (0..1000)
            .map(|number| CertificateRecord {
                serial: format!("4{:047}", chunk * 1000 + number),
                status: Status::Revoked,
                reason: 1,
                revoked_at: Some(now),
                ..first.clone()
            })
            .collect();
        for record in &revoked {
            serials.push_str(&record.serial);
            serials.push('\n');
        }
        store.record(&revoked).map_err(|error| anyhow!("{error}"))?;
    }
    fs::write(file("revoked.txt"), serials)?;
    Ok(())
}

/// A store on `DATABASE.db`, and its configuration in `NAME.json`.
fn open(folder: &Path, name: &str, database: &str) -> Result<Store> {
    let source = folder.join(format!("{database}.db"));
    let document = serde_json::json!({ "driver": "sqlite3", "data_source": source }).to_string();
    fs::write(folder.join(format!("{name}.json")), &document)?;
    let (config, _) = Config::read(document.as_bytes()).map_err(|error| anyhow!("{error}"))?;
    Store::new(&config).map_err(|error| anyhow!("{error}"))
}
