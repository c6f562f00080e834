//! What others may know of `rcfssljson`: its flags, for its manual page and for
//! completions. The program itself is in `main.rs`.

pub mod flags;
