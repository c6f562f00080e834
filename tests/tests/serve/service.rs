//! systemd's protocols: sockets that are passed, and telling the state.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rcfssl_tests::servers::{Answer, Served};
use rcfssl_tests::{Result, ensure, skip};

use crate::with_ca;

#[test]
fn the_service_manager_hears_of_every_state() -> Result<()> {
    let place = with_ca()?;
    let socket = UnixDatagram::bind(place.join("notify"))?;
    socket.set_read_timeout(Some(Duration::from_secs(20)))?;
    let heard = || -> Result<String> {
        let mut octets = [0; 512];
        let length = socket.recv(&mut octets)?;
        Ok(String::from_utf8_lossy(&octets[..length]).into_owned())
    };
    let mut server = Served::start_line(
        &place,
        "NOTIFY_SOCKET=$PWD/notify exec cfssl serve -port $PORT -ca ca.pem -ca-key ca-key.pem",
    )?;
    ensure!(heard()?.trim() == "READY=1");
    server.signal("HUP")?;
    let reloading = heard()?;
    // Type=notify-reload wants the moment of the monotonic clock.
    let (first, clock) = reloading.split_once('\n').unwrap_or_default();
    ensure!(first == "RELOADING=1", "{reloading:?}");
    let clock = clock.trim().strip_prefix("MONOTONIC_USEC=").unwrap_or_default();
    ensure!(clock.parse::<u64>().is_ok_and(|clock| clock > 0), "{reloading:?}");
    ensure!(heard()?.trim() == "READY=1");
    server.signal("TERM")?;
    ensure!(heard()?.trim() == "STOPPING=1");
    ensure!(server.wait()?.code() == Some(0));
    Ok(())
}

/// The socket is open before the server is there, and stays open while it restarts.
#[test]
fn a_socket_that_was_passed_is_served() -> Result<()> {
    if skip::missing(&["systemd-socket-activate"]).is_some() {
        return skip::skipped("there is no systemd-socket-activate");
    }
    let place = with_ca()?;
    for command in [
        "serve -ca ca.pem -ca-key ca-key.pem -port 1",
        "multirootca -roots roots -a 127.0.0.1:1",
    ] {
        place.write(
            "config.json",
            r#"{"signing":{"default":{"usages":["any"],"expiry":"1h"}}}"#,
        )?;
        place.write(
            "roots",
            "[a]\nprivate = file://ca-key.pem\ncertificate = ca.pem\nconfig = config.json\n",
        )?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let mut activator = place.command("bash");
        activator.args([
            "-c",
            &format!("exec systemd-socket-activate -l {address} $(readlink -f $(command -v cfssl)) {command} 2> log"),
        ]);
        let mut activator = activator.spawn()?;
        let mut stream = None;
        for _ in 0..500 {
            stream = TcpStream::connect(address).ok();
            if stream.is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let answer = stream.map(|mut stream| -> Result<Answer> {
            stream.set_read_timeout(Some(Duration::from_secs(20)))?;
            let body = r#"{"label":"a"}"#;
            write!(
                stream,
                "POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer)?;
            Answer::read(&answer)
        });
        activator.kill()?;
        activator.wait()?;
        let log = place.read("log")?;
        let answer = answer.transpose()?;
        ensure!(
            answer.as_ref().is_some_and(|answer| answer.status == 200),
            "{answer:?} {log}"
        );
        ensure!(log.contains(&format!("Now listening on {address}")), "{log}");
    }
    Ok(())
}
