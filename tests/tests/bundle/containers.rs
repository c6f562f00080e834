//! Input formats of certificates and keys: PEM, DER, PKCS#7, PKCS#12, standard input.

use rcfssl_tests::made::{Made, authority, server};
use rcfssl_tests::openssl::in_folder;
use rcfssl_tests::{Workplace, needs};

use crate::{bundled, place, refused, text};

/// A chain in a folder: `leaf.pem`, `key.pem`, `int.pem`, `chain.pem`, `root.pem`.
struct Chain {
    root: Made,
    int: Made,
    leaf: Made,
    place: Workplace,
}

fn chain() -> Chain {
    let root = Made::root("Root").unwrap();
    let int = root.sign(authority("Int")).unwrap();
    let leaf = int.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("root.pem", &[&root]),
        ("int.pem", &[&int]),
        ("leaf.pem", &[&leaf]),
        ("chain.pem", &[&leaf, &int]),
    ]);
    place.write("key.pem", leaf.key_pem()).unwrap();
    Chain {
        root,
        int,
        leaf,
        place,
    }
}

impl Chain {
    fn openssl(&self, line: &str) {
        let arguments: Vec<&str> = line.split(' ').collect();
        in_folder(&self.place.path(), &arguments).unwrap();
    }

    fn text(&self) -> String {
        text(&[&self.leaf, &self.int])
    }

    /// Bundles without a comparison, because Debian's release supports less.
    fn alone(&self, arguments: &str) -> serde_json::Value {
        let step = self.place.call(&format!("cfssl bundle {arguments}")).unwrap();
        step.ok().unwrap().json().unwrap()
    }
}

/// A leaf whose last octet is or is not white space.
fn ends_in_space(int: &Made, wanted: bool) -> Made {
    loop {
        let leaf = int.sign(server("leaf.example").unwrap()).unwrap();
        if leaf.der.last().is_some_and(|last| matches!(last, 9..=13 | b' ')) == wanted {
            return leaf;
        }
    }
}

#[test]
fn concatenated_der_is_read() {
    let chain = chain();
    let arguments = "-cert leaf.der -int-bundle int.pem -ca-bundle root.pem";
    let leaf = ends_in_space(&chain.int, false);
    chain.place.write("leaf.der", &leaf.der).unwrap();
    let json = bundled(&chain.place, arguments);
    assert_eq!(json["bundle"], text(&[&leaf, &chain.int]));
    let both = [&chain.int.der[..], &leaf.der].concat();
    chain.place.write("both.der", both).unwrap();
    let json = bundled(&chain.place, "-cert both.der -ca-bundle root.pem");
    assert_eq!(json["root"], text(&[&chain.root]));
    // cfssl takes such an octet for trailing white space and removes it.
    let leaf = ends_in_space(&chain.int, true);
    chain.place.write("leaf.der", &leaf.der).unwrap();
    assert_eq!(chain.alone(arguments)["bundle"], text(&[&leaf, &chain.int]));
}

