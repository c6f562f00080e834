//! The files beside a certificate that belong to it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The files that belong to a certificate.
pub struct Companions {
    /// The name that scripts use: the file name without `.pem` or `.crt`.
    pub name: String,
    /// The private key.
    pub key: PathBuf,
    /// The request.
    pub csr: PathBuf,
}

/// The possible file names of a certificate's key, given the certificate's name without its
/// extension. The first one that exists is its key.
pub fn key_names(certificate: &Path) -> [OsString; 2] {
    let stem = certificate.file_stem().unwrap_or_default();
    ["-key.pem", ".key"].map(|end| {
        let mut name = stem.to_owned();
        name.push(end);
        name
    })
}

/// `NAME-key.pem`, or else `NAME.key`, whichever exists. A new `tls.crt` gets `tls.key`, as
/// in Kubernetes.
fn key_of(certificate: &Path, is_there: impl Fn(&Path) -> bool) -> PathBuf {
    let folder = certificate.parent().unwrap_or(Path::new(""));
    let [dash, dot] = key_names(certificate).map(|name| folder.join(name));
    let is_crt = certificate
        .extension()
        .is_some_and(|extension| extension == "crt");
    let takes_dot = !is_there(&dash) && (is_crt || is_there(&dot));
    if takes_dot { dot } else { dash }
}

impl Companions {
    /// Finds them: the key by `key_of`; `NAME.csr`.
    pub fn of(certificate: &Path) -> Self {
        let stem = certificate.file_stem().unwrap_or_default();
        let mut csr = stem.to_owned();
        csr.push(".csr");
        Companions {
            name: stem.to_string_lossy().into_owned(),
            key: key_of(certificate, |path| path.symlink_metadata().is_ok()),
            csr: certificate.with_file_name(csr),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_two_keys_is_used_and_a_new_one_is_named_after_its_certificate() {
        let key = |certificate: &str, there: &[&str]| {
            let is_there = |path: &Path| there.iter().any(|name| path == Path::new("f").join(name));
            key_of(&Path::new("f").join(certificate), is_there)
        };
        for (certificate, there, expected) in [
            ("a.pem", &[][..], "f/a-key.pem"),
            ("a.crt", &[], "f/a.key"),
            ("a.pem", &["a.key"], "f/a.key"),
            ("a.pem", &["a.key", "a-key.pem"], "f/a-key.pem"),
            ("a.crt", &["a.key", "a-key.pem"], "f/a-key.pem"),
            ("a.crt", &["a-key.pem"], "f/a-key.pem"),
        ] {
            assert_eq!(
                key(certificate, there),
                Path::new(expected),
                "{certificate} {there:?}"
            );
        }
    }
}
