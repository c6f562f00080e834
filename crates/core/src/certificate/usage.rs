//! The purpose of a certificate.

use super::Certificate;
use crate::oid;
use crate::policy::usage;

/// The type of a certificate, as shown to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It signs certificates.
    Authority,
    /// For servers only.
    Server,
    /// For clients only.
    Client,
    /// For servers and clients, like the members of a cluster.
    Peer,
    /// For other purposes, or for any.
    Other,
}

impl Purpose {
    /// One word.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Authority => "CA",
            Purpose::Server => "server",
            Purpose::Client => "client",
            Purpose::Peer => "peer",
            Purpose::Other => "other",
        }
    }
}

impl Certificate {
    /// The keyUsage bits, digitalSignature lowest; 0 without the extension.
    pub fn key_usage(&self) -> u16 {
        // BIT STRING: header, number of unused bits, octets with the first bit highest.
        match self.extension(&oid::KEY_USAGE) {
            Some([_, _, _, octets @ ..]) => octets.iter().take(2).enumerate().fold(0, |bits, (at, octet)| {
                bits | u16::from(octet.reverse_bits()) << (8 * at)
            }),
            _ => 0,
        }
    }

    /// Its type.
    pub fn purpose(&self) -> Purpose {
        if self.is_ca {
            return Purpose::Authority;
        }
        let extended = self.extended_key_usages();
        let has = |name| usage::extended(name).is_some_and(|oid| extended.contains(&oid));
        match (has("server auth"), has("client auth")) {
            (true, true) => Purpose::Peer,
            (true, false) => Purpose::Server,
            (false, true) => Purpose::Client,
            (false, false) => Purpose::Other,
        }
    }
}
