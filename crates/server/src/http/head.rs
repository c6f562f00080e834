//! The head of a request, read before hyper does, to treat like Go what hyper answers
//! differently: heads that Go rejects, that are too long or too slow, and folded header
//! lines.

use hyper::{StatusCode, Uri};

use super::framing::Framing;
use crate::answer::Failure;

/// As many header lines as hyper reads.
const MOST_LINES: usize = 100;

/// The length from which hyper reads no target and no name of a header line.
const LONGEST: usize = 65535;

/// The response to a request that is not passed on to hyper. The connection is then closed.
#[derive(Debug, PartialEq)]
pub struct Refusal(pub String);

/// A request that hyper may read.
#[derive(Debug, PartialEq)]
pub struct Request {
    /// Its body.
    pub body: Framing,
    /// Whether no other request is read after it.
    pub is_last: bool,
}

impl Refusal {
    /// 431: the header is longer than the limit.
    pub fn too_large() -> Self {
        Refusal::envelope(
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "the request's header is too large",
        )
    }

    /// 408: the header did not arrive in time.
    pub fn too_slow() -> Self {
        Refusal::envelope(StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive")
    }

    /// A response in the words of net/http, for input that is not an HTTP request.
    fn plain(status: StatusCode, detail: &str) -> Self {
        let code = status.as_u16();
        let reason = status.canonical_reason().unwrap_or_default();
        let said = match detail {
            "" => format!("{code} {reason}"),
            detail => format!("{code} {reason}: {detail}"),
        };
        Refusal(format!(
            "HTTP/1.1 {said}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n{said}"
        ))
    }

    /// A response in the envelope.
    fn envelope(status: StatusCode, message: &str) -> Self {
        let failure = Failure::Http(status, message.to_owned());
        let body = failure.to_body();
        let reason = status.canonical_reason().unwrap_or_default();
        Refusal(format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{}",
            status.as_u16(),
            body.len(),
            String::from_utf8_lossy(&body),
        ))
    }
}

/// The end of the head: after the first empty line. What was searched already is skipped.
pub fn end(octets: &[u8], seen: usize) -> Option<usize> {
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

/// Reads a head, and joins its folded lines.
///
/// # Errors
/// The response to a head that is wrong.
pub fn read(head: &mut [u8]) -> Result<Request, Refusal> {
    check_version(head)?;
    unfold(head);
    let bad = || Refusal::plain(StatusCode::BAD_REQUEST, "");
    let mut lines = [httparse::EMPTY_HEADER; MOST_LINES];
    let mut request = httparse::Request::new(&mut lines);
    match request.parse(head) {
        Ok(httparse::Status::Complete(length)) if length == head.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::too_large()),
        Ok(_) | Err(_) => return Err(bad()),
    }
    let target = request.path.unwrap_or_default();
    if target.len() >= LONGEST {
        return Err(Refusal::envelope(
            StatusCode::URI_TOO_LONG,
            "the request's URL is too long",
        ));
    }
    if Uri::try_from(target).is_err() {
        return Err(bad());
    }
    if request.headers.iter().any(|line| line.name.len() >= LONGEST) {
        return Err(Refusal::too_large());
    }
    framing(request.headers, request.version == Some(1))
}

/// The body that the header announces (RFC 9112, section 6.3). Where two readers could
/// disagree about its end, the request is rejected, or the last of its connection.
fn framing(lines: &[httparse::Header<'_>], is_http11: bool) -> Result<Request, Refusal> {
    let values = |name: &'static str| {
        let lines = lines
            .iter()
            .filter(move |line| line.name.eq_ignore_ascii_case(name));
        lines.map(|line| line.value.trim_ascii())
    };
    let mut encodings = values("transfer-encoding");
    let mut lengths = values("content-length");
    if let Some(encoding) = encodings.next() {
        if !encoding.eq_ignore_ascii_case(b"chunked") || encodings.next().is_some() {
            return Err(Refusal::plain(
                StatusCode::NOT_IMPLEMENTED,
                "unsupported transfer encoding",
            ));
        }
        if !is_http11 {
            return Err(Refusal::plain(StatusCode::BAD_REQUEST, ""));
        }
        // A length beside it does not count, as in Go.
        let is_last = lengths.next().is_some();
        let body = Framing::CHUNKED;
        return Ok(Request { body, is_last });
    }
    let bad = || Refusal::plain(StatusCode::BAD_REQUEST, "");
    let first = lengths.next().unwrap_or(b"0");
    if !first.iter().all(u8::is_ascii_digit) || lengths.any(|other| other != first) {
        return Err(bad());
    }
    let length = std::str::from_utf8(first).ok().and_then(|text| text.parse().ok());
    let body = Framing::Length(length.ok_or_else(bad)?);
    let is_last = false;
    Ok(Request { body, is_last })
}

