//! Output: one line of JSON with the results.

use std::io::{self, Write};

use rcfssl_core::{Error, Result};
use rcfssl_go::json;
use rcfssl_go::os::describe;
use serde::Serialize;
use zeroize::{Zeroize, Zeroizing};

/// The result of the commands that create something, as PEM. The keys are in alphabetical
/// order, as Go prints a map.
#[derive(Debug, Default, Serialize)]
pub struct Made {
    /// The certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<String>,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub csr: Option<String>,
    /// The private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Zeroizing<String>>,
}

impl Made {
    /// Prints the line.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn print(&self) -> Result<()> {
        let mut line = json::to_string(self);
        line.push('\n');
        let open = rcfssl_files::check_stdout().map_err(unwritten);
        let written = open.and_then(|()| stdout(line.as_bytes()));
        line.zeroize();
        written
    }
}

/// Escapes the contents of certificates and file names, so that they can neither control a
/// terminal nor look like lines of our own.
pub fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(shown).collect()
}

/// Writes to standard output directly: a buffer would keep secrets in memory.
///
/// # Errors
/// `write /dev/stdout: no space left on device` and the like.
pub fn stdout(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(bytes).and_then(|()| out.flush());
    written.map_err(unwritten)
}

/// Go's message for a failed write to standard output.
pub fn unwritten(error: io::Error) -> Error {
    Error::plain(format!("write /dev/stdout: {}", describe(&error)))
}
