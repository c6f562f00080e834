//! Certificates: parsing, templates and encoding.

mod access;
mod check;
mod constraints;
mod encode;
mod extensions;
pub(crate) mod pkcs7;
mod read;
mod template;
mod usage;

pub(crate) use constraints::Subtrees;
pub(crate) use encode::authority_key_identifier;
pub use encode::{assemble, to_be_signed};
pub use read::Certificate;
pub use template::{Issuer, Names, Subject, Template};
pub use usage::Purpose;

pub use crate::serial::Serial;
