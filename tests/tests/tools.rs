//! The binary under the names of cfssl's sibling tools, compared with Debian's.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::made::{Access, Made, access, authority, good_for, pem, server};
use rcfssl_tests::openssl::in_folder;
use rcfssl_tests::servers::{self, Web};
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, debian};
use rcgen::{
    CertificateRevocationListParams, CrlDistributionPoint, DnType, KeyIdMethod, RevokedCertParams,
    SerialNumber,
};

/// A folder with `ca.pem`, `leaf.pem`, `leaf-key.pem` and `csr.json`.
fn place() -> (Workplace, Made) {
    let place = Workplace::new().unwrap();
    let root = Made::root("Root").unwrap();
    let leaf = root.sign(server("leaf.example").unwrap()).unwrap();
    place.write("ca.pem", root.pem()).unwrap();
    place.write("leaf.pem", leaf.pem()).unwrap();
    place.write("leaf-key.pem", leaf.key_pem()).unwrap();
    place.write("empty", "").unwrap();
    let csr = r#"{"CN":"x","hosts":["x"],"key":{"algo":"ecdsa","size":256}}"#;
    place.write("csr.json", csr).unwrap();
    (place, root)
}

/// Runs a program and compares with Debian's.
fn alike(place: &Workplace, line: &str) -> Step {
    debian::alike(place, line).unwrap()
}

#[test]
fn the_tools_do_what_the_commands_do() {
    let (place, _) = place();
    let bundle = alike(
        &place,
        "cfssl-bundle -cert leaf.pem -key leaf-key.pem -ca-bundle ca.pem",
    );
    assert_eq!(
        bundle.json().unwrap()["root"],
        place.read("ca.pem").unwrap().trim_end()
    );
    let forced = alike(&place, "cfssl-bundle -cert ca.pem -flavor force");
    assert_eq!(forced.json().unwrap()["subject"], "/CommonName=Root");
    let shown = alike(&place, "cfssl-certinfo -cert ca.pem");
    assert_eq!(shown.json().unwrap()["subject"]["common_name"], "Root");
    let scanners = alike(&place, "cfssl-scan -list");
    assert!(scanners.json().unwrap()["PKI"].is_object());
}

#[test]
fn newkey_creates_keys_requests_and_cas() {
    let (place, _) = place();
    for (line, members) in [
        ("cfssl-newkey csr.json", &["csr", "key"][..]),
        ("cfssl-newkey -initca csr.json", &["cert", "csr", "key"]),
    ] {
        let made = place.call(line).unwrap().ok().unwrap().json().unwrap();
        let found: Vec<&String> = made.as_object().unwrap().keys().collect();
        assert_eq!(found, members, "{line}");
        place.write("made.json", made.to_string()).unwrap();
        place
            .call("cfssljson -bare -f made.json made")
            .unwrap()
            .ok()
            .unwrap();
        in_folder(&place.path(), &["req", "-in", "made.csr", "-verify", "-noout"]).unwrap();
    }
    // A configuration that cannot be read is reported and otherwise ignored.
    let unread = place.call("cfssl-newkey -config nope csr.json").unwrap();
    let told = "Failed to load config file: {\"code\":5200,";
    assert!(unread.err().starts_with(told), "{unread}");
    assert!(unread.ok().unwrap().json().unwrap()["key"].is_string());
}

