//! Debian's cfssl as a client of our server, and our client with Debian's server, with and
//! without tokens.

use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use rcfssl_tests::{Result, Workplace, ensure, skip};

use crate::{start, with_ca};

/// Debian's program, whatever the folder calls `cfssl`.
const DEBIANS: &str = "/usr/bin/cfssl";

fn configuration(address: &str, with_token: bool) -> String {
    let remote = match with_token {
        true => r#""auth_remote":{"remote":"r","auth_key":"k"}"#,
        false => r#""remote":"r""#,
    };
    format!(
        r#"{{"auth_keys":{{"k":{{"type":"standard","key":"00112233445566778899aabbccddeeff"}}}},
            "remotes":{{"r":"{address}"}},"signing":{{"default":{{{remote}}}}}}}"#
    )
}

fn server_configuration(with_token: bool) -> String {
    let key = if with_token { r#","auth_key":"k""# } else { "" };
    format!(
        r#"{{"auth_keys":{{"k":{{"type":"standard","key":"00112233445566778899aabbccddeeff"}}}},
            "signing":{{"default":{{"usages":["server auth"],"expiry":"1h"{key}}}}}}}"#
    )
}

/// Signs with one client at one server; openssl must accept the certificate.
fn sign(place: &Workplace, client: &str, port: u16, with_token: bool) -> Result<()> {
    // Debian's Go accepts an address without a scheme if it begins with a name.
    let address = format!("localhost:{port}");
    place.write("remote.json", configuration(&address, with_token))?;
    place.write(
        "csr.json",
        r#"{"CN":"leaf","hosts":["leaf.test"],"key":{"algo":"ecdsa","size":256}}"#,
    )?;
    place
        .shell(&format!(
            "{client} gencert -config remote.json csr.json | cfssljson -bare leaf && openssl verify -CAfile ca.pem leaf.pem"
        ))?
        .ok()?;
    Ok(())
}

#[test]
fn debians_client_is_served() -> Result<()> {
    if skip::missing(&["cfssl", "openssl"]).is_some() {
        return skip::skipped("there is no Debian cfssl");
    }
    let place = with_ca()?;
    for with_token in [false, true] {
        place.write("server.json", server_configuration(with_token))?;
        let server = start(&place, &["-config", "server.json"])?;
        sign(&place, DEBIANS, server.address.port(), with_token)?;
        let info = place.shell(&format!(
            "{DEBIANS} info -remote localhost:{}",
            server.address.port()
        ))?;
        ensure!(info.ok()?.out().contains("BEGIN CERTIFICATE"));
    }
    Ok(())
}

#[test]
fn our_client_is_served_by_debians() -> Result<()> {
    if skip::missing(&["cfssl", "openssl"]).is_some() {
        return skip::skipped("there is no Debian cfssl");
    }
    let place = with_ca()?;
    for with_token in [false, true] {
        place.write("server.json", server_configuration(with_token))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Command::new(DEBIANS)
            .args([
                "serve",
                "-port",
                &port.to_string(),
                "-ca",
                "ca.pem",
                "-ca-key",
                "ca-key.pem",
            ])
            .args(["-config", "server.json"])
            .current_dir(place.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let signed = sign(&place, "cfssl", port, with_token);
        server.kill()?;
        server.wait()?;
        signed?;
    }
    Ok(())
}
