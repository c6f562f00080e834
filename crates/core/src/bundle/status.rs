//! The status of a chain: how long it is valid, and which platforms accept it.

use std::sync::Arc;

use serde::Serialize;
use time::{Duration, OffsetDateTime};

use super::{Platform, rank};
use crate::certificate::Certificate;

/// A certificate that expires sooner than this is reported as expiring.
const EXPIRING: Duration = Duration::hours(720);

const IS_EXPIRING: u8 = 1;
const NOT_UBIQUITOUS: u8 = 2;

const SHA2: &str = "The bundle contains certificates signed with advanced hash functions such as SHA2, which are problematic for certain operating systems, e.g. Windows XP SP2.";
const ECDSA: &str = "The bundle contains ECDSA signatures, which are problematic for certain operating systems, e.g. Windows XP, Android 2.2 and Android 2.3.";
const NO_PLATFORMS: &str = "Unable to measure bundle ubiquity: No platform metadata present.";

/// The `status` of a bundle, as cfssl prints it.
///
/// cfssl also warns of SHA-1 below the root, but since Go rejects such signatures, no chain
/// contains any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Whether the chain differs from the input.
    pub rebundled: bool,
    /// The subject key identifiers of certificates that expire within 30 days, in
    /// upper-case hexadecimal; `null` for none.
    #[serde(rename = "expiring_SKIs")]
    expiring: Option<Vec<String>>,
    /// The platforms that do not trust the root; `null` if that was not checked.
    #[serde(rename = "untrusted_root_stores")]
    untrusted: Option<Vec<String>>,
    /// Messages for the user; `null` for none.
    pub messages: Option<Vec<String>>,
    /// The sum of 1 for expiring and 2 for not ubiquitous.
    code: u8,
}

impl Status {
    /// The status of a chain by itself, including its root.
    pub(super) fn of(chain: &[Arc<Certificate>], now: OffsetDateTime) -> Self {
        let mut status = Status::default();
        let expiring: Vec<usize> = (0..chain.len())
            .filter(|index| chain[*index].not_after - now < EXPIRING)
            .collect();
        if !expiring.is_empty() {
            let identifiers = expiring.iter().map(|index| upper_hex(&chain[*index]));
            status.expiring = Some(identifiers.collect());
            status.note(IS_EXPIRING, expiry_message(&expiring));
        }
        if rank::hash_ubiquity(chain) <= rank::SHA2 {
            status.note(NOT_UBIQUITOUS, SHA2.to_owned());
        }
        if rank::key_ubiquity(chain) <= rank::ECDSA_256 {
            status.note(NOT_UBIQUITOUS, ECDSA.to_owned());
        }
        status
    }

    /// Adds the platforms that do not trust the root.
    pub(super) fn note_platforms(&mut self, platforms: &[Platform], root: &Certificate) {
        let names = platforms.iter().filter(|platform| !platform.trusts(root));
        let untrusted: Vec<String> = names.map(|platform| platform.name.clone()).collect();
        if platforms.is_empty() {
            self.note(NOT_UBIQUITOUS, NO_PLATFORMS.to_owned());
        } else if !untrusted.is_empty() {
            let text = format!(
                "The bundle may not be trusted by the following platform(s): {}.",
                untrusted.join(", ")
            );
            self.note(NOT_UBIQUITOUS, text);
        }
        self.untrusted = Some(untrusted);
    }

    fn note(&mut self, bit: u8, message: String) {
        self.code |= bit;
        self.messages.get_or_insert_with(Vec::new).push(message);
    }
}

fn upper_hex(certificate: &Certificate) -> String {
    let identifier = certificate.subject_key_identifier().unwrap_or_default();
    identifier.iter().map(|octet| format!("{octet:02X}")).collect()
}

fn expiry_message(expiring: &[usize]) -> String {
    let verb = if expiring.len() > 1 {
        "certs are"
    } else {
        "cert is"
    };
    let numbers: String = expiring.iter().map(|index| format!(" #{}", index + 1)).collect();
    format!("The bundle is expiring within 30 days.The expiring {verb}{numbers} in the chain.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_expiring_certificates_are_counted() {
        assert_eq!(
            expiry_message(&[0]),
            "The bundle is expiring within 30 days.The expiring cert is #1 in the chain."
        );
        assert_eq!(
            expiry_message(&[0, 2]),
            "The bundle is expiring within 30 days.The expiring certs are #1 #3 in the chain."
        );
    }
}
