//! Servers for the binaries, all on 127.0.0.0/8: TLS servers, servers for other protocols,
//! and a small web server.

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

/// A TLS server on a port of 127.0.0.1 that presents these certificates to all clients
/// until the test ends. By default it accepts all versions that rustls supports.
///
/// # Errors
/// The error of the system or of rustls.
pub fn tls(chain: &[&Made], versions: &[&'static SupportedProtocolVersion]) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    serve_tls(listener, chain, versions)?;
    Ok(address)
}

/// The same with a given listener, for example at port 443 of another address.
///
/// # Errors
/// The error of rustls.
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
            // The alert must still be sent.
            let _ = connection.write_tls(&mut stream);
            return;
        }
    }
    while connection.wants_write() && connection.write_tls(&mut stream).is_ok() {}
    let _ = connection.read_tls(&mut stream);
}

/// A server that responds to any input with `answer` and closes the connection.
///
/// # Errors
/// The system's error.
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
