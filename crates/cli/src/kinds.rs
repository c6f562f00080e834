//! Identifies a file that is not of the expected kind. cfssl's error says only that
//! something is wrong; the hint names the actual kind and what to do.

use std::ffi::OsStr;

use rcfssl_go::json::{self, Cursor};
use rcfssl_go::pem;

/// The kind of file that a command expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// A request as JSON.
    Request,
    /// A configuration with profiles.
    Configuration,
    /// The SUBJECT of `sign`.
    Subject,
    /// The platforms of `-metadata`.
    Platforms,
    /// The configuration of a database.
    Database,
    /// A certificate.
    Certificate,
    /// A certificate request.
    Csr,
    /// A private key.
    Key,
}

impl Wanted {
    const fn name(self) -> &'static str {
        match self {
            Wanted::Request => "a request as JSON",
            Wanted::Configuration => "a configuration",
            Wanted::Subject => "a subject as JSON",
            Wanted::Platforms => "platform metadata",
            Wanted::Database => "a database configuration",
            Wanted::Certificate => "a certificate in PEM format",
            Wanted::Csr => "a certificate request in PEM format",
            Wanted::Key => "a private key in PEM format",
        }
    }

    const fn is_document(self) -> bool {
        !matches!(self, Wanted::Certificate | Wanted::Csr | Wanted::Key)
    }
}

/// The kind of a file, as a noun, with advice.
struct Kind {
    name: &'static str,
    advice: &'static str,
    is: Option<Wanted>,
}

const fn kind(name: &'static str, advice: &'static str, is: Option<Wanted>) -> Option<Kind> {
    Some(Kind { name, advice, is })
}

/// Names the actual kind of a file that is not of the expected kind.
pub fn explain(file: &OsStr, text: &[u8], wanted: Wanted) -> Option<String> {
    let file = shown(file);
    let Kind { name, advice, is } = recognize(text, wanted)?;
    if is == Some(wanted) || (wanted == Wanted::Subject && is == Some(Wanted::Request)) {
        return None;
    }
    let wanted = wanted.name();
    let advice = advice.replace("FILE", &file);
    let advice = if advice.is_empty() {
        advice
    } else {
        format!("; {advice}")
    };
    Some(format!("{file} is {name}, not {wanted}{advice}"))
}

/// The same for a file that could not be read; if its kind is unknown, it only names the
/// file.
pub fn explain_failure(file: &OsStr, text: &[u8], wanted: Wanted) -> String {
    explain(file, text, wanted)
        .unwrap_or_else(|| format!("{} cannot be read as {}", shown(file), wanted.name()))
}

/// Whether this is a PEM certificate.
pub fn is_certificate(text: &[u8]) -> bool {
    recognize(text, Wanted::Certificate).is_some_and(|kind| kind.is == Some(Wanted::Certificate))
}

/// Whether this is a PEM private key.
pub fn is_key(text: &[u8]) -> bool {
    recognize(text, Wanted::Key).is_some_and(|kind| kind.is == Some(Wanted::Key))
}

/// Whether this is a jobs document.
pub fn is_jobs(text: &[u8]) -> bool {
    keys(text).is_some_and(|keys| keys.iter().any(|key| key == "organizations"))
}

pub fn shown(file: &OsStr) -> String {
    match file.to_string_lossy() {
        name if name == "-" => "standard input".to_owned(),
        name => name.into_owned(),
    }
}

fn recognize(text: &[u8], wanted: Wanted) -> Option<Kind> {
    if text.trim_ascii().is_empty() {
        return kind("empty", "", None);
    }
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return kind("UTF-16 text", "save it as UTF-8", None);
    }
    if text.starts_with(b"\xef\xbb\xbf") && wanted.is_document() {
        return kind(
            "text with a byte order mark",
            "save it as UTF-8 without BOM",
            None,
        );
    }
    if let Some((block, _)) = pem::decode(text) {
        return in_pem(&block.label);
    }
    if text.starts_with(b"\x30") && std::str::from_utf8(text).is_err() {
        return in_der(text);
    }
    if let Some(keys) = keys(text) {
        return in_json(&keys);
    }
    if !wanted.is_document() {
        return None;
    }
    in_text(&String::from_utf8_lossy(text))
}

fn in_pem(label: &str) -> Option<Kind> {
    match label {
        "CERTIFICATE" => kind("a certificate", "", Some(Wanted::Certificate)),
        "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => {
            kind("a certificate request in PEM format", "", Some(Wanted::Csr))
        }
        "OPENSSH PRIVATE KEY" => kind(
            "a private key in OpenSSH's own format",
            "convert a copy with `ssh-keygen -p -m PEM -f FILE`",
            None,
        ),
        "X509 CRL" => kind("a CRL", "", None),
        "PUBLIC KEY" => kind("a public key", "", None),
        label if label.ends_with("PRIVATE KEY") => kind("a private key", "", Some(Wanted::Key)),
        _ => None,
    }
}

