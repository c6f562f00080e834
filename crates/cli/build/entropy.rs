//! Stops a build of `rcfssl` that would start slowly. The libraries build either way, and
//! so does `rcfssljson`, which takes no randomness from aws-lc.
//!
//! With its CPU-jitter entropy source, aws-lc spends about 24 ms of every process on
//! gathering randomness before the first key. Only an environment variable at build time
//! leaves that source out. `.cargo/config.toml` sets it, but cargo reads that file from the
//! current folder. Therefore the result of the build is examined.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fs, io};

/// The variable that aws-lc's build reads; a value that begins with 0, n, f or off means
/// false.
const VARIABLE: &str = "AWS_LC_SYS_NO_JITTER_ENTROPY";

/// A function that exists only in the jitter source, in aws-lc's
/// `third_party/jitterentropy`.
const FUNCTION: &[u8] = b"jent_read_entropy";

/// Ends the build with an error if aws-lc has its jitter source and nobody asked for it.
pub fn check() {
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let Some(library) = library() else {
        println!(
            "cargo::error=aws-lc-rs does not say where its library is: crates/cli/build/entropy.rs has to learn how"
        );
        return;
    };
    println!("cargo::rerun-if-changed={}", library.display());
    match symbols(&library) {
        Ok(symbols) if !symbols.windows(FUNCTION.len()).any(|name| name == FUNCTION) => {}
        Ok(_) if on_purpose() => {
            println!(
                "cargo::warning={VARIABLE} asks for aws-lc's jitter entropy: every start takes 24 ms more"
            );
        }
        Ok(_) => {
            println!(
                "cargo::error=aws-lc was built with its jitter entropy: every start would take 24 ms more"
            );
            println!(
                "cargo::error=call cargo in a folder of the clone, where .cargo/config.toml is read, or set \
                 {VARIABLE}=1; with {VARIABLE}=0 the slow start is built"
            );
        }
        Err(error) => {
            println!("cargo::error={}: {error}", library.display());
        }
    }
}

/// The library that is linked, as aws-lc-rs reports it to dependent crates. The variable's
/// name contains its version.
fn library() -> Option<PathBuf> {
    env::vars_os()
        .find(|(name, _)| {
            let name = name.to_string_lossy();
            name.starts_with("DEP_AWS_LC_RS_") && name.ends_with("_LIBCRYPTO_PATH")
        })
        .map(|(_, path)| PathBuf::from(path))
}

/// The symbol index at the start of an archive on Linux, or the whole file for any other
/// library.
fn symbols(library: &PathBuf) -> io::Result<Vec<u8>> {
    // `!<arch>\n`, then a header of 60 bytes: the name in 16, the size from 48 in 10.
    let mut bytes = fs::read(library)?;
    if bytes.starts_with(b"!<arch>\n/ ") {
        let size = bytes.get(56..66).map(String::from_utf8_lossy);
        if let Some(size) = size.and_then(|size| size.trim().parse::<usize>().ok()) {
            bytes.truncate(size.saturating_add(68));
        }
    }
    Ok(bytes)
}

/// Whether the jitter source was requested explicitly.
fn on_purpose() -> bool {
    env::var_os(VARIABLE)
        .map(OsString::into_string)
        .and_then(Result::ok)
        .is_some_and(|value| {
            let value = value.to_lowercase();
            ["0", "n", "f", "off"].iter().any(|no| value.starts_with(no))
        })
}
