//! What the program says of itself: help, manual pages and completions, from the tables
//! of commands and flags.

pub mod completions;
pub mod help;
pub mod pages;
