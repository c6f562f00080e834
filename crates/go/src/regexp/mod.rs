//! Go's regular expressions (RE2 syntax): matches anywhere in a text, or the reason why Go
//! rejects the expression.
//!
//! The expression is parsed once, by Go's rules. The parser produces both the equivalent
//! expression for the `regex` crate and errors in Go's words.

mod class;
mod part;
mod syntax;

use regex::bytes::{Regex, RegexBuilder};

use crate::error::{Error, Result};

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Regexp(Regex);

/// Why an expression is rejected, and the fragment of it that Go shows.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mistake {
    what: &'static str,
    fragment: String,
}

/// The maximum size of a compiled expression, in bytes. Go's own limit allows some
/// expressions that need more here; they are rejected with the same message.
const SIZE_LIMIT: usize = 64 << 20;

impl Regexp {
    /// Compiles an expression as Go's `regexp.Compile` would.
    ///
    /// # Errors
    /// Go's message: ``error parsing regexp: missing closing ): `(` `` and the like.
    pub fn compile(expression: &str) -> Result<Self> {
        let translated = syntax::translate(expression)?;
        RegexBuilder::new(&translated)
            .size_limit(SIZE_LIMIT)
            .nest_limit(10 * part::MAX_HEIGHT)
            .build()
            .map(Regexp)
            .map_err(|_| Mistake::new(part::TOO_LARGE, expression).into())
    }

    /// Whether it matches anywhere in the text.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

impl Mistake {
    fn new(what: &'static str, fragment: &str) -> Self {
        Mistake {
            what,
            fragment: fragment.to_owned(),
        }
    }
}

impl From<Mistake> for Error {
    fn from(mistake: Mistake) -> Self {
        let Mistake { what, fragment } = mistake;
        Error::new(format!("error parsing regexp: {what}: `{fragment}`"))
    }
}

#[cfg(test)]
mod tests;
