//! Certificates: read, planned and encoded.

mod encode;
pub(crate) mod pkcs7;
mod read;
mod template;

pub use encode::{assemble, to_be_signed};
pub use read::Certificate;
pub use template::{Issuer, Names, Serial, Subject, Template};
