//! Help, manual pages and completions, generated from the tables of commands and flags.

pub mod completions;
pub mod help;
pub mod pages;