#[test]
fn a_server_is_scanned() {
    let (place, root) = place();
    let int = root.sign(authority("Int")).unwrap();
    let leaf = int.sign(server("localhost").unwrap()).unwrap();
    let port = servers::tls(&[&leaf, &int], &[]).unwrap().port();
    let shown = alike(&place, &format!("cfssl-certinfo -domain localhost:{port}"));
    assert_eq!(shown.json().unwrap()["pem"], leaf.pem());
    let line = format!("cfssl-scan -ca-bundle ca.pem -ip 127.0.0.1 -family PKI localhost:{port}");
    let scanned = alike(&place, &line);
    assert!(scanned.out().contains(r#""ChainValidation""#), "{scanned}");
}

#[test]
fn the_exit_status_is_2_for_wrong_flags_and_otherwise_0() {
    let (place, _) = place();
    for (line, status) in [
        ("cfssl-bundle", 0),
        ("cfssl-bundle -cert nope -flavor force", 0),
        ("cfssl-bundle -cert leaf.pem -ca-bundle empty", 0),
        ("cfssl-bundle -cert leaf.pem -key csr.json -ca-bundle ca.pem", 0),
        ("cfssl-bundle -domain x.example -ip 127.0.0.74", 0),
        ("cfssl-bundle -bogus", 2),
        ("cfssl-bundle -loglevel 0", 2),
        ("cfssl-bundle -cert", 2),
        ("cfssl-bundle -h", 0),
        ("cfssl-certinfo", 0),
        ("cfssl-certinfo -cert nope", 0),
        ("cfssl-certinfo -cert csr.json", 0),
        ("cfssl-certinfo -csr x", 2),
        ("cfssl-certinfo -config x", 2),
        ("cfssl-certinfo --help", 0),
        ("cfssl-newkey", 0),
        ("cfssl-newkey nope", 0),
        ("cfssl-newkey leaf.pem", 0),
        ("cfssl-newkey -loglevel 0", 2),
        ("cfssl-newkey -initca=maybe csr.json", 2),
        ("cfssl-newkey -h", 0),
        ("cfssl-scan -num-workers x h", 2),
        ("cfssl-scan -bogus", 2),
        ("cfssl-scan -csv nope", 0),
        ("cfssl-scan -h", 0),
        ("mkbundle -bogus", 2),
        ("mkbundle -nw x", 2),
        ("mkbundle -h", 0),
        ("mkbundle -f /nowhere/x ca.pem", 0),
        ("cfssl-mkbundle -f /nowhere/x ca.pem", 0),
    ] {
        let done = place.call(line).unwrap();
        assert_eq!(done.status, status, "{line}: {done}");
        assert!(
            done.stdout.is_empty() && !done.stderr.is_empty(),
            "{line}: {done}"
        );
        alike(&place, line);
    }
    let wrong = place.call("cfssl-certinfo -csr x").unwrap();
    assert_eq!(
        wrong.err(),
        "hint: `cfssl-certinfo -h` lists the flags\nflag provided but not defined: -csr\n"
    );
}

#[test]
fn the_name_is_that_of_the_link_wherever_it_is() {
    let (place, _) = place();
    let link = "mkdir -p a/b; ln -s \"$(command -v rcfssl)\" a/b/cfssl-certinfo; \
                ln -s \"$(command -v rcfssl)\" a/b/cfssl-bundle.bak; ";
    let by_path = place
        .shell(&format!("{link} ./a/b/cfssl-certinfo -cert ca.pem"))
        .unwrap();
    assert_eq!(
        by_path.ok().unwrap().json().unwrap()["subject"]["common_name"],
        "Root"
    );
    // Any other name means cfssl itself.
    let other = place.shell("a/b/cfssl-bundle.bak version").unwrap();
    assert!(other.ok().unwrap().out().starts_with("Version: "));
}

#[test]
fn mkbundle_collects_valid_certificates() {
    let (place, root) = place();
    let other = Made::root("Other").unwrap();
    let mut params = server("gone.example").unwrap();
    good_for(&mut params, -9, -1);
    let gone = root.sign(params).unwrap();
    let all = root.pem() + &gone.pem() + &other.pem();
    place.write("d/a.pem", all).unwrap();
    place.write("d/b.pem", root.key_pem()).unwrap();
    place.write("d/c.txt", "no PEM").unwrap();
    // With one worker Debian's tool keeps an order, too, but walks the folders
    // concurrently.
    for (name, workers) in [("mkbundle", "1"), ("cfssl-mkbundle", "7")] {
        let done = place
            .call(&format!("{name} -f all.pem -nw {workers} d missing"))
            .unwrap();
        assert_eq!(done.status, 0);
        assert_eq!(place.read("all.pem").unwrap(), root.pem() + &other.pem());
        let log = done.log();
        assert_eq!(
            log[..9],
            [
                "[INFO] Found d",
                "[INFO] Found d/a.pem",
                "[INFO] Found d/b.pem",
                "[INFO] Found d/c.txt",
                "[INFO] Found missing",
                "[ERROR] Walk failed: lstat missing: no such file or directory",
                "[INFO] Loading d/a.pem",
                "[INFO] Validating CN=Root",
                "[INFO] Validating CN=gone.example"
            ]
        );
        assert!(log[9].starts_with("[INFO] Certificate expired 20") && log[9].ends_with(" +0000 UTC"));
        assert_eq!(
            log[10..],
            [
                "[INFO] Skipping revoked certificate",
                "[INFO] Validating CN=Other",
                "[INFO] Loading d/b.pem",
                "[INFO] Skipping non-certificate",
                "[INFO] Loading d/c.txt",
                "[WARNING] d/c.txt: no PEM data found",
                "[INFO] Wrote 2 certificates.",
            ]
        );
        // The lines are the same as Debian's, in any order.
        if debian::is_here().unwrap() {
            let theirs = place
                .call(&format!(
                    "/usr/bin/cfssl-mkbundle -f all.pem -nw {workers} d missing"
                ))
                .unwrap();
            let sorted = |step: &Step| {
                let mut lines = step.log();
                lines.sort();
                lines
            };
            assert_eq!(sorted(&theirs), sorted(&done));
        }
    }
}

#[test]
fn mkbundle_fetches_crls() {
    let (place, root) = place();
    let web = Web::open().unwrap();
    let mut params = server("leaf.example").unwrap();
    params.serial_number = Some(SerialNumber::from(4711_u64));
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![web.url("/list")],
    }];
    let leaf = root.sign(params).unwrap();
    place.write("leaf.pem", leaf.pem()).unwrap();
    let run = || place.call("mkbundle leaf.pem").unwrap();
    let missing = run();
    assert!(
        missing
            .err()
            .contains("failed to fetch CRL: failed to retrieve CRL"),
        "{missing}"
    );
    let log = missing.log();
    assert_eq!(
        log[log.len() - 2..],
        [
            "[WARNING] Failed to verify certificate.",
            "[INFO] Wrote 0 certificates."
        ]
    );
    for (serials, wrote) in [(&[][..], 1), (&[4711_u64], 0), (&[4710, 4712], 1)] {
        web.put("/list", list(&root, serials));
        let done = run();
        let told = format!("Wrote {wrote} certificates.");
        assert!(done.err().contains(&told), "{done}");
        let written = place.read("cert-bundle.crt").unwrap();
        assert_eq!(written, if wrote > 0 { leaf.pem() } else { String::new() });
    }
    web.put("/list", pem("X509 CRL", &list(&root, &[4711])));
    assert!(run().err().contains("Wrote 0 certificates."));
}

