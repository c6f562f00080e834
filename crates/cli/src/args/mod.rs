//! Arguments: the table of flags, and Go's way of reading them.

pub mod flags;
mod parse;

pub use flags::FlagId;
pub use parse::{Args, parse, parse_only};
