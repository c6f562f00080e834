//! Certificates: read, planned and encoded.

mod access;
mod check;
mod encode;
mod key;
mod name;
pub(crate) mod pkcs7;
mod pss;
mod read;
mod template;
mod usage;

pub(crate) use encode::authority_key_identifier;
pub use encode::{assemble, to_be_signed};
pub(crate) use key::check_key;
pub(crate) use name::check_name;
pub use read::Certificate;
pub(crate) use read::{name_attributes, our_oid, public_key};
pub(crate) use template::decimal;
pub use template::{Issuer, Names, Serial, Subject, Template};
pub use usage::Purpose;
