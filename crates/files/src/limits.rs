//! Conditions that would end a process, or lose its output, without an error.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, major, minor};
use rustix::io::Errno;
use signal_hook::consts::SIGXFSZ;

use crate::folder::kind;

/// Makes writing beyond `RLIMIT_FSIZE` an error. By default the kernel kills the process,
/// which could then neither report the reason nor remove temporary files.
pub fn survive_size_limit() {
    // If that fails, the default behaviour remains.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Checks whether standard output was open when the process started.
///
/// If it was closed, Rust opens `/dev/null` in its place for reading and writing, and a key
/// could be printed and lost without an error. Shells open `/dev/null` for writing only, so
/// output that is discarded on purpose can be distinguished.
///
/// # Errors
/// `bad file descriptor` if it was closed.
pub fn check_stdout() -> io::Result<()> {
    let out = io::stdout();
    let stat = fstat(&out)?;
    let is_null =
        kind(&stat) == FileType::CharacterDevice && (major(stat.st_rdev), minor(stat.st_rdev)) == (1, 3);
    match is_null && fcntl_getfl(&out)?.contains(OFlags::RDWR) {
        true => Err(Errno::BADF.into()),
        false => Ok(()),
    }
}
