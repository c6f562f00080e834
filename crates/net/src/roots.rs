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
    POOL.get_or_init(|| {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        pool(variable("SSL_CERT_FILE"), variable("SSL_CERT_DIR"))
    })
}

/// The roots of a file and of the files in folders, each where Go looks unless it is
/// named.
fn pool(file: Option<OsString>, folders: Option<OsString>) -> Pool {
    let mut pool = Pool::default();
    let files = match file {
        Some(file) => vec![PathBuf::from(file)],
        None => FILES.iter().map(PathBuf::from).collect(),
    };
    if let Some(text) = files.iter().find_map(|file| read(file)) {
        pool.add_pem(&text);
    }
    let folders: Vec<PathBuf> = match &folders {
        Some(list) => list
            .as_bytes()
            .split(|b| *b == b':')
            .map(|folder| PathBuf::from(OsString::from_vec(folder.to_vec())))
            .collect(),
        None => FOLDERS.iter().map(PathBuf::from).collect(),
    };
    for file in folders.iter().flat_map(|folder| entries(folder)) {
        // Pipes and devices are neither waited for nor read without end.
        if let Ok(text) = rcfssl_files::read_regular(&file) {
            pool.add_pem(&text);
        }
    }
    pool
}

/// The most that is read of a file that is named, in bytes, and the same as of those in
/// folders. The roots of all browsers take a quarter of one MiB.
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    const ROOT: &str = include_str!("../../../fixtures/conformance/pki/ca-p256.pem");

    #[test]
    fn a_folder_of_roots_may_hold_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("root.pem"), ROOT).unwrap();
        fs::create_dir(path("folder")).unwrap();
        symlink("/dev/zero", path("device")).unwrap();
        symlink("/dev/tty", path("terminal")).unwrap();
        symlink(path("fifo"), path("far")).unwrap();
        symlink("/nowhere", path("dangling")).unwrap();
        let made = Command::new("mkfifo").arg(path("fifo")).status().unwrap();
        assert!(made.success());
        UnixListener::bind(path("socket")).unwrap();
        let large = fs::File::create(path("large")).unwrap();
        large.set_len(300 << 20).unwrap();
        let found = pool(Some(path("folder").into()), Some(folder.path().into()));
        assert_eq!(found.iter().count(), 1);
        // Without end where it is named, too.
        let found = pool(Some("/dev/zero".into()), Some(path("folder").into()));
        assert_eq!(found.iter().count(), 0);
    }
}
