//! Arguments: the tables of commands and flags, and Go's way of reading them.

pub mod commands;
pub mod flags;
pub mod help;
mod parse;

pub use flags::FlagId;
pub use parse::{Args, parse, parse_only};