/// Go's answers to other versions, which it gives before it reads the header.
fn check_version(head: &[u8]) -> Result<(), Refusal> {
    let bad = || Refusal::plain(StatusCode::BAD_REQUEST, "");
    let first = head.split(|octet| *octet == b'\n').next().unwrap_or_default();
    let first = first.trim_ascii_end();
    let version = first.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
    let [b'H', b'T', b'T', b'P', b'/', major, b'.', minor] = version else {
        return Err(bad());
    };
    match (major, minor) {
        (b'1', b'0'..=b'9') => Ok(()),
        (b'0'..=b'9', b'0'..=b'9') if !first.starts_with(b"PRI ") => Err(Refusal::plain(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "unsupported protocol version",
        )),
        _ => Err(bad()),
    }
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

    /// The first line of the response, or the body of a request that is passed on.
    fn said(octets: &[u8]) -> String {
        let mut octets = octets.to_vec();
        assert_eq!(end(&octets, 0), Some(octets.len()), "{octets:?}");
        match read(&mut octets) {
            Err(Refusal(text)) => text.lines().next().unwrap_or_default().to_owned(),
            Ok(request) => format!("{:?} {}", request.body, request.is_last),
        }
    }

    #[test]
    fn heads_that_go_rejects_give_gos_responses() {
        for (octets, want) in [
            (&b"garbage\r\n\r\n"[..], "HTTP/1.1 400 Bad Request"),
            (b"\r\nGET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"PRI * HTTP/2.0\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"GET / HTTP/1.1\r\nX : 1\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"GET / HTTP/1.1\r\nX: \x00\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"GET http:// HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"),
            (b"GET / HTTP/1.7\r\n\r\n", "HTTP/1.1 400 Bad Request"),
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
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(101));
        assert_eq!(
            said(many.as_bytes()),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
        let long = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(70000));
        assert_eq!(said(long.as_bytes()), "HTTP/1.1 414 URI Too Long");
        let long = format!("GET / HTTP/1.1\r\n{}: 1\r\n\r\n", "a".repeat(70000));
        assert_eq!(
            said(long.as_bytes()),
            "HTTP/1.1 431 Request Header Fields Too Large"
        );
    }

    #[test]
    fn a_body_whose_end_could_be_disputed_is_rejected_or_the_last() {
        let post = |lines: &str| said(format!("POST / HTTP/1.1\r\nHost: x\r\n{lines}\r\n").as_bytes());
        assert_eq!(post(""), "Length(0) false");
        assert_eq!(post("Content-Length: 12\r\n"), "Length(12) false");
        assert_eq!(
            post("content-length: 2\r\nContent-Length: 2\r\n"),
            "Length(2) false"
        );
        assert_eq!(post("Transfer-Encoding: Chunked\r\n"), "Chunked(Start) false");
        for both in [
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        ] {
            assert_eq!(post(both), "Chunked(Start) true");
        }
        for lines in [
            "Content-Length: 2\r\nContent-Length: 3\r\n",
            "Content-Length: 2, 2\r\n",
            "Content-Length: +2\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 0x2\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length:\r\n",
            "Transfer-Encoding : chunked\r\n",
        ] {
            assert_eq!(post(lines), "HTTP/1.1 400 Bad Request", "{lines:?}");
        }
        for lines in [
            "Transfer-Encoding: chunked, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding: \x0bchunked\r\n",
        ] {
            let said = post(lines);
            let is_refused = said.starts_with("HTTP/1.1 501 ") || said.starts_with("HTTP/1.1 400 ");
            assert!(is_refused, "{lines:?}: {said}");
        }
        assert_eq!(
            said(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 400 Bad Request"
        );
    }

    #[test]
    fn folded_lines_are_joined() {
        let mut octets = b"POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\nX: a\n\tb\r\n\r\n".to_vec();
        let request = read(&mut octets);
        assert_eq!(
            octets,
            b"POST / HTTP/1.1\r\nTransfer-Encoding:   chunked\r\nX: a \tb\r\n\r\n"
        );
        assert_eq!(
            request.map(|request| request.body),
            Ok(Framing::CHUNKED),
            "the joined value counts"
        );
    }
}
