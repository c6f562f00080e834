//! Arguments: the table of flags, and parsing by Go's rules.

pub mod flags;
mod parse;

pub use flags::FlagId;
pub use parse::{Args, parse, parse_only};
