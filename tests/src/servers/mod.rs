//! What the binaries talk to, all on 127.0.0.0/8: TLS servers, servers that speak
//! something else, and a small web.

pub mod database;
mod openssl;
mod serve;
mod web;

pub use openssl::OpensslServer;
pub use serve::{Answer, Served};
pub use web::Web;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, SupportedProtocolVersion};

use crate::made::Made;

/// A TLS server at a port of 127.0.0.1 that shows these certificates to whoever
/// comes, until the test ends. Without versions it takes all that rustls knows.
///
/// # Errors
/// What the system or rustls says.
pub fn tls(chain: &[&Made], versions: &[&'static SupportedProtocolVersion]) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    serve_tls(listener, chain, versions)?;
    Ok(address)
}

/// The same behind a listener, at port 443 of an address of its own, say.
///
/// # Errors
/// What rustls says.
pub fn serve_tls(
    listener: TcpListener,
    chain: &[&Made],
    versions: &[&'static SupportedProtocolVersion],
) -> Result<()> {
    let versions = if versions.is_empty() {
        rustls::ALL_VERSIONS
    } else {
        versions
    };
    let config = server_config(chain, versions)?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || shake_hands(stream, config));
        }
    });
    Ok(())
}

fn server_config(
    chain: &[&Made],
    versions: &[&'static SupportedProtocolVersion],
) -> Result<Arc<ServerConfig>> {
    let certificates = chain
        .iter()
        .map(|made| CertificateDer::from(made.der.clone()))
        .collect();
    let key = PrivatePkcs8KeyDer::from(chain[0].key.serialized_der().to_vec());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_single_cert(certificates, key.into())?;
    Ok(Arc::new(config))
}

fn shake_hands(mut stream: TcpStream, config: Arc<ServerConfig>) {
    let Ok(mut connection) = ServerConnection::new(config) else {
        return;
    };
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            // The alert is still to be sent.
            let _ = connection.write_tls(&mut stream);
            return;
        }
    }
    while connection.wants_write() && connection.write_tls(&mut stream).is_ok() {}
    let _ = connection.read_tls(&mut stream);
}

/// A server that answers whatever is said to it with `answer` and hangs up.
///
/// # Errors
/// What the system says.
pub fn tcp(answer: &'static [u8]) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer);
            let _ = stream.shutdown(Shutdown::Both);
        }
    });
    Ok(address)
}
