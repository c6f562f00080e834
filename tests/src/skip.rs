//! Tests that cannot run on every machine.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

/// Prints that a test was skipped, and why.
///
/// # Errors
/// If `RCFSSL_CI` is set: every test must run there.
pub fn skipped(why: &str) -> Result<()> {
    if std::env::var_os("RCFSSL_CI").is_some() {
        bail!("this cannot run here: {why}");
    }
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    crate::notice::print(&format!("SKIPPED: {test}: {why}"));
    Ok(())
}

/// Whether this runs as root, which may mount and create namespaces.
pub fn is_root() -> bool {
    Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout == b"0\n")
}

/// The first of these programs that is missing in the usual folders.
pub fn missing<'a>(programs: &[&'a str]) -> Option<&'a str> {
    let folders = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"];
    programs.iter().copied().find(|program| {
        !folders
            .iter()
            .any(|folder| Path::new(folder).join(program).exists())
    })
}
