//! A CA and a certificate for a server, printed as PEM with their keys:
//!
//! ```sh
//! cargo run -p rcfssl-core --example server -- www.example.com
//! ```

use std::error::Error;

use rcfssl_core::key::{self, KeyFormat};
use rcfssl_core::{Authority, Certificate, Csr, Overrides, Policy, Request};
use time::OffsetDateTime;

/// Profiles as in cfssl's configuration files.
const CONFIGURATION: &str = r#"{"signing": {"profiles": {"server": {
    "expiry": "720h",
    "usages": ["signing", "key encipherment", "server auth"]
}}}}"#;

fn main() -> Result<(), Box<dyn Error>> {
    let host = std::env::args().nth(1).ok_or("name a host")?;
    let now = OffsetDateTime::now_utc();

    // What cfssl logs arrives here.
    let mut sink = |event| eprintln!("{event:?}");

    let (request, _) = Request::read(br#"{"CN": "Example CA", "key": {"algo": "ecdsa", "size": 256}}"#)?;
    let ca_key = key::generate(request.key_spec()?)?;
    let csr = Csr::make(&request.content()?, &ca_key)?;
    let profile = request.root_profile()?;
    let ca = Authority::self_signed(&ca_key).sign(&csr, &profile, &Overrides::default(), now, &mut sink)?;

    let (policy, _) = Policy::read(CONFIGURATION.as_bytes(), &(), &mut sink)?;
    let document = format!(r#"{{"CN": "{host}", "hosts": ["{host}"]}}"#);
    let (request, _) = Request::read(document.as_bytes())?;
    let key = key::generate(request.key_spec()?)?;
    let csr = Csr::make(&request.content()?, &key)?;
    let issuer = Certificate::read(&ca.der)?;
    let profile = policy.profile("server")?.profile;
    let issued =
        Authority::new(&issuer, &ca_key).sign(&csr, profile, &Overrides::default(), now, &mut sink)?;

    print!("{}{}", ca.to_pem(), issued.to_pem());
    print!("{}", key.to_pem(KeyFormat::Pkcs8)?.as_str());
    Ok(())
}
