//! Verifies a server's certificate as Go does, and describes it as `certinfo` does:
//!
//! ```sh
//! cargo run -p rcfssl-core --example verify -- ROOTS.pem CHAIN.pem www.example.com
//! ```

use std::error::Error;
use std::fs;
use std::sync::Arc;

use rcfssl_core::Certificate;
use rcfssl_core::certinfo::CertificateInfo;
use rcfssl_core::verify::{Pool, Purpose, Verifier};
use time::OffsetDateTime;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [roots_file, chain_file, host] = &arguments[..] else {
        return Err("name a file of roots, a file with a chain, and a host".into());
    };
    let chain = fs::read(chain_file)?;
    let (mut roots, mut intermediates) = (Pool::default(), Pool::default());
    roots.add_pem(&fs::read(roots_file)?);
    intermediates.add_pem(&chain);

    // The first certificate of a chain is the server's.
    let leaf = Arc::new(Certificate::read_pem(&chain)?);
    println!("{}", serde_json::to_string_pretty(&CertificateInfo::new(&leaf))?);

    let verifier = Verifier {
        roots: &roots,
        intermediates: &intermediates,
        now: OffsetDateTime::now_utc(),
        purpose: Purpose::ServerAuth,
        host: Some(host),
    };
    let paths = verifier.paths(&leaf).map_err(|refusal| refusal.to_string())?;
    for certificate in paths.iter().take(1).flat_map(|path| path.iter()) {
        println!("{}", certificate.common_name());
    }
    Ok(())
}
