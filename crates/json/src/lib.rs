//! The parts of `rcfssljson` that `rcfssl` uses too: its flags, for the manual page and
//! completions, and the message for a wrong call. The program itself is in `main.rs`.

pub mod complaint;
pub mod flags;
