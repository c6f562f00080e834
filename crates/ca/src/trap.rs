//! What is probably not what was meant, as data: cfssl passes over each of these in
//! silence. Whoever speaks to users finds the words, and decides whether it is an error.

use rcfssl_go::json::{self, RepeatedKey, UnknownKey};

use crate::odd::OddHost;

/// Something that is probably not what the user wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trap {
    /// The profile is unknown, and the default one is used.
    UnknownProfile {
        /// The name.
        name: String,
        /// The names of the profiles that there are.
        known: Vec<String>,
    },
    /// Unknown names among the usages of a profile.
    UnknownUsages {
        /// The names.
        names: Vec<String>,
    },
    /// An unknown key of a document, which is ignored.
    UnknownKey {
        /// The key.
        at: KeyPlace,
        /// The keys that the document may have there.
        known: &'static [&'static str],
    },
    /// A key that occurs twice in a document.
    RepeatedKey {
        /// The later one.
        at: KeyPlace,
    },
    /// The certificate expires more than a day after its CA's.
    OutlivesAuthority {
        /// When it expires (RFC 3339).
        end: String,
        /// When the CA's certificate expires (RFC 3339).
        authority_end: String,
    },
    /// The signer's certificate is not a CA certificate.
    SignerIsNoCa {
        /// The certificate's file.
        file: String,
    },
    /// The CA's certificate has expired.
    SignerExpired {
        /// The certificate's file.
        file: String,
        /// When it expired (RFC 3339).
        end: String,
    },
    /// The CA's certificate is not valid yet.
    SignerNotYetValid {
        /// The certificate's file.
        file: String,
        /// When it begins to be valid (RFC 3339).
        begin: String,
        /// What the clock says (RFC 3339).
        now: String,
    },
    /// A host that is probably not what was meant.
    OddHost {
        /// The host as written.
        host: String,
        /// What is odd about it.
        why: OddHost,
    },
    /// A request without CN, names and hosts.
    NamesNobody,
    /// An empty string among the hosts, which becomes an empty DNS name.
    EmptyHost,
    /// Names that the certificate of a CA does not keep.
    AuthorityLosesNames {
        /// The names.
        names: Vec<String>,
    },
    /// Alternative names of types that are ignored.
    DroppedNames {
        /// The kinds, as RFC 5280 calls them (section 4.2.1.6).
        kinds: Vec<&'static str>,
    },
    /// A renewed certificate would have no alternative names although the live one does.
    DropsAllNames {
        /// The names of the live certificate.
        names: Vec<String>,
    },
}

/// Where a key stands in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPlace {
    /// The document's name.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The fields around it, joined with dots; empty at the top.
    pub path: String,
    /// The key as written.
    pub key: String,
}

impl KeyPlace {
    fn new(file: &str, text: &[u8], offset: usize, path: &str, key: &str) -> Self {
        let (line, _) = json::locate(text, offset);
        KeyPlace {
            file: file.to_owned(),
            line,
            path: path.to_owned(),
            key: key.to_owned(),
        }
    }

    /// The key with the fields around it.
    pub fn full(&self) -> String {
        match self.path.as_str() {
            "" => self.key.clone(),
            path => format!("{path}.{}", self.key),
        }
    }
}

impl Trap {
    /// An unknown key of a document of this name and text.
    pub fn unknown_key(file: &str, text: &[u8], unknown: &UnknownKey) -> Self {
        Trap::UnknownKey {
            at: KeyPlace::new(file, text, unknown.offset, &unknown.path, &unknown.key),
            known: unknown.known,
        }
    }

    /// A key that a document of this name and text has twice.
    pub fn repeated_key(file: &str, text: &[u8], repeated: &RepeatedKey) -> Self {
        Trap::RepeatedKey {
            at: KeyPlace::new(file, text, repeated.offset, &repeated.path, &repeated.key),
        }
    }
}
