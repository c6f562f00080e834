//! The roots that the system trusts, found where Go finds them on Linux.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rcfssl_core::verify::Pool;

/// The first of these that can be read is taken; `SSL_CERT_FILE` stands in for all.
const FILES: [&str; 6] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The files of all of these are taken too; `SSL_CERT_DIR`, with colons between,
/// stands in for all.
const FOLDERS: [&str; 2] = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/// The system's roots, read once. Unreadable files are skipped.
pub fn system() -> &'static Pool {
    static POOL: OnceLock<Pool> = OnceLock::new();
    POOL.get_or_init(pool)
}

fn pool() -> Pool {
    let mut pool = Pool::default();
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let files = match variable("SSL_CERT_FILE") {
        Some(file) => vec![PathBuf::from(file)],
        None => FILES.iter().map(PathBuf::from).collect(),
    };
    if let Some(text) = files.iter().find_map(|file| read(file)) {
        pool.add_pem(&text);
    }
    let named = variable("SSL_CERT_DIR");
    let folders: Vec<PathBuf> = match &named {
        Some(list) => list
            .as_bytes()
            .split(|b| *b == b':')
            .map(|folder| PathBuf::from(OsString::from_vec(folder.to_vec())))
            .collect(),
        None => FOLDERS.iter().map(PathBuf::from).collect(),
    };
    for file in folders.iter().flat_map(|folder| entries(folder)) {
        if file.is_file()
            && let Some(text) = read(&file)
        {
            pool.add_pem(&text);
        }
    }
    pool
}

/// The most that is read of one file, in bytes. The roots of all browsers take a
/// quarter of one MiB.
const MOST_READ: u64 = 16 << 20;

fn read(file: &Path) -> Option<Vec<u8>> {
    let read = rcfssl_files::read_at_most(Some(file.as_os_str()), MOST_READ);
    read.ok().map(|text| text.to_vec())
}

/// The files of a folder, sorted; links within the folder, which are other names
/// of the same files, are left out.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(listing) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = listing
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            let target = fs::read_link(path);
            !target.is_ok_and(|target| !target.as_os_str().as_bytes().contains(&b'/'))
        })
        .collect();
    files.sort();
    files
}
