//! Handshake messages: encodes a ClientHello, and decodes the server's flight.

use super::{Choice, Offer, SSL30, TLS12, TLS13};

const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;

/// The record with the ClientHello.
pub fn encode(offer: &Offer<'_>, name: &str, random: &[u8; 32]) -> Vec<u8> {
    let legacy = offer.version.min(TLS12);
    let mut hello = Vec::with_capacity(1024);
    hello.extend(legacy.to_be_bytes());
    hello.extend(random);
    hello.push(0);
    with_length(&mut hello, 2, |hello| numbers(hello, offer.suites));
    // One compression method: none.
    hello.extend([1, 0]);
    if offer.version > SSL30 {
        with_length(&mut hello, 2, |hello| extensions(hello, offer, name));
    }
    let mut record = vec![22];
    record.extend(legacy.min(0x0301).to_be_bytes());
    with_length(&mut record, 2, |record| {
        record.push(1);
        with_length(record, 3, |record| record.extend(&hello));
    });
    record
}

fn extensions(out: &mut Vec<u8>, offer: &Offer<'_>, name: &str) {
    let mut extension = |kind: u16, body: &dyn Fn(&mut Vec<u8>)| {
        out.extend(kind.to_be_bytes());
        with_length(out, 2, body);
    };
    let name = name.strip_suffix('.').unwrap_or(name);
    // IP addresses are not sent (RFC 6066, section 3).
    let is_address = name.parse::<std::net::IpAddr>().is_ok();
    if !name.is_empty() && !is_address && name.len() < 256 {
        extension(0, &|out| {
            with_length(out, 2, |out| {
                out.push(0);
                with_length(out, 2, |out| out.extend(name.as_bytes()));
            });
        });
    }
    // status_request: OCSP, no responders, no extensions.
    extension(5, &|out| out.extend([1, 0, 0, 0, 0]));
    extension(10, &|out| with_length(out, 2, |out| numbers(out, offer.curves)));
    extension(11, &|out| out.extend([1, 0]));
    if !offer.signatures.is_empty() {
        extension(13, &|out| {
            with_length(out, 2, |out| numbers(out, offer.signatures))
        });
    }
    extension(0xff01, &|out| out.push(0));
    if offer.version == TLS13 {
        extension(SUPPORTED_VERSIONS, &|out| {
            with_length(out, 1, |out| numbers(out, &[TLS13]))
        });
        // No key share: the server then names the group that it wants.
        extension(KEY_SHARE, &|out| out.extend([0, 0]));
    }
}

fn numbers(out: &mut Vec<u8>, numbers: &[u16]) {
    out.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
}

/// Appends what `body` writes, preceded by its length in this many bytes.
fn with_length(out: &mut Vec<u8>, octets: usize, body: impl FnOnce(&mut Vec<u8>)) {
    let at = out.len();
    out.resize(at + octets, 0);
    body(out);
    let length = (out.len() - at - octets).to_be_bytes();
    let significant = &length[length.len() - octets..];
    out[at..at + octets].copy_from_slice(significant);
}

/// ServerHello: the server's choice, without its certificates. TLS 1.3's HelloRetryRequest
/// has the same contents.
pub fn read_server_hello(body: &[u8]) -> Option<Choice> {
    let mut body = Octets(body);
    let mut choice = Choice {
        version: body.number()?,
        suite: 0,
        curve: None,
        certificates: Vec::new(),
    };
    body.take(32)?;
    let session = body.take(1)?[0];
    body.take(session.into())?;
    choice.suite = body.number()?;
    body.take(1)?;
    if body.0.is_empty() {
        return Some(choice);
    }
    let length = body.number()?;
    let mut extensions = Octets(body.take(length.into())?);
    while !extensions.0.is_empty() {
        let kind = extensions.number()?;
        let length = extensions.number()?;
        let mut content = Octets(extensions.take(length.into())?);
        match kind {
            SUPPORTED_VERSIONS => choice.version = content.number()?,
            KEY_SHARE => choice.curve = Some(content.number()?),
            _ => {}
        }
    }
    Some(choice)
}

/// Certificate: a list of certificates, each with its length.
pub fn read_certificates(body: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut body = Octets(body);
    let length = body.long()?;
    let mut list = Octets(body.take(length)?);
    let mut certificates = Vec::new();
    while !list.0.is_empty() {
        let length = list.long()?;
        certificates.push(list.take(length)?.to_vec());
    }
    (!certificates.is_empty()).then_some(certificates)
}

/// ServerKeyExchange of a suite with curves: the outer `None` means that it is too short,
/// the inner one that its parameters are not a named curve.
pub fn named_curve(body: &[u8]) -> Option<Option<u16>> {
    let mut body = Octets(body);
    let kind = body.take(1)?[0];
    let curve = body.number()?;
    Some((kind == 3).then_some(curve))
}

/// Bytes still to be decoded.
struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2)
            .map(|octets| u16::from_be_bytes([octets[0], octets[1]]))
    }

    /// A three-byte length.
    fn long(&mut self) -> Option<usize> {
        self.take(3).map(|octets| {
            octets
                .iter()
                .fold(0, |length, octet| length << 8 | usize::from(*octet))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_precede_their_contents() {
        let offer = Offer {
            version: TLS12,
            suites: &[0xc02b, 0xc02c],
            curves: &[23],
            signatures: &[0x0403],
        };
        let record = encode(&offer, "a.example", &[7; 32]);
        let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
        assert_eq!((record[0], length), (22, record.len() - 5));
        assert_eq!((record[5], usize::from(record[8])), (1, record.len() - 9));
        assert_eq!(record[9..11], [3, 3]);
        let at = |needle: &[u8]| record.windows(needle.len()).any(|window| window == needle);
        assert!(at(b"\0\0\0\x0e\0\x0c\0\0\x09a.example") && at(&[0, 4, 0xc0, 0x2b, 0xc0, 0x2c, 1, 0]));
        assert!(at(&[0, 13, 0, 4, 0, 2, 4, 3]) && !at(&[0, 43, 0]));
        let bare = encode(
            &Offer {
                version: SSL30,
                ..offer
            },
            "10.0.0.1",
            &[0; 32],
        );
        assert_eq!(bare[1..3], [3, 0]);
        assert_eq!(bare.len(), 5 + 4 + 2 + 32 + 1 + 2 + 4 + 2);
    }

    #[test]
    fn any_answer_of_a_server_is_handled() {
        let mut hello = vec![3, 3];
        hello.extend([0; 32]);
        hello.extend([0, 0xc0, 0x2b, 0]);
        let read = |body: &[u8]| read_server_hello(body).map(|h| (h.version, h.suite, h.curve));
        assert_eq!(read(&hello), Some((TLS12, 0xc02b, None)));
        let mut retry = hello.clone();
        retry.extend([0, 12, 0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0, 29]);
        assert_eq!(read(&retry), Some((TLS13, 0xc02b, Some(29))));
        for end in 0..retry.len() {
            if end != hello.len() {
                assert_eq!(read(&retry[..end]), None, "{end}");
            }
        }
        assert_eq!(
            read_certificates(&[0, 0, 5, 0, 0, 2, 9, 9]),
            Some(vec![vec![9, 9]])
        );
        assert_eq!(read_certificates(&[0, 0, 0]), None);
        assert_eq!(read_certificates(&[0, 0, 9, 0, 0, 2, 9, 9]), None);
        assert_eq!(named_curve(&[3, 0, 23, 65]), Some(Some(23)));
        assert_eq!(named_curve(&[1, 0, 23]), Some(None));
        assert_eq!(named_curve(&[3]), None);
    }
}
