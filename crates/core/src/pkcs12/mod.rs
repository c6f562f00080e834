//! PKCS#12 (RFC 7292): certificates and a private key, protected by a password.

mod cipher;
pub mod kdf;
mod mac;
mod read;
mod write;

pub use read::{Contents, Refusal, read};
pub use write::{RANDOM_OCTETS, Store, Unwritable};
