//! `rcfssl serve`: what recorded cases do not show — limits, signals, secrets, metrics.

mod browser;
mod heads;
mod health;
mod http2;
mod library;
mod limits;
mod load;
mod log;
mod metrics;
mod mixed;
mod multirootca;
mod outgoing;
mod page;
mod refused;
mod reload;
mod service;
mod stop;

use rcfssl_tests::servers::Served;
use rcfssl_tests::{Result, Workplace};

/// A folder with a CA, `ca.pem` and `ca-key.pem`.
fn with_ca() -> Result<Workplace> {
    let place = Workplace::new()?;
    place.write("ca.json", r#"{"CN":"Test CA","key":{"algo":"ecdsa","size":256}}"#)?;
    place
        .shell("cfssl gencert -initca ca.json | cfssljson -bare ca")?
        .ok()?;
    Ok(place)
}

/// A server with that CA and further arguments.
fn start(place: &Workplace, more: &[&str]) -> Result<Served> {
    let arguments = [&["-ca", "ca.pem", "-ca-key", "ca-key.pem"], more].concat();
    Served::start(place, &arguments)
}