#[test]
fn pkcs7_may_contain_the_chain() {
    let chain = chain();
    let root = Made::root("Revokes").unwrap();
    // Go requires the field for CRLs, which openssl omits if there are none.
    chain.place.write("crl.pem", crl(&root)).unwrap();
    for form in ["PEM", "DER"] {
        chain.openssl(&format!(
            "crl2pkcs7 -in crl.pem -certfile chain.pem -outform {form} -out chain.p7b"
        ));
        for flavor in ["optimal", "force"] {
            let arguments = format!("-cert chain.p7b -ca-bundle root.pem -flavor {flavor}");
            let json = bundled(&chain.place, &arguments);
            assert_eq!(json["bundle"], chain.text(), "{form} {flavor}");
        }
    }
    chain.openssl("crl2pkcs7 -in crl.pem -certfile int.pem -out int.p7b");
    let json = bundled(
        &chain.place,
        "-cert leaf.pem -int-bundle int.p7b -ca-bundle root.pem",
    );
    assert_eq!(json["bundle"], chain.text());
    chain.openssl("crl2pkcs7 -nocrl -certfile chain.pem -outform DER -out chain.p7b");
    let why = refused(&chain.place, "-cert chain.p7b -ca-bundle root.pem");
    assert!(why.starts_with(r#"{"code":1002,"#), "{why}");
}

fn crl(issuer: &Made) -> String {
    use rcgen::{CertificateRevocationListParams, KeyIdMethod, SerialNumber};
    let params = CertificateRevocationListParams {
        this_update: issuer.params.not_before,
        next_update: issuer.params.not_after,
        crl_number: SerialNumber::from(1_u64),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    let list = params.signed_by(&issuer.issuer()).unwrap();
    rcfssl_tests::made::pem("X509 CRL", list.der())
}

const EXPORT: &str = "pkcs12 -export -inkey key.pem -in leaf.pem -out leaf.p12";

#[test]
fn legacy_pkcs12_contains_a_key_and_its_certificate() {
    let chain = chain();
    for (options, password) in [
        ("-legacy -passout pass:secret", "-password secret"),
        ("-legacy -passout pass:0", ""),
        (
            "-legacy -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -passout pass:x",
            "-password x",
        ),
    ] {
        chain.openssl(&format!("{EXPORT} {options}"));
        let arguments = format!("-cert leaf.p12 {password} -int-bundle int.pem -ca-bundle root.pem");
        let json = bundled(&chain.place, arguments.trim());
        assert_eq!(json["bundle"], chain.text(), "{options}");
        let key = json["key"].as_str().unwrap();
        assert!(key.starts_with("-----BEGIN EC PRIVATE KEY-----"), "{options}");
        let why = refused(&chain.place, "-cert leaf.p12 -password wrong -ca-bundle root.pem");
        assert!(why.starts_with(r#"{"code":1002,"#), "{why}");
    }
}

#[test]
fn modern_pkcs12_may_contain_the_chain_too() {
    // Debian's release supports only the legacy ciphers and a single certificate.
    let chain = chain();
    for options in [
        "-passout pass:secret",
        "-keypbe AES-128-CBC -certpbe AES-128-CBC -macalg SHA512 -passout pass:secret",
        "-certpbe NONE -passout pass:secret",
        "-keypbe NONE -certpbe NONE -passout pass:secret",
        "-nomac -passout pass:secret",
    ] {
        chain.openssl(&format!("{EXPORT} -certfile int.pem {options}"));
        let json = chain.alone("-cert leaf.p12 -password secret -ca-bundle root.pem");
        assert_eq!(json["bundle"], chain.text(), "{options}");
        assert_ne!(json["key"], "", "{options}");
    }
    chain.openssl(&format!("{EXPORT} -passout pass:secret"));
    let step = chain
        .place
        .call("cfssl bundle -cert leaf.p12 -password guessed -ca-bundle root.pem")
        .unwrap();
    let hint = "hint: it is a PKCS#12 file, and the password is wrong";
    assert!(step.status == 1 && step.err().contains(hint), "{step}");
    assert!(!step.err().contains("guessed"), "{step}");
}

#[test]
fn keytools_files_are_read() {
    needs!("keytool");
    let chain = chain();
    let made = chain
        .place
        .shell(
            "keytool -genkeypair -keystore k.p12 -storetype PKCS12 -storepass changeit -alias x \
             -dname CN=java -keyalg EC -groupname secp256r1 -validity 30 2>&1",
        )
        .unwrap();
    assert_eq!(made.status, 0, "{made}");
    let json = chain.alone("-cert k.p12 -password changeit -flavor force");
    assert_eq!(json["subject"], "/CommonName=java");
    assert_ne!(json["key"], "");
}

#[test]
fn a_certificate_and_its_key_may_come_from_standard_input() {
    let chain = chain();
    let run = |line: &str| {
        let step = chain.place.shell(line).unwrap();
        step.ok().unwrap().json().unwrap()
    };
    let json = run("cfssl bundle -cert - -int-bundle int.pem -ca-bundle root.pem < leaf.pem");
    assert_eq!(json["bundle"], chain.text());
    let json = run("cfssl bundle -cert - -key key.pem -flavor force < chain.pem");
    assert_eq!(json["bundle"], chain.text());
    assert_ne!(json["key"], "");
}
