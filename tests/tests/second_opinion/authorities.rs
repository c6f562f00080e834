//! CAs from other programs, with names that rcfssl would never encode: the leaves it signs
//! must repeat those names byte for byte, or no chain would verify.

use rcfssl_tests::Workplace;
use rcfssl_tests::normal::x509::Certificate;
use rcfssl_tests::openssl::in_folder;
use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, DnValue, IsCa, KeyPair, KeyUsagePurpose,
};

use crate::{der, place, request, sign};

/// Signs a leaf under `ca.pem` and checks names and key identifiers, then verifies the
/// chain with openssl.
fn signs(place: &Workplace, what: &str) {
    let document = request("leaf", ("ecdsa", 256), &["leaf.example"]);
    sign(place, "ca", "peer", &document, "leaf");
    let (authority, leaf) = (der(place, "ca"), der(place, "leaf"));
    let (authority, leaf) = (
        Certificate::read(&authority).unwrap(),
        Certificate::read(&leaf).unwrap(),
    );
    assert_eq!(leaf.issuer.bytes, authority.subject.bytes, "{what}");
    let verify = ["verify", "-auth_level", "0", "-CAfile", "ca.pem", "leaf.pem"];
    in_folder(&place.path(), &verify).unwrap_or_else(|error| panic!("{what}: {error}"));
    // A key identifier that is not the SHA-1 of the key is copied.
    let id = |file: &str, extension: &str| {
        let text = in_folder(&place.path(), &["x509", "-noout", "-in", file, "-ext", extension]).unwrap();
        text.lines()
            .nth(1)
            .map(|line| line.trim().trim_start_matches("keyid:").to_owned())
    };
    assert_eq!(
        id("leaf.pem", "authorityKeyIdentifier"),
        id("ca.pem", "subjectKeyIdentifier"),
        "{what}"
    );
}

/// A CA created with rcgen.
fn by_rcgen(place: &Workplace, name: Vec<(DnType, DnValue)>, algorithm: &'static rcgen::SignatureAlgorithm) {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    name.into_iter()
        .for_each(|(kind, value)| parameters.distinguished_name.push(kind, value));
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate_for(algorithm).unwrap();
    place
        .write("ca.pem", parameters.self_signed(&key).unwrap().pem())
        .unwrap();
    place.write("ca-key.pem", key.serialize_pem()).unwrap();
}

#[test]
fn names_of_every_string_type() {
    let place = place();
    let values = || {
        vec![
            (
                DnType::CountryName,
                DnValue::PrintableString(PrintableString::try_from("AT").unwrap()),
            ),
            (
                DnType::OrganizationName,
                DnValue::Utf8String("Öffentlich & Söhne".to_owned()),
            ),
            (
                DnType::OrganizationalUnitName,
                DnValue::BmpString(BmpString::try_from("Βeta").unwrap()),
            ),
            (
                DnType::LocalityName,
                DnValue::TeletexString(TeletexString::try_from("Wien").unwrap()),
            ),
            (
                DnType::CustomDnType(vec![1, 2, 840, 113549, 1, 9, 1]),
                DnValue::Ia5String(Ia5String::try_from("ca@example.org").unwrap()),
            ),
            (
                DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 25]),
                DnValue::Ia5String(Ia5String::try_from("example").unwrap()),
            ),
            (
                DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 99999, 1]),
                DnValue::Utf8String("own".to_owned()),
            ),
            (DnType::CommonName, DnValue::Utf8String("plain".to_owned())),
        ]
    };
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        by_rcgen(&place, values(), algorithm);
        signs(&place, &format!("{algorithm:?}"));
    }
    for one in values() {
        let what = format!("{one:?}");
        by_rcgen(&place, vec![one], &rcgen::PKCS_ECDSA_P256_SHA256);
        signs(&place, &what);
    }
    by_rcgen(&place, Vec::new(), &rcgen::PKCS_ECDSA_P256_SHA256);
    let document = request("leaf", ("ecdsa", 256), &["leaf.example"]);
    sign(&place, "ca", "peer", &document, "leaf");
    // An empty name does not verify anywhere, but it is copied nevertheless.
    let leaf = der(&place, "leaf");
    assert_eq!(Certificate::read(&leaf).unwrap().issuer.bytes, [0x30, 0]);
}

/// Go does not support UniversalString, and therefore cfssl does not.
#[test]
fn a_name_that_cfssl_cannot_read_is_refused() {
    let place = place();
    let name = UniversalString::try_from("Root").unwrap();
    let name = vec![(DnType::CommonName, DnValue::UniversalString(name))];
    by_rcgen(&place, name, &rcgen::PKCS_ECDSA_P256_SHA256);
    place
        .write("leaf.json", request("leaf", ("ecdsa", 256), &[]))
        .unwrap();
    let step = place
        .shell("rcfssl gencert -ca ca.pem -ca-key ca-key.pem leaf.json")
        .unwrap();
    let error = r#"{"code":1003,"message":"Failed to parse certificate"}"#;
    let told = step.err();
    let refusal = told.lines().rfind(|line| !line.starts_with("hint: "));
    assert_eq!((step.status, refusal), (1, Some(error)));
}

