//! What `rcfssl` shares with `rcfssljson`: its flags, for manual page and completions,
//! and the way both answer a call that they cannot read. The program itself is in
//! `main.rs`.

pub mod complaint;
pub mod flags;
