//! A workplace with two CAs, a responder, and a database configuration.

use rcfssl_tests::servers::database::Database;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Context, Result, Workplace, ensure};

const CONFIG: &str = r#"{"signing": {"default": {"expiry": "8760h", "usages": ["digital signature", "server auth"]},
    "profiles": {"ocsp": {"expiry": "8760h", "usages": ["digital signature", "ocsp signing"]}}}}"#;

/// The workplace, with `db.json`, and the name of the database in it.
pub struct Place {
    pub work: Workplace,
    pub name: String,
}

/// The key of a recorded certificate.
pub struct Recorded {
    pub serial: String,
    pub aki: String,
    pub pem: String,
}

impl Place {
    /// A workplace whose database is empty.
    pub fn new(database: &Database, name: &str) -> Result<Self> {
        let work = Workplace::new()?;
        database.create(name)?;
        work.write("db.json", database.document(name, None, ""))?;
        work.write("config.json", CONFIG)?;
        for ca in ["ca", "other"] {
            let request = format!(r#"{{"CN": "{ca}", "key": {{"algo": "ecdsa", "size": 256}}}}"#);
            work.write(&format!("{ca}.json"), request)?;
            work.shell(&format!("cfssl gencert -initca {ca}.json | cfssljson -bare {ca}"))?
                .ok()?;
        }
        work.write("ocsp.json", r#"{"CN": "responder", "hosts": [""]}"#)?;
        work.write(
            "csr.json",
            r#"{"CN": "a.test", "hosts": ["a.test", "10.0.0.9", "m@a.test"]}"#,
        )?;
        let ocsp = "cfssl gencert -ca ca.pem -ca-key ca-key.pem -config config.json -profile ocsp ocsp.json";
        work.shell(&format!("{ocsp} | cfssljson -bare ocsp"))?.ok()?;
        let name = name.to_owned();
        Ok(Place { work, name })
    }

    /// Runs a line that must succeed.
    pub fn ok(&self, line: &str) -> Result<Step> {
        self.work.shell(line)?.ok().with_context(|| line.to_owned())
    }

    /// Runs a line that must fail with status 1 and print nothing on standard output;
    /// gives standard error.
    pub fn refused(&self, line: &str) -> Result<String> {
        let step = self.work.shell(line)?;
        ensure!(step.status == 1 && step.out().is_empty(), "{line}: {step}");
        Ok(step.err())
    }

    /// Creates the tables.
    pub fn tables(&self) -> Result<()> {
        self.ok("rcfssl db create -db-config db.json").map(drop)
    }

    /// Signs a certificate and records it.
    pub fn sign(&self, ca: &str, flags: &str) -> Result<Recorded> {
        let step = self.ok(&format!("{} {flags} csr.json", gencert(ca)))?;
        let pem = step.json()?["cert"]
            .as_str()
            .context("no certificate")?
            .to_owned();
        self.work.write("signed.pem", &pem)?;
        let info = self.ok("cfssl certinfo -cert signed.pem")?.json()?;
        let member =
            |name: &str| -> Result<String> { Ok(info[name].as_str().context("no such member")?.to_owned()) };
        Ok(Recorded {
            serial: member("serial_number")?,
            aki: member("authority_key_id")?.replace(':', "").to_lowercase(),
            pem,
        })
    }
}

/// The call that signs and records.
pub fn gencert(ca: &str) -> String {
    format!("cfssl gencert -ca {ca}.pem -ca-key {ca}-key.pem -config config.json -db-config db.json")
}
