//! Sends a ClientHello of our own and reads the server's answer up to the point where
//! encryption begins (RFC 5246, section 7.4; RFC 8446, section 4.1).
//!
//! A TLS library offers only what it can complete. To find out what a server accepts, any
//! offer must be possible, and no handshake is completed.

mod message;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use rcfssl_core::{Certificate, key};

use crate::address::Address;
use crate::dial::{self, Timed};
use crate::error::{Error, Result};
use crate::outgoing::Outgoing;
use message::{encode, named_curve, read_certificates, read_server_hello};

/// The maximum size of a server's flight.
const MAX_FLIGHT: usize = 1 << 20;

/// The protocol's version numbers: TLS 1.3.
pub const TLS13: u16 = 0x0304;
/// TLS 1.2
pub const TLS12: u16 = 0x0303;
/// TLS 1.0
pub const TLS10: u16 = 0x0301;
/// SSL 3.0
pub const SSL30: u16 = 0x0300;

/// Types of handshake messages.
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_STATUS: u8 = 22;

/// The offer in a ClientHello.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The only version offered.
    pub version: u16,
    /// Cipher suites.
    pub suites: &'a [u16],
    /// Named curves.
    pub curves: &'a [u16],
    /// Hash and signature algorithms; if there are none, the extension is omitted.
    pub signatures: &'a [u16],
}

/// The server's choice.
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The version.
    pub version: u16,
    /// The cipher suite.
    pub suite: u16,
    /// The curve, if a named one was chosen.
    pub curve: Option<u16>,
    /// The certificates, in DER. Those of TLS 1.3 are encrypted, and some suites have none.
    pub certificates: Vec<Vec<u8>>,
}

/// The common cipher suites with certificates up to TLS 1.2: with curves, without, and with
/// RSA key exchange.
const COMMON: [u16; 26] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0xc009, 0xc013, 0xc00a,
    0xc014, 0xc012, 0x009e, 0x009f, 0x0033, 0x0039, 0x009c, 0x009d, 0x003c, 0x003d, 0x002f, 0x0035, 0x000a,
];

/// The certificates of a server with which a TLS library cannot complete a handshake: up to
/// TLS 1.2 they are sent before encryption begins. The server has not proved that it has
/// their keys.
pub fn certificates(
    address: &Address,
    name: &str,
    outgoing: Outgoing,
    timeout: Duration,
) -> Option<Vec<Certificate>> {
    let choices = (TLS10..=TLS12).rev().map(|version| {
        let offer = Offer {
            version,
            suites: &COMMON,
            curves: &[29, 23, 24, 25, 30],
            signatures: &[0x0403, 0x0503, 0x0603, 0x0401, 0x0501, 0x0601, 0x0203, 0x0201],
        };
        say(address, name, outgoing, &offer, timeout, &|_| false)
            .ok()
            .flatten()
    });
    let choice = choices.flatten().find(|choice| !choice.certificates.is_empty())?;
    let certificates = choice.certificates.iter().map(|der| Certificate::read(der).ok());
    certificates.collect()
}

/// Sends a ClientHello to a server, reads its choice, and closes the connection. `name` is
/// the host name to send; `expects_curve` decides for which suites a message with a curve
/// follows the certificates. Connection and messages share `timeout`. `None` if the server
/// accepts nothing of the offer, or does not use TLS.
///
/// # Errors
/// As [`dial::dial`].
pub fn say(
    address: &Address,
    name: &str,
    outgoing: Outgoing,
    offer: &Offer<'_>,
    timeout: Duration,
    expects_curve: &dyn Fn(u16) -> bool,
) -> Result<Option<Choice>> {
    let deadline = Instant::now() + timeout;
    let stream = dial::dial(address, outgoing, timeout)?;
    let mut stream = Timed { stream, deadline };
    let mut random = [0; 32];
    key::random(&mut random).map_err(|error| Error::Finding(error.to_string()))?;
    if stream.write_all(&encode(offer, name, &random)).is_err() {
        return Ok(None);
    }
    let mut flight = Flight {
        stream,
        handshake: Vec::new(),
        received: 0,
    };
    Ok(flight.choice(expects_curve))
}

/// The server's flight, record by record.
struct Flight<S> {
    stream: S,
    /// Handshake messages that were received but not yet processed.
    handshake: Vec<u8>,
    received: usize,
}

impl<S: Read> Flight<S> {
    fn choice(&mut self, expects_curve: &dyn Fn(u16) -> bool) -> Option<Choice> {
        let mut choice = read_server_hello(&self.message(SERVER_HELLO)?)?;
        if choice.version == TLS13 {
            return Some(choice);
        }
        // Some suites have no certificate, a stapled response may be missing even if
        // announced, and only some suites have the parameters of a curve.
        loop {
            let (kind, body) = self.any_message()?;
            match kind {
                CERTIFICATE => {
                    choice.certificates = read_certificates(&body)?;
                    if !expects_curve(choice.suite) {
                        break;
                    }
                }
                CERTIFICATE_STATUS => {}
                SERVER_KEY_EXCHANGE => {
                    if expects_curve(choice.suite) {
                        choice.curve = named_curve(&body)?;
                    }
                    break;
                }
                _ => break,
            }
        }
        Some(choice)
    }

    /// The body of the next message, if it has this type.
    fn message(&mut self, kind: u8) -> Option<Vec<u8>> {
        self.any_message()
            .filter(|(found, _)| *found == kind)
            .map(|(_, body)| body)
    }

    fn any_message(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let [kind, high, middle, low, rest @ ..] = self.handshake.as_slice() {
                let length = usize::from(*high) << 16 | usize::from(*middle) << 8 | usize::from(*low);
                if let Some(body) = rest.get(..length) {
                    let message = (*kind, body.to_vec());
                    self.handshake.drain(..4 + length);
                    return Some(message);
                }
            }
            self.record()?;
        }
    }

    /// Reads one record; `None` for an alert or the end. Empty handshake records, of which
    /// there could be endlessly many, are not allowed (RFC 8446, section 5.1).
    fn record(&mut self) -> Option<()> {
        let mut header = [0; 5];
        self.stream.read_exact(&mut header).ok()?;
        let length = usize::from(u16::from_be_bytes([header[3], header[4]]));
        self.received += header.len() + length;
        if header[0] != 22 || length == 0 || self.received > MAX_FLIGHT {
            return None;
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        self.handshake.extend(body);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::Flight;

    #[test]
    fn empty_records_end_the_flight() {
        let empty = [22, 3, 3, 0, 0].repeat(1000);
        let mut stream = empty.as_slice();
        let mut flight = Flight {
            stream: stream.by_ref(),
            handshake: Vec::new(),
            received: 0,
        };
        assert_eq!(flight.choice(&|_| false), None);
        assert_eq!(stream.len(), empty.len() - 5);
    }
}