#[test]
fn mkbundle_follows_redirects_to_https_and_writes_completely_or_not_at_all() {
    let (mut place, root) = place();
    let web = Web::open().unwrap();
    let site = root.sign(server("site.example").unwrap()).unwrap();
    let secure = web.open_tls(&[&site]).unwrap();
    let mut params = server("leaf.example").unwrap();
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec![web.url("/list")],
    }];
    params.custom_extensions = vec![access(&[
        (Access::Issuers, &web.url("/root")),
        (Access::Ocsp, &web.url("/ocsp")),
    ])];
    let leaf = root.sign(params).unwrap();
    place.write("in/leaf.pem", leaf.pem()).unwrap();
    place.write("all.pem", "what was there").unwrap();
    for path in ["/list", "/root"] {
        web.redirect(path, &secure(&format!("/secure{path}")));
    }
    web.put("/secure/list", list(&root, &[]));
    web.put("/secure/root", root.der.clone());
    place.set("SSL_CERT_FILE", "ca.pem");
    // No OCSP responder answers, so the certificate is left out.
    let done = place.call("mkbundle -f all.pem in").unwrap();
    assert_eq!(done.status, 0);
    assert!(
        done.err().contains("error checking revocation via OCSP") && !done.err().contains("panic"),
        "{done}"
    );
    let asked = web.asked();
    for path in ["/list", "/root", "/secure/list", "/secure/root"] {
        assert!(asked.iter().any(|asked| asked == path), "{asked:?}");
    }
    assert_eq!(place.read("all.pem").unwrap(), "");
    // A full disk: the existing file stays.
    place.write("in/root.pem", root.pem()).unwrap();
    place.write("all.pem", "what was there").unwrap();
    let full = place
        .shell("ulimit -f 0; mkbundle -f all.pem in/root.pem")
        .unwrap();
    assert!(!full.err().contains("Wrote 1"), "{full}");
    assert_eq!(place.read("all.pem").unwrap(), "what was there");
    // The output file is not read as input although it is in the folder.
    place.write("in/all.pem", root.pem()).unwrap();
    let done = place
        .call("mkbundle -f in/all.pem in/all.pem in/root.pem")
        .unwrap();
    assert!(done.err().contains("Wrote 1 certificates."), "{done}");
    assert_eq!(place.read("in/all.pem").unwrap(), root.pem());
    assert_eq!(
        place.shell("ls -A in").unwrap().out(),
        "all.pem\nleaf.pem\nroot.pem\n"
    );
}

