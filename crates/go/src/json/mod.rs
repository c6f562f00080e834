//! JSON as Go's `encoding/json` (1.22) reads and writes it.
//!
//! Scripts rely on peculiarities of that parser: keys match in any case, unknown keys are
//! ignored, of a repeated key the last value counts but objects are merged and lists
//! overwritten element by element, `null` leaves a field unchanged, and invalid UTF-8
//! becomes U+FFFD. The walk-through's own CA document contains `"OU"` twice.
//!
//! As in Go, parsing has two steps: [`check`] rejects text that is not JSON, then a
//! [`Cursor`] fills values that implement [`Decode`]. The recursion is no deeper than the
//! types, however deeply the text is nested.

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

/// Why a document was rejected, in Go's words, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// Go's message.
    pub text: String,
    /// The byte offset at which the parser stopped.
    pub offset: usize,
    /// The same in plain words, for a value of the wrong type.
    pub mismatch: Option<Mismatch>,
}

/// A value of the wrong type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The innermost key, or empty at the top level.
    pub field: &'static str,
    /// The actual value: `number`, `array`, or the text of a number that is out of range.
    pub found: String,
    /// The expected type.
    pub wanted: &'static str,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

/// Decodes `text` into `target`, which keeps everything that the document does not mention.
///
/// # Errors
/// Go's error for text that is not JSON, or for a value of the wrong type. After an error
/// `target` contains what was decoded so far and must not be used.
pub fn read(text: &[u8], target: &mut dyn Decode) -> Result<Report, Error> {
    check(text)?;
    let mut cursor = Cursor::new(text);
    target.decode(&mut cursor);
    cursor.finish()
}

/// Line numbers, from 1, for a sequence of ascending offsets in one text.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a [u8],
    counted: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    /// Creates line numbers for a text.
    pub fn new(text: &'a [u8]) -> Self {
        Lines {
            text,
            counted: 0,
            line: 1,
        }
    }

    /// The line number of an offset that is not before the previous one.
    pub fn number(&mut self, offset: usize) -> usize {
        let passed = self.text.get(self.counted..offset).unwrap_or_default();
        self.line += passed.iter().filter(|octet| **octet == b'\n').count();
        self.counted = self.counted.max(offset);
        self.line
    }
}

/// Line and column of an offset (both from 1, the column in characters).
pub fn locate(text: &[u8], offset: usize) -> (usize, usize) {
    let offset = offset.min(text.len());
    let start = start_of_line(text, offset);
    let line = text[..start].iter().filter(|&&b| b == b'\n').count() + 1;
    (line, characters(&text[start..offset]) + 1)
}

/// The offset at which the line of an offset begins.
fn start_of_line(text: &[u8], offset: usize) -> usize {
    let newline = text[..offset].iter().rposition(|&b| b == b'\n');
    newline.map_or(0, |at| at + 1)
}

/// The number of characters, where invalid UTF-8 counts as U+FFFD.
fn characters(octets: &[u8]) -> usize {
    let chunks = octets.utf8_chunks();
    chunks
        .map(|chunk| chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty()))
        .sum()
}
