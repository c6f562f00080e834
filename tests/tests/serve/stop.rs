//! SIGTERM and SIGINT shut the server down gracefully.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rcfssl_tests::servers::Answer;
use rcfssl_tests::{Result, ensure};

use crate::{start, with_ca};

#[test]
fn requests_in_progress_are_answered_and_idle_connections_do_not_delay_the_end() -> Result<()> {
    let place = with_ca()?;
    for signal in ["TERM", "INT"] {
        let mut server = start(&place, &[])?;
        let idle = TcpStream::connect(server.address)?;
        let mut kept = TcpStream::connect(server.address)?;
        kept.write_all(b"GET /api/v1/cfssl/health HTTP/1.1\r\nHost: x\r\n\r\n")?;
        ensure!(kept.read(&mut [0; 1024])? > 0);
        let mut begun = TcpStream::connect(server.address)?;
        begun.write_all(b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")?;
        std::thread::sleep(Duration::from_millis(200));
        server.signal(signal)?;
        let patience = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(server.address).is_ok() {
            ensure!(Instant::now() < patience, "it still listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        begun.write_all(b"{}")?;
        let mut answer = Vec::new();
        begun.read_to_end(&mut answer)?;
        ensure!(Answer::read(&answer)?.status == 200);
        let status = server.wait()?;
        ensure!(status.code() == Some(0), "{status}");
        drop(idle);
    }
    Ok(())
}

#[test]
fn a_request_that_does_not_end_is_cut_off() -> Result<()> {
    let place = with_ca()?;
    let mut server = start(&place, &["-shutdown-timeout", "300ms"])?;
    let mut endless = TcpStream::connect(server.address)?;
    endless.write_all(b"POST /api/v1/cfssl/info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{")?;
    std::thread::sleep(Duration::from_millis(100));
    let begun = Instant::now();
    server.signal("TERM")?;
    let status = server.wait()?;
    ensure!(
        status.code() == Some(0) && begun.elapsed() < Duration::from_secs(10),
        "{status}"
    );
    Ok(())
}