/// PKCS#12 begins with version 3 (RFC 7292, section 4), and keys with version 0 or 1;
/// certificates and requests begin with another SEQUENCE.
fn in_der(text: &[u8]) -> Option<Kind> {
    let length = match text.get(1)? {
        octets @ 0x81..=0x84 => usize::from(octets - 0x80),
        _ => 0,
    };
    match text.get(2 + length..5 + length)? {
        [2, 1, 3] => kind(
            "a PKCS#12 file",
            "`openssl pkcs12 -in FILE -noenc` prints its contents as PEM",
            None,
        ),
        [2, 1, 0 | 1] => kind(
            "a private key in DER format",
            "`openssl pkey -inform DER -in FILE` prints it as PEM",
            None,
        ),
        [0x30, ..] => kind(
            "in DER format",
            "`openssl x509 -inform DER -in FILE` or `openssl req -inform DER -in FILE` prints it as PEM",
            None,
        ),
        _ => None,
    }
}

fn in_json(keys: &[String]) -> Option<Kind> {
    let has = |key: &str| keys.iter().any(|found| found.eq_ignore_ascii_case(key));
    if has("signing") {
        kind(
            "a configuration",
            "use it with -config",
            Some(Wanted::Configuration),
        )
    } else if has("organizations") {
        kind("a jobs document", "use it with `rcfssl renew -jobs FILE`", None)
    } else if (has("cert") || has("csr")) && !has("CN") {
        kind(
            "the output of rcfssl",
            "`rcfssljson -bare NAME -f FILE` writes its parts to files",
            None,
        )
    } else if has("CN") || has("hosts") || has("names") {
        kind("a request as JSON", "", Some(Wanted::Request))
    } else {
        None
    }
}

fn in_text(text: &str) -> Option<Kind> {
    let first = text.lines().map(str::trim);
    let first = first
        .into_iter()
        .find(|line| !line.is_empty() && !line.starts_with('#'))?;
    if first.starts_with(['{', '[', '"']) {
        return None;
    }
    let is_word = |word: &str| {
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '.');
        !word.is_empty() && word.chars().all(is_plain)
    };
    let is_member = first
        .split_once(':')
        .is_some_and(|(key, value)| is_word(key) && (value.is_empty() || value.starts_with(' ')));
    if first == "---" || is_member {
        kind("YAML", "write it as JSON", None)
    } else if first.contains([',', ';'])
        && first
            .split([',', ';'])
            .all(|field| is_word(field.trim().trim_matches('"')))
    {
        kind("CSV", "write it as JSON", None)
    } else {
        None
    }
}

/// The keys of a JSON object.
fn keys(text: &[u8]) -> Option<Vec<String>> {
    json::check(text).ok()?;
    let mut cursor = Cursor::new(text);
    (cursor.kind() == json::Kind::Object).then(|| {
        let mut keys = Vec::new();
        cursor.object(|cursor, key, _| {
            cursor.raw();
            keys.push(key);
        });
        keys
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &[u8], wanted: Wanted) -> String {
        explain(OsStr::new("x"), text, wanted).unwrap_or_default()
    }

    #[test]
    fn kinds_of_files_are_recognized() {
        let key = b"-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
        for (text, wanted, words) in [
            (&b" \n"[..], Wanted::Request, "x is empty, not a request as JSON"),
            (b"\xff\xfe{\0}\0", Wanted::Request, "x is UTF-16 text"),
            (b"\xef\xbb\xbf{}", Wanted::Configuration, "byte order mark"),
            (key, Wanted::Certificate, "x is a private key, not a certificate"),
            (key, Wanted::Request, "x is a private key, not a request as JSON"),
            (
                b"\x30\x82\x01\x00\x02\x01\x03\xff",
                Wanted::Certificate,
                "openssl pkcs12 -in x",
            ),
            (
                b"\x30\x82\x01\x00\x30\x82\xff",
                Wanted::Certificate,
                "x is in DER format",
            ),
            (
                b"\x30\x77\x02\x01\x01\xff",
                Wanted::Key,
                "private key in DER format",
            ),
            (
                br#"{"signing": {}}"#,
                Wanted::Request,
                "x is a configuration, not a request",
            ),
            (
                br#"{"CN": "a"}"#,
                Wanted::Configuration,
                "x is a request as JSON, not a configuration",
            ),
            (
                br#"{"organizations": []}"#,
                Wanted::Request,
                "x is a jobs document",
            ),
            (
                br#"{"cert": "", "key": ""}"#,
                Wanted::Request,
                "x is the output of rcfssl",
            ),
            (b"# x\nCN: a\nhosts:\n- b\n", Wanted::Request, "x is YAML"),
            (b"---\n- a\n", Wanted::Configuration, "x is YAML"),
            (b"name,host\na,b\n", Wanted::Request, "x is CSV"),
        ] {
            let said = said(text, wanted);
            assert!(said.contains(words), "{words}: {said}");
        }
    }

    #[test]
    fn files_of_the_right_or_an_unknown_kind_need_no_hint() {
        for (text, wanted) in [
            (&br#"{"CN": "a"}"#[..], Wanted::Request),
            (br#"{"CN": "a"}"#, Wanted::Subject),
            (br#"{"signing": {}}"#, Wanted::Configuration),
            (br#"{"a": 1}"#, Wanted::Request),
            (b"{\"CN\": ", Wanted::Request),
            (b"hello", Wanted::Request),
            (b"hello", Wanted::Key),
        ] {
            assert_eq!(said(text, wanted), "");
        }
        assert_eq!(
            explain_failure(OsStr::new("-"), b"hello", Wanted::Key),
            "standard input cannot be read as a private key in PEM format"
        );
    }
}
