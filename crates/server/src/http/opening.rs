//! Reads the head of a connection's first request before hyper does, to treat like Go what
//! hyper answers differently: heads that Go rejects, that are too long or too slow, and
//! folded header lines.

use std::time::Duration;

use bytes::BytesMut;
use hyper::StatusCode;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use crate::answer::Failure;

/// Why the first request is not passed on to hyper.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// The client disconnected or sent nothing in time.
    Gone,
    /// The response to send before closing the connection.
    Say(String),
}

impl Refusal {
    /// A response in the words of net/http, for input that is not an HTTP request.
    fn plain(status: StatusCode, detail: &str) -> Self {
        let code = status.as_u16();
        let reason = status.canonical_reason().unwrap_or_default();
        let said = match detail {
            "" => format!("{code} {reason}"),
            detail => format!("{code} {reason}: {detail}"),
        };
        Refusal::Say(format!(
            "HTTP/1.1 {said}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{said}"
        ))
    }

    /// A response in the envelope.
    fn envelope(status: StatusCode, message: &str) -> Self {
        let failure = Failure::Http(status, message.to_owned());
        let body = failure.to_body();
        let reason = status.canonical_reason().unwrap_or_default();
        Refusal::Say(format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{}",
            status.as_u16(),
            body.len(),
            String::from_utf8_lossy(&body),
        ))
    }
}

/// Reads the head of the first request; returns all bytes that were read.
///
/// # Errors
/// If there is nothing to pass on.
pub async fn read(
    stream: &mut (impl AsyncRead + Unpin),
    limit: usize,
    time: Duration,
) -> Result<BytesMut, Refusal> {
    let mut octets = BytesMut::with_capacity(1024);
    let head = timeout(time, async {
        let mut seen = 0;
        loop {
            octets.reserve(4096);
            match stream.read_buf(&mut octets).await {
                Ok(0) | Err(_) => return Err(Refusal::Gone),
                Ok(_) => {}
            }
            let end = end_of_head(&octets, seen);
            if let Some(end) = end.filter(|end| *end <= limit) {
                return Ok(end);
            }
            if octets.len() > limit {
                return Err(Refusal::envelope(
                    StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                    "the request's header is too large",
                ));
            }
            seen = octets.len();
        }
    });
    let end = match head.await {
        Ok(end) => end?,
        Err(_) if octets.is_empty() => return Err(Refusal::Gone),
        Err(_) => {
            return Err(Refusal::envelope(
                StatusCode::REQUEST_TIMEOUT,
                "the request took too long to arrive",
            ));
        }
    };
    check(&octets[..end])?;
    unfold(&mut octets[..end]);
    Ok(octets)
}

/// The end of the head: after the first empty line.
fn end_of_head(octets: &[u8], seen: usize) -> Option<usize> {
    let from = seen.saturating_sub(3);
    let ends = (from..octets.len()).filter(|at| octets[*at] == b'\n');
    ends.map(|at| &octets[at + 1..]).find_map(|rest| {
        let length = match rest {
            [b'\n', ..] => 1,
            [b'\r', b'\n', ..] => 2,
            _ => return None,
        };
        Some(octets.len() - rest.len() + length)
    })
}

/// Checks that Go makes and hyper does not, or answers differently.
fn check(head: &[u8]) -> Result<(), Refusal> {
    let bad = || Refusal::plain(StatusCode::BAD_REQUEST, "");
    let mut lines = head
        .split(|octet| *octet == b'\n')
        .map(|line| line.trim_ascii_end());
    let first = lines.next().unwrap_or_default();
    let version = first.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = version else {
        return Err(bad());
    };
    if !major.is_ascii_digit() || !minor.is_ascii_digit() {
        return Err(bad());
    }
    if *major != b'1' {
        return Err(match (first.starts_with(b"PRI "), *major) {
            (true, _) => bad(),
            (false, _) => Refusal::plain(
                StatusCode::HTTP_VERSION_NOT_SUPPORTED,
                "unsupported protocol version",
            ),
        });
    }
    for line in lines {
        let Some(colon) = line.iter().position(|octet| *octet == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") && !value.eq_ignore_ascii_case(b"chunked") {
            return Err(Refusal::plain(
                StatusCode::NOT_IMPLEMENTED,
                "unsupported transfer encoding",
            ));
        }
    }
    Ok(())
}

/// Joins folded header lines (RFC 9112, section 5.2), which Go accepts.
fn unfold(head: &mut [u8]) {
    for at in 1..head.len() {
        if head[at - 1] == b'\n' && matches!(head[at], b' ' | b'\t') {
            head[at - 1] = b' ';
            if at > 1 && head[at - 2] == b'\r' {
                head[at - 2] = b' ';
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(octets: &[u8], limit: usize) -> Result<BytesMut, Refusal> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let mut stream = octets;
        runtime.block_on(read(&mut stream, limit, Duration::from_secs(5)))
    }

    fn said(octets: &[u8]) -> String {
        match read_all(octets, 1000) {
            Err(Refusal::Say(text)) => text.lines().next().unwrap_or_default().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn heads_that_go_rejects_give_gos_responses() {
        for (octets, want) in [
            (&b"garbage\r\n\r\n"[..], "HTTP/1.1 400 Bad Request"),
            (b"\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (
                b"GET / HTTP/3.0\r\n\r\n",
                "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version",
            ),
            (
                b"POST / HTTP/1.1\r\nTransfer-Encoding: nope\r\n\r\n",
                "HTTP/1.1 501 Not Implemented: unsupported transfer encoding",
            ),
        ] {
            assert_eq!(said(octets), want, "{:?}", String::from_utf8_lossy(octets));
        }
    }

    #[test]
    fn a_head_is_passed_on_with_the_bytes_after_it() {
        let octets = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX: a\r\n b\r\n\r\n1\r\n \r\n";
        let passed = read_all(octets, 1000).unwrap();
        assert_eq!(
            &passed[..],
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX: a   b\r\n\r\n1\r\n \r\n"
        );
        assert_eq!(
            &read_all(b"GET / HTTP/1.0\n\n", 1000).unwrap()[..],
            b"GET / HTTP/1.0\n\n"
        );
    }

    #[test]
    fn a_long_head_gets_an_envelope_and_a_disconnected_client_nothing() {
        let long = [b"GET /".as_slice(), &[b'a'; 2000], b" HTTP/1.1\r\n\r\n"].concat();
        let Err(Refusal::Say(text)) = read_all(&long, 1000) else {
            panic!("passed on");
        };
        assert!(
            text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"),
            "{text}"
        );
        assert!(text.contains(r#""errors":[{"code":431,"message":"#), "{text}");
        assert_eq!(read_all(b"GET / HTT", 1000), Err(Refusal::Gone));
    }
}
