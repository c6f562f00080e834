//! Arguments: the tables of commands and flags, and Go's way of reading them.

pub mod commands;
pub mod completions;
pub mod flags;
pub mod help;
pub mod man;
mod parse;

pub use flags::FlagId;
pub use parse::{Args, parse, parse_only};
