//! cfssl's errors: a category and a reason are combined to a number and a message.
//!
//! The numbers are defined only here. An [`Error`] displays as the line that cfssl prints:
//! either `{"code":N,"message":"…"}`, which programs read, or the message alone where cfssl
//! returns a plain Go error.

use std::borrow::Cow;
use std::fmt;

use rcfssl_go::json;

/// The result of fallible operations in this crate.
pub type Result<T> = std::result::Result<T, Error>;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $message:literal;)*) => {
        /// The reason for an error, with cfssl's number: the thousands are the category
        /// (certificate, private key, intermediates, root, policy, dial, API client, OCSP,
        /// request, transparency), the rest is the reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* #[doc = concat!($number, ": ", $message)] $name,)* }

        impl Code {
            /// The number in the `code` field.
            pub const fn number(self) -> u32 {
                match self { $(Code::$name => $number,)* }
            }

            /// The message in the `message` field, unless an error replaces it.
            pub const fn message(self) -> &'static str {
                match self { $(Code::$name => $message,)* }
            }
        }
    };
}

codes! {
    CertificateUnknown = 1000, "Unknown certificate error";
    CertificateRead = 1001, "Failed to read certificate";
    CertificateDecode = 1002, "Failed to decode certificate";
    CertificateParse = 1003, "Failed to parse certificate";
    SelfSigned = 1100, "Certificate is self signed";
    Verify = 1200, "Unable to verify certificate";
    VerifyNotAuthorizedToSign = 1210, "Unable to verify certificate";
    VerifyExpired = 1211, "Unable to verify certificate";
    VerifyNameNotAuthorized = 1212, "Unable to verify certificate";
    VerifyTooManyIntermediates = 1213, "Unable to verify certificate";
    VerifyIncompatibleUsage = 1214, "Unable to verify certificate";
    VerifyNameMismatch = 1215, "Unable to verify certificate";
    VerifyTooManyConstraints = 1218, "Unable to verify certificate";
    VerifyUnknownAuthority = 1220, "Unable to verify certificate";
    InvalidCertificateRequest = 1300, "Invalid certificate request";
    MissingSerial = 1400, "Missing serial number in request";
    KeyUnknown = 2000, "Unknown private key error";
    KeyRead = 2001, "Failed to read private key";
    KeyDecode = 2002, "Failed to decode private key";
    KeyParse = 2003, "Failed to parse private key";
    KeyEncrypted = 2100, "Private key is encrypted.";
    KeyNotSupported = 2200, "Private key algorithm is not RSA or ECC or Ed25519";
    KeyMismatch = 2300, "Private key does not match public key";
    KeyGeneration = 2400, "Failed to new private key";
    KeyUnavailable = 2500, "Private key is unavailable";
    IntermediatesRead = 3001, "Failed to read intermediate certificate";
    IntermediatesParse = 3003, "Failed to parse intermediate certificate";
    RootRead = 4001, "Failed to read root certificate";
    RootParse = 4003, "Failed to parse root certificate";
    NoKeyUsages = 5100, "Invalid policy: no key usage available";
    InvalidPolicy = 5200, "Invalid or unknown policy";
    InvalidRequest = 5300, "Policy violation request";
    UnknownProfile = 5400, "Unknown policy profile";
    UnmatchedWhitelist = 5500, "Request does not match policy whitelist";
    Dial = 6000, "Failed to dial remote server";
    RemoteJson = 7200, "API client JSON config error";
    RemoteIo = 7300, "API client IO error";
    RemoteHttp = 7400, "API client HTTP error";
    RemoteRefused = 7500, "API client error: Server request failed";
    IssuerMismatch = 8100, "Certificate not issued by this issuer";
    InvalidStatus = 8200, "Invalid revocation status";
    CsrDecode = 9002, "CSR Decode failed";
    CsrParse = 9003, "CSR Parsing failed";
    CsrBadRequest = 9300, "CSR Bad request";
    Store = 11000, "Unknown certificate store error";
    StoreInsert = 11100, "failed to insert the certificate record";
    StoreNotFound = 11200, "failed to revoke the certificate: certificate not found";
    PrecertSubmission = 10100, "Certificate transparency precertificate submission failed";
}

/// An error.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// An error object: `{"code":N,"message":"…"}`.
    Coded {
        /// The number.
        code: Code,
        /// The message: the code's own, or that of the error it wraps.
        message: Cow<'static, str>,
    },
    /// A message without a number.
    Plain(String),
    /// An error in a JSON document, with its position.
    Json {
        /// The number, if there is one.
        code: Option<Code>,
        /// The message and the position.
        error: json::Error,
    },
}

impl Error {
    /// An error object whose message is that of its cause.
    pub fn wrap(code: Code, cause: impl fmt::Display) -> Self {
        Error::Coded {
            code,
            message: Cow::Owned(cause.to_string()),
        }
    }

    /// A message without a number.
    pub fn plain(text: impl Into<String>) -> Self {
        Error::Plain(text.into())
    }

    /// The reason, unless it is a plain message.
    pub fn code(&self) -> Option<Code> {
        match self {
            Error::Coded { code, .. } | Error::Json { code: Some(code), .. } => Some(*code),
            Error::Plain(_) | Error::Json { code: None, .. } => None,
        }
    }

    /// The number, if there is one.
    pub fn number(&self) -> Option<u32> {
        self.code().map(Code::number)
    }

    /// The message without its number.
    pub fn message(&self) -> Cow<'_, str> {
        match self {
            Error::Coded { message, .. } => Cow::Borrowed(message),
            Error::Plain(text) => Cow::Borrowed(text),
            Error::Json { error, .. } => Cow::Borrowed(&error.text),
        }
    }
}

impl From<Code> for Error {
    fn from(code: Code) -> Self {
        Error::Coded {
            code,
            message: Cow::Borrowed(code.message()),
        }
    }
}

impl From<rcfssl_go::Error> for Error {
    fn from(error: rcfssl_go::Error) -> Self {
        Error::Plain(error.into())
    }
}

impl From<json::Error> for Error {
    fn from(error: json::Error) -> Self {
        Error::Json { code: None, error }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Coded { code, .. } | Error::Json { code: Some(code), .. } => {
                let message = json::quote(&self.message());
                write!(f, r#"{{"code":{},"message":{message}}}"#, code.number())
            }
            Error::Plain(text) => f.write_str(text),
            Error::Json { error, .. } => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_displays_as_the_object_that_cfssl_prints() {
        assert_eq!(
            Error::from(Code::CertificateDecode).to_string(),
            r#"{"code":1002,"message":"Failed to decode certificate"}"#
        );
        assert_eq!(
            Error::wrap(Code::CsrParse, "parent <nil> & \"more\"").to_string(),
            r#"{"code":9003,"message":"parent \u003cnil\u003e \u0026 \"more\""}"#
        );
        assert_eq!(
            Error::plain("open x: no such file").to_string(),
            "open x: no such file"
        );
    }
}