#[test]
fn mkbundle_contacts_few_addresses_per_certificate() {
    let (place, root) = place();
    let web = Web::open().unwrap();
    let urls: Vec<String> = (0..500).map(|number| web.url(&format!("/{number}"))).collect();
    let mut params = server("leaf.example").unwrap();
    let issuers: Vec<_> = urls.iter().map(|url| (Access::Issuers, url.as_str())).collect();
    params.custom_extensions = vec![access(&issuers)];
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: (0..100)
            .map(|number| web.url(&format!("/list/{number}")))
            .collect(),
    }];
    (0..100).for_each(|number| web.put(&format!("/list/{number}"), list(&root, &[])));
    place.write("leaf.pem", root.sign(params).unwrap().pem()).unwrap();
    let done = place.call("mkbundle leaf.pem").unwrap();
    assert!(
        done.err().contains("the certificate names more than 8 CRLs")
            && done.err().contains("Wrote 0 certificates."),
        "{done}"
    );
    let asked = web.asked();
    assert_eq!(asked.len(), 16, "{asked:?}");
}

#[test]
fn a_certificate_cannot_forge_a_log_line() {
    let (place, root) = place();
    let forged = "x\n2026/01/01 00:00:00 [INFO] Wrote 9 certificates.\u{1b}[2J\u{202e}";
    let mut params = server("leaf.example").unwrap();
    params.distinguished_name.push(DnType::CommonName, forged);
    let leaf = root.sign(params).unwrap();
    place.write("leaf.pem", leaf.pem()).unwrap();
    place.write("bad\nfile", "no PEM").unwrap();
    for line in [
        "mkbundle leaf.pem $'bad\\nfile'",
        "cfssl bundle -cert leaf.pem -ca-bundle ca.pem",
        "cfssl bundle -cert $'a\\nb' -ca-bundle ca.pem",
        "cfssl certinfo -cert $'a\\nb'",
        "cfssl bundle -domain $'a\\nb'",
        "cfssl gencert -initca $'a\\nb'",
        "cfssl $'a\\nb'",
        "cfssl scan -ca-bundle $'a\\nb' x",
        "echo '{\"success\":false,\"errors\":[{\"message\":\"a\\nb\"}]}' | cfssljson x",
        "cfssljson -f $'a\\nb'",
    ] {
        let done = place.shell(line).unwrap();
        let forged = |line: &str| line.starts_with("2026/01/01") || line == "b" || line.starts_with("b:");
        assert!(!done.err().lines().any(forged), "{line}: {done}");
        assert!(done.err().contains(r"\n"), "{line}: {done}");
        assert!(!done.err().contains(['\u{1b}', '\u{202e}']), "{line}: {done}");
    }
}

/// A list of revoked certificates.
fn list(issuer: &Made, serials: &[u64]) -> Vec<u8> {
    let revoked = serials.iter().map(|serial| RevokedCertParams {
        serial_number: SerialNumber::from(*serial),
        revocation_time: issuer.params.not_before,
        reason_code: None,
        invalidity_date: None,
    });
    let params = CertificateRevocationListParams {
        this_update: issuer.params.not_before,
        next_update: issuer.params.not_after,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(&issuer.issuer()).unwrap().der().to_vec()
}
