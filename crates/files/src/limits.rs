//! What would end a process, or let it print nothing, without an error.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat, major, minor};
use rustix::io::Errno;
use signal_hook::consts::SIGXFSZ;

use crate::folder::kind;

/// Makes writing beyond `RLIMIT_FSIZE` an error. Unasked, the kernel ends the process,
/// which then can neither say why nor remove what it had begun.
pub fn survive_size_limit() {
    // Where that cannot be had, it is as it always was.
    let _ = signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// Was standard output open when the process began?
///
/// Rust opens `/dev/null` in its place where it was not, for reading and writing, and
/// then a key could be printed and lost without an error. Shells open it for writing
/// alone, so that what is thrown away on purpose can be told apart.
///
/// # Errors
/// `bad file descriptor`, where it was closed.
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
