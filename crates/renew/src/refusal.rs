//! Why a certificate is not made, and what its owner should know of one that is.

use std::path::PathBuf;

use rcfssl_ca::Trap;
use rcfssl_core::{Error, Policy};
use time::OffsetDateTime;

/// Why a certificate is not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A sentence of cfssl's or of the system, which names what it is about.
    Sentence(String),
    /// A trap, where traps are errors.
    Trap(Trap),

    /// The CA's file holds the certificate of no CA.
    NoCa(String),
    /// The CA's key is another's than its certificate's.
    CaKeyMismatch {
        /// The key's file.
        key: String,
        /// The certificate's.
        certificate: String,
    },
    /// The CA expired at this time.
    CaExpired(OffsetDateTime),
    /// Nothing is signed for here, so that no key of the CA was read.
    NothingSignedHere,
    /// A profile is named, and there is no configuration.
    NoConfiguration {
        /// The profile.
        profile: String,
        /// Where a configuration was looked for.
        missing: Vec<PathBuf>,
    },

    /// There is no profile of this name.
    UnknownProfile {
        /// The name.
        name: String,
        /// The profiles that there are, besides `default`.
        known: Vec<String>,
    },
    /// Several profiles have the certificate's usages.
    SeveralProfiles(Vec<String>),
    /// Other servers sign for several profiles, whose usages are not known here.
    SeveralRemoteProfiles(Vec<String>),
    /// No profile has the certificate's usages.
    NoProfile {
        /// The certificate's usages.
        usages: Vec<String>,
        /// The profiles that there are.
        known: Vec<ProfileUsages>,
    },

    /// The file holds no certificate.
    NoCertificate,
    /// It is the CA's own certificate.
    OwnCa,
    /// It was issued by another CA.
    OtherCa,
    /// It was issued by another CA of the same name.
    OtherCaOfSameName,
    /// Its key, this file, is missing.
    KeyMissing(PathBuf),
    /// This file holds the key of something else.
    KeyMismatch(PathBuf),
    /// Other certificates have the same key, this file, and a new one would match only
    /// one of them.
    KeyShared(PathBuf),
    /// Its key is encrypted, and a new one would not be.
    KeyEncrypted,
    /// No keys of its kind are generated.
    KeyKind,
    /// Its file also holds a private key, which would be lost.
    KeyLost,
    /// Its file also holds its private key, which would no longer match.
    KeyOutdated,
    /// The request document has a section that only new CAs have.
    CaSection,
    /// A request without hosts would drop these SANs of the live certificate.
    DropsNames(Vec<String>),

    /// Nothing is known of the certificate that another server should sign.
    NothingToAsk,
    /// No server signs for its profile.
    NoServer,
    /// A server sent something that is no certificate: a sentence.
    ServerSentNone(String),
    /// A server sent a certificate for another key.
    ServerSentOtherKey,
    /// A server sent a certificate that was not issued by the CA given here.
    ServerSentOtherCa,
    /// A server sent a certificate that has expired.
    ServerSentExpired,

    /// The certificate that is replaced is to be revoked, and there is neither a database
    /// nor a server that signs.
    NowhereToRevoke,

    /// Another process works in the folder.
    Busy {
        /// The folder.
        folder: PathBuf,
        /// The number of that process, where it can be read.
        process: Option<u32>,
    },
    /// A mistake of this program.
    Internal,
}

/// A profile with its usages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileUsages {
    /// Its name.
    pub name: String,
    /// Its usages.
    pub usages: Vec<String>,
    /// It makes CAs.
    pub is_ca: bool,
}

/// What the owner of a certificate should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// Probably not what was meant.
    Trap(Trap),
    /// Unknown keys of a request document that are too many to be told one by one.
    MoreUnknownKeys {
        /// The document's name.
        file: String,
        /// How many more.
        more: usize,
    },
    /// PEM blocks of these labels were in its file, and are not kept.
    LeftOut(Vec<String>),
    /// Its lifetime is cut to that of the CA, which expires at this time.
    CutToCa(OffsetDateTime),
    /// The certificate that was replaced is not recorded where it was to be revoked: in
    /// this database, or on the servers that sign.
    NotRecorded(Option<String>),
    /// It stays as it is: the CA expires at this time, so that nothing would be won.
    CaExpiresFirst(OffsetDateTime),
}

impl From<Error> for Refusal {
    /// The error's sentence, without its number.
    fn from(error: Error) -> Self {
        Refusal::Sentence(error.message().into_owned())
    }
}

impl Refusal {
    /// What went wrong with a file or folder, as Go says it: `open x: permission denied`.
    pub(crate) fn system(what: &str, path: &str, error: &std::io::Error) -> Self {
        Refusal::Sentence(format!("{what} {path}: {}", rcfssl_go::os::describe(error)))
    }

    /// There is no profile of this name in a policy.
    pub(crate) fn unknown_profile(name: &str, policy: &Policy) -> Self {
        Refusal::UnknownProfile {
            name: name.to_owned(),
            known: policy.profiles().map(|(name, _)| name.to_owned()).collect(),
        }
    }
}