/// A CA created with openssl: a subject, options, and a key.
fn by_openssl(place: &Workplace, subject: &str, options: &[&str], key: &[&str]) {
    let key = [&["genpkey", "-out", "ca-key.pem"], key].concat();
    in_folder(&place.path(), &key).unwrap();
    let request = [
        "req",
        "-x509",
        "-new",
        "-key",
        "ca-key.pem",
        "-out",
        "ca.pem",
        "-days",
        "9",
        "-subj",
        subject,
    ];
    in_folder(&place.path(), &[&request[..], options].concat()).unwrap();
}

const P256: [&str; 4] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];

#[test]
fn names_that_openssl_writes() {
    let place = place();
    for subject in [
        "/DC=org/DC=example/DC=deep/CN=Two and more",
        "/C=US/O=A+OU=B+CN=C",
        "/O=one/O=two/OU=u1/OU=u2/CN=x/CN=y",
        "/CN=first/O=last",
        "/emailAddress=a@example.org/CN=mail",
        "/serialNumber=7/GN=Ada/SN=Lovelace/title=Countess/pseudonym=AAL/CN=person",
        "/UID=u/street=Street 1/postalCode=1010/CN=x",
        "/1.2.3.4=own/CN=numbers",
        "/CN=  spaces  ",
        "/CN=*?<&>",
    ] {
        by_openssl(&place, subject, &[], &P256);
        signs(&place, subject);
    }
}

#[test]
fn string_types_chosen_in_openssl() {
    let place = place();
    for (mask, what) in [
        // ASN.1 string types with openssl's numbers.
        ("MASK:4", "T61STRING"),
        ("MASK:2048", "BMPSTRING"),
        ("utf8only", "UTF8STRING"),
        ("nombstr", "PRINTABLESTRING"),
    ] {
        let config = format!(
            "[req]\nprompt=no\nstring_mask={mask}\nutf8=yes\ndistinguished_name=dn\nx509_extensions=ca\n\
             [dn]\nO=Org\nCN=Root\n[ca]\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier=hash\n"
        );
        place.write("openssl.cnf", config).unwrap();
        in_folder(
            &place.path(),
            &[&["genpkey", "-out", "ca-key.pem"][..], &P256].concat(),
        )
        .unwrap();
        let arguments = [
            "req",
            "-x509",
            "-new",
            "-key",
            "ca-key.pem",
            "-out",
            "ca.pem",
            "-config",
            "openssl.cnf",
        ];
        in_folder(&place.path(), &arguments).unwrap();
        assert!(
            in_folder(&place.path(), &["asn1parse", "-in", "ca.pem"])
                .unwrap()
                .contains(what)
        );
        signs(&place, what);
    }
}

/// openssl's configuration for a CA with this key identifier.
fn config(id: &str) -> String {
    format!(
        "[req]\nprompt=no\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\nCN=Root\n\
         [ca]\nbasicConstraints=critical,CA:TRUE\nsubjectKeyIdentifier={id}\nauthorityKeyIdentifier=none\n"
    )
}

#[test]
fn unusual_key_identifiers_and_keys() {
    let place = place();
    for (id, what) in [
        ("0102030405", "a short identifier"),
        (
            "aabbccddeeff00112233445566778899aabbccddeeff00112233",
            "a long one",
        ),
        ("hash", "the usual one"),
    ] {
        place.write("openssl.cnf", config(id)).unwrap();
        by_openssl(&place, "/CN=Root", &["-config", "openssl.cnf"], &P256);
        signs(&place, what);
    }
    for (key, what) in [
        (
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"][..],
            "RSA of 1024 bits",
        ),
        (
            &[
                "-algorithm",
                "RSA",
                "-pkeyopt",
                "rsa_keygen_bits:2048",
                "-pkeyopt",
                "rsa_keygen_pubexp:3",
            ],
            "exponent 3",
        ),
        (
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3000"],
            "RSA of 3000 bits",
        ),
        (
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            "P-384",
        ),
        (
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
            "P-521",
        ),
        (&["-algorithm", "ED25519"], "Ed25519"),
    ] {
        by_openssl(&place, "/DC=org/DC=example/CN=Root", &[], key);
        signs(&place, what);
    }
}

#[test]
fn a_ca_without_a_key_identifier() {
    let place = place();
    place.write("openssl.cnf", config("none")).unwrap();
    by_openssl(&place, "/CN=Root", &["-config", "openssl.cnf"], &P256);
    let text = in_folder(&place.path(), &["x509", "-noout", "-text", "-in", "ca.pem"]).unwrap();
    assert!(!text.contains("Key Identifier"), "{text}");
    let document = request("leaf", ("ecdsa", 256), &["leaf.example"]);
    sign(&place, "ca", "peer", &document, "leaf");
    in_folder(&place.path(), &["verify", "-CAfile", "ca.pem", "leaf.pem"]).unwrap();
    let text = in_folder(&place.path(), &["x509", "-noout", "-text", "-in", "leaf.pem"]).unwrap();
    assert!(!text.contains("Authority Key Identifier"), "{text}");
}
