//! Tokens of authenticated requests: HMAC-SHA256 over the request's octets with a shared
//! key.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use serde::{Serialize, Serializer};
use zeroize::Zeroizing;

use rcfssl_go::json::{Bytes, Cursor, Decode, decode_integer};
use rcfssl_go::{base64, json_object};

/// A key shared by client and server.
///
/// Its octets are not kept, only the derived HMAC state, which the library wipes.
#[derive(Clone)]
pub struct AuthKey(Arc<hmac::Key>);

impl AuthKey {
    /// A key of any length. As in cfssl, an empty key, the result of an unset variable, is
    /// accepted.
    pub fn new(octets: &[u8]) -> Self {
        AuthKey(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, octets)))
    }

    /// Parses hexadecimal digits in either case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut octets = Zeroizing::new(Vec::with_capacity(text.len() / 2));
        if !text.len().is_multiple_of(2) {
            return None;
        }
        for pair in text.as_bytes().chunks(2) {
            let [high, low] = pair else { return None };
            octets.push(digit(*high)? << 4 | digit(*low)?);
        }
        Some(AuthKey::new(&octets))
    }

    /// The token for a request: 32 octets.
    pub fn token(&self, request: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, request).as_ref().to_vec()
    }

    /// Whether this is the token for the request. The comparison takes constant time.
    pub fn accepts(&self, token: &[u8], request: &[u8]) -> bool {
        hmac::verify(&self.0, request, token).is_ok()
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey")
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// A request in the envelope of `authsign`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AuthenticatedRequest {
    /// Decoded only to check its type.
    timestamp: Timestamp,
    /// Decoded only to check its type.
    remote_address: Bytes,
    /// The token.
    pub token: Bytes,
    /// The request's octets, which the token authenticates.
    pub request: Bytes,
}
json_object!(AuthenticatedRequest as "auth.AuthenticatedRequest" {
    "timestamp" => timestamp,
    "remote_address" => remote_address,
    "token" => token,
    "request" => request,
});

#[derive(Debug, Clone, Default, PartialEq)]
struct Timestamp(i64);

impl Decode for Timestamp {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        decode_integer(&mut self.0, cursor, "int64");
    }

    fn go_type() -> String {
        "int64".to_owned()
    }
}

impl AuthenticatedRequest {
    /// Wraps a request in its envelope, with the current time in Unix seconds.
    pub fn new(key: &AuthKey, request: Vec<u8>, now: i64) -> Self {
        AuthenticatedRequest {
            timestamp: Timestamp(now),
            token: Bytes(key.token(&request)),
            request: Bytes(request),
            ..AuthenticatedRequest::default()
        }
    }

    /// Whether its token was made with this key.
    pub fn is_from(&self, key: &AuthKey) -> bool {
        key.accepts(&self.token.0, &self.request.0)
    }
}

/// The JSON that clients send; the address, which nobody reads, is omitted.
impl Serialize for AuthenticatedRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Envelope {
            timestamp: i64,
            token: String,
            request: String,
        }
        let envelope = Envelope {
            timestamp: self.timestamp.0,
            token: base64::encode(&self.token.0),
            request: base64::encode(&self.request.0),
        };
        envelope.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcfssl_go::json;

    #[test]
    fn tokens_are_those_of_rfc_4231() {
        // RFC 4231, section 4.3.
        let key = AuthKey::new(b"Jefe");
        let token = key.token(b"what do ya want for nothing?");
        let expected =
            AuthKeyHex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843").octets();
        assert_eq!(token, expected);
        assert!(key.accepts(&expected, b"what do ya want for nothing?"));
        assert!(!key.accepts(&expected, b"what do ya want for nothing!"));
        assert!(!key.accepts(&expected[..31], b"what do ya want for nothing?"));
        assert!(!key.accepts(b"", b"what do ya want for nothing?"));
        assert!(!AuthKey::new(b"").accepts(&expected, b"what do ya want for nothing?"));
    }

    struct AuthKeyHex(&'static str);

    impl AuthKeyHex {
        fn octets(&self) -> Vec<u8> {
            let pairs = self.0.as_bytes().chunks(2);
            pairs
                .map(|pair| digit(pair[0]).unwrap() << 4 | digit(pair[1]).unwrap())
                .collect()
        }
    }

    #[test]
    fn keys_are_whole_octets_of_hexadecimal_digits() {
        let token = |text: &str| AuthKey::from_hex(text).map(|key| key.token(b"x"));
        assert_eq!(token("00aBff"), Some(AuthKey::new(&[0, 0xab, 0xff]).token(b"x")));
        assert_eq!(token(""), Some(AuthKey::new(b"").token(b"x")));
        for bad in ["0", "0g", "é", " 0", "0x00"] {
            assert!(token(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn envelopes_read_back_and_their_token_is_checked() {
        let key = AuthKey::new(b"k");
        let text = json::to_string(&AuthenticatedRequest::new(&key, b"{}".to_vec(), 7));
        assert!(text.starts_with(r#"{"timestamp":7,"token":""#) && text.ends_with(r#"","request":"e30="}"#));
        let mut read = AuthenticatedRequest::default();
        json::read(text.as_bytes(), &mut read).unwrap();
        assert!(read.is_from(&key));
        assert!(!read.is_from(&AuthKey::new(b"other")));
        read.request.0.push(b' ');
        assert!(!read.is_from(&key));
    }
}
