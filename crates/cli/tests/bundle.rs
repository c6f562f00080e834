//! `bundle` as a user calls it: files, folders, standard input, a server, and a
//! web from which issuers are fetched.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod servers;

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use servers::{Made, Web, authority, issuer_at, rcfssl, run, serve_tls, server};

struct Pki {
    folder: tempfile::TempDir,
    root: Made,
    intermediate: Made,
    leaf: Made,
}

/// A folder with the certificates of a small authority, the key of the leaf, and
/// the key of nobody.
fn pki() -> Pki {
    let root = Made::root("Root");
    let intermediate = root.sign(authority("Int. One"));
    let leaf = intermediate.sign(server("leaf.example"));
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: String| fs::write(folder.path().join(name), text).unwrap();
    put("root.pem", root.pem());
    put("int.pem", intermediate.pem());
    put("leaf.pem", leaf.pem());
    put("chain.pem", leaf.pem() + &intermediate.pem());
    put("leaf-key.pem", leaf.key_pem());
    put("empty", String::new());
    Pki {
        folder,
        root,
        intermediate,
        leaf,
    }
}

impl Pki {
    fn bundle(&self, arguments: &str) -> servers::Outcome {
        rcfssl(self.path(), ["bundle"].into_iter().chain(arguments.split(' ')))
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

#[test]
fn a_bundle_is_one_line_without_its_end() {
    let pki = pki();
    let done = pki.bundle("-cert leaf.pem -key leaf-key.pem -ca-bundle root.pem -int-bundle int.pem");
    assert_eq!(done.status, 0, "{done:?}");
    assert!(!done.stdout.contains('\n') && done.stdout.starts_with(r#"{"bundle":"-----BEGIN"#));
    let json = done.json();
    let chain = pki.leaf.pem() + pki.intermediate.pem().trim_end();
    assert_eq!(json["bundle"], chain);
    assert_eq!(json["root"], pki.root.pem().trim_end());
    assert!(
        json["key"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN EC PRIVATE KEY-----")
    );
    assert_eq!(
        done.log(),
        [
            "[INFO] bundling certificate for CN=leaf.example",
            "[WARNING] No metadata, Ubiquitous falls back to Optimal.",
            "[INFO] the anchoring root is CN=Root",
        ]
    );
}

#[test]
fn the_system_roots_may_stand_elsewhere() {
    let pki = pki();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rcfssl"));
    command
        .current_dir(pki.path())
        .args(["bundle", "-cert", "chain.pem"]);
    let missing = run(command
        .env("SSL_CERT_FILE", "/nowhere")
        .env("SSL_CERT_DIR", "/nowhere"));
    assert_eq!(missing.status, 1, "{missing:?}");
    assert!(missing.stderr.contains(r#"{"code":1220,"#), "{missing:?}");
    let found = run(command.env("SSL_CERT_FILE", pki.path().join("root.pem")));
    assert_eq!(found.status, 0, "{found:?}");
    let folder = pki.path().join("roots");
    fs::create_dir(&folder).unwrap();
    fs::copy(pki.path().join("root.pem"), folder.join("any.name")).unwrap();
    let in_folder = run(command
        .env("SSL_CERT_FILE", "/nowhere")
        .env("SSL_CERT_DIR", folder));
    assert_eq!(in_folder.status, 0, "{in_folder:?}");
}

#[test]
fn intermediates_that_came_along_are_kept() {
    let pki = pki();
    let done = pki.bundle("-cert chain.pem -ca-bundle root.pem -int-dir a/b");
    assert_eq!(done.status, 0, "{done:?}");
    let log = done.log();
    assert_eq!(
        log[0],
        "[INFO] intermediate stash directory a/b doesn't exist, creating"
    );
    assert_eq!(log[1], "[INFO] intermediate stash directory a/b created");
    let kept: Vec<_> = fs::read_dir(pki.path().join("a/b")).unwrap().flatten().collect();
    let name = kept[0].file_name().into_string().unwrap();
    assert!(kept.len() == 1 && name.starts_with("IntOne_") && name.ends_with(".crt"));
    assert_eq!(log[3], format!("[INFO] stashed new intermediate {name}"));
    assert_eq!(
        fs::read_to_string(kept[0].path()).unwrap(),
        pki.intermediate.pem()
    );
}

#[test]
fn issuers_are_fetched_from_where_certificates_say() {
    let pki = pki();
    let web = Web::open();
    let mut params = server("far.example");
    params.custom_extensions = vec![issuer_at(&web.url("/int.crt"))];
    let leaf = pki.intermediate.sign(params);
    fs::write(pki.path().join("far.pem"), leaf.pem()).unwrap();
    let refused = pki.bundle("-cert far.pem -ca-bundle root.pem");
    assert_eq!(refused.status, 1, "{refused:?}");
    web.put("/int.crt", pki.intermediate.der.clone());
    let done = pki.bundle("-cert far.pem -ca-bundle root.pem -flavor optimal -int-dir .");
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(
        done.json()["bundle"],
        leaf.pem() + pki.intermediate.pem().trim_end()
    );
    assert!(done.stderr.contains("stashed new intermediate IntOne_"));
    assert_eq!(web.asked(), ["/int.crt", "/int.crt"]);
    // Nobody is asked where what is there does.
    let enough = pki.bundle("-cert far.pem -ca-bundle root.pem -int-bundle int.pem");
    assert_eq!((enough.status, web.asked().len()), (0, 2), "{enough:?}");
}

#[test]
fn what_is_wrong_is_said_in_cfssls_order_and_words() {
    let pki = pki();
    let no_file = "no such file or directory";
    for (arguments, line) in [
        (
            "-ca-bundle no -int-bundle no -cert no",
            format!(r#"{{"code":4001,"message":"open no: {no_file}"}}"#),
        ),
        (
            "-int-bundle no -cert no",
            format!(r#"{{"code":3001,"message":"open no: {no_file}"}}"#),
        ),
        (
            "-ca-bundle leaf-key.pem -cert no",
            r#"{"code":4003,"message":"Failed to parse root certificate"}"#.into(),
        ),
        (
            "-cert no",
            format!(r#"{{"code":1001,"message":"open no: {no_file}"}}"#),
        ),
        (
            "-cert leaf.pem -key no",
            format!(r#"{{"code":2001,"message":"open no: {no_file}"}}"#),
        ),
        (
            "-cert leaf.pem -key empty -flavor force",
            r#"{"code":2002,"message":"Failed to decode private key"}"#.into(),
        ),
        (
            "-cert empty",
            r#"{"code":1002,"message":"Failed to decode certificate"}"#.into(),
        ),
        (
            "-cert root.pem -ca-bundle root.pem",
            r#"{"code":1100,"message":"Certificate is self signed"}"#.into(),
        ),
    ] {
        let refused = pki.bundle(arguments);
        assert_eq!(refused.status, 1, "{arguments}: {refused:?}");
        assert_eq!(refused.log().last(), Some(&line.as_str()), "{arguments}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn standard_input_may_be_the_certificate() {
    let pki = pki();
    let mut child = Command::new(env!("CARGO_BIN_EXE_rcfssl"))
        .current_dir(pki.path())
        .args(["bundle", "-cert", "-", "-key", "leaf-key.pem", "-flavor", "force"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(pki.leaf.pem().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["bundle"], pki.leaf.pem().trim_end());
    assert_ne!(json["key"], "");
}

/// A server at port 443 of an address of its own, where that is allowed.
fn https(chain: &[&Made], address: &str) -> bool {
    match TcpListener::bind((address, 443)) {
        Ok(listener) => {
            serve_tls(listener, chain, rustls::ALL_VERSIONS);
            true
        }
        Err(error) if std::env::var_os("RCFSSL_CI").is_some() => panic!("port 443 of {address}: {error}"),
        Err(error) => {
            eprintln!("SKIPPED: port 443 of {address} may not be used: {error}");
            false
        }
    }
}

#[test]
fn a_server_that_is_trusted_is_bundled() {
    let pki = pki();
    if !https(&[&pki.leaf, &pki.intermediate], "127.0.0.77") {
        return;
    }
    let done = pki.bundle("-domain leaf.example -ip 127.0.0.77 -ca-bundle root.pem");
    assert_eq!(done.status, 0, "{done:?}");
    assert_eq!(done.json()["status"]["rebundled"], false);
    let unverified = r#"{"code":1200,"message":"tls: handshake did not verify certificate chain"}"#;
    for arguments in [
        "-domain other.example -ip 127.0.0.77 -ca-bundle root.pem",
        "-domain leaf.example -ip 127.0.0.77 -ca-bundle leaf-key.pem",
        "-domain leaf.example -ip 127.0.0.77 -ca-bundle empty",
    ] {
        let refused = pki.bundle(arguments);
        assert_eq!(refused.status, 1, "{refused:?}");
        let last = *refused.log().last().unwrap();
        assert!(last == unverified || last.contains("4003"), "{refused:?}");
    }
}

#[test]
fn a_server_that_is_not_there_cannot_be_dialled() {
    let refused = pki().bundle("-domain leaf.example -ip 127.0.0.78");
    assert_eq!(refused.status, 1);
    assert_eq!(
        refused.log(),
        [r#"{"code":6000,"message":"dial tcp 127.0.0.78:443: connect: connection refused"}"#]
    );
}
