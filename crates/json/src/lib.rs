//! `rcfssljson` without its command line: the reader of what `rcfssl` and its API print,
//! and the files that it consists of; and what `rcfssl` uses of it as well: the flags,
//! for the manual page and completions, and the message for a wrong call.

pub mod complaint;
pub mod document;
pub mod flags;
pub mod outputs;
pub mod p12;
