//! PKCS#12 (RFC 7292): certificates and a private key behind a password.

mod cipher;
pub mod kdf;
mod mac;
mod read;

pub use read::{Contents, Refusal, read};
