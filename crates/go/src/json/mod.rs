//! JSON as Go's `encoding/json` (1.22) reads and writes it.
//!
//! Scripts rely on what that reader does and others do not: keys match in any
//! case, unknown keys are ignored, of a key given twice the last wins but
//! objects merge and lists overwrite element by element, `null` leaves a field
//! as it was, and invalid UTF-8 becomes U+FFFD. The walk-through's own CA
//! document has `"OU"` twice.
//!
//! Reading goes in two steps, as in Go: [`check`] refuses text that is not JSON,
//! then a [`Cursor`] walks the text and fills values that implement [`Decode`].
//! Nothing recurses deeper than the types do, whatever the text nests.

mod cursor;
mod decode;
mod list;
mod located;
mod place;
mod scan;
mod write;

pub use cursor::{Cursor, Kind, lossy};
pub use decode::{Decode, MAX_KEYS, Object, RepeatedKey, Report, UnknownKey, decode_integer, decode_object};
pub use list::{Bytes, List, Map};
pub use located::Located;
pub use place::place;
pub use scan::check;
pub use write::{quote, to_string, to_string_indented};

use std::fmt;

/// Why a document was refused, in Go's words, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Go's sentence.
    pub text: String,
    /// The byte at which the reader stopped.
    pub offset: usize,
    /// The same in plain words, where a value is of the wrong kind.
    pub mismatch: Option<Mismatch>,
}

/// A value of the wrong kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The innermost key, or empty at the top.
    pub field: &'static str,
    /// What stands there: `number`, `array` or, of a number that does not fit, its
    /// text.
    pub found: String,
    /// What belongs there.
    pub wanted: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// Reads `text` into `target`, which keeps what the document does not mention.
///
/// # Errors
/// Go's error for text that is not JSON, or for a value of the wrong type. After
/// an error `target` holds whatever was read and must not be used.
pub fn read(text: &[u8], target: &mut dyn Decode) -> Result<Report, Error> {
    check(text)?;
    let mut cursor = Cursor::new(text);
    target.decode(&mut cursor);
    cursor.finish()
}

/// The numbers of the lines, from 1, of several bytes of one text, which come in order.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    /// Those of this text.
    pub fn new(text: &'a [u8]) -> Self {
        Lines {
            text,
            counted: 0,
            line: 1,
        }
    }

    /// The line of a byte that is not before the one asked for last.
    pub fn number(&mut self, offset: usize) -> usize {
        let passed = self.text.get(self.counted..offset).unwrap_or_default();
        self.line += passed.iter().filter(|octet| **octet == b'\n').count();
        self.counted = self.counted.max(offset);
        self.line
    }
}

/// Line and column (both from 1, the column in characters) of a byte, and the
/// text of that line.
pub fn locate(text: &[u8], offset: usize) -> (usize, usize, String) {
    let offset = offset.min(text.len());
    let start = text[..offset]
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |i| i + 1);
    let end = text[offset..]
        .iter()
        .position(|&b| b == b'\n')
        .map_or(text.len(), |i| offset + i);
    let line = text[..start].iter().filter(|&&b| b == b'\n').count() + 1;
    let column = String::from_utf8_lossy(&text[start..offset]).chars().count() + 1;
    let shown = String::from_utf8_lossy(&text[start..end]);
    (line, column, shown.trim_end_matches('\r').to_owned())
}
