//! The parts of the old certificate that a renewed one copies octet for octet.

use rcfssl_tests::normal::der::Element;
use rcfssl_tests::normal::x509;
use rcfssl_tests::organization::Certificate;
use rcfssl_tests::{Organization, openssl};

use crate::{document, organization, refused, renewed};

/// Object identifiers of extensions other than names.
const KEY_USAGE: &str = "2.5.29.15";
const ALTERNATIVE_NAMES: &str = "2.5.29.17";

/// A server certificate created by openssl, with these lines for its distinguished name,
/// string types (`string_mask`), and alternative names.
fn original(organization: &Organization, name: &str, subject: &str, mask: &str, names: &str) {
    let config = format!(
        "oid_section = oids\n[oids]\nodd = 1.3.6.1.4.1.99999.1\n\
         [req]\nprompt = no\nutf8 = yes\ndistinguished_name = subject\nstring_mask = {mask}\n[subject]\n{subject}\n\
         [extensions]\nkeyUsage = critical, digitalSignature, keyEncipherment\n\
         extendedKeyUsage = serverAuth\nbasicConstraints = critical, CA:FALSE\n{names}\n\
         [party]\nC = DE\nO = Party\nCN = Of a directory\n"
    );
    organization.write("../original.cnf", config).unwrap();
    let steps = [
        format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout {name}-key.pem \
             -config ../original.cnf -out ../original.csr"
        ),
        format!(
            "x509 -req -in ../original.csr -CA ca.pem -CAkey ca-key.pem -set_serial 0x1234 -days 90 \
             -extfile ../original.cnf -extensions extensions -out {name}.pem"
        ),
    ];
    for step in steps {
        let arguments: Vec<&str> = step.split_whitespace().collect();
        openssl::in_folder(&organization.path(), &arguments).unwrap();
    }
}

fn is_taken_over(old: &Certificate, new: &Certificate) {
    assert_ne!(new.der, old.der);
    assert_ne!(new.serial, old.serial);
    assert_eq!(new.subject, old.subject);
    assert_eq!(new.public_key, old.public_key);
    assert_eq!(
        new.extensions.get(ALTERNATIVE_NAMES),
        old.extensions.get(ALTERNATIVE_NAMES)
    );
    assert_eq!(new.extensions[KEY_USAGE], old.extensions[KEY_USAGE]);
    assert_eq!(new.days_left(), 364);
}

/// Subjects that rcfssl would encode differently: string types, order, multi-valued RDNs,
/// attributes that it does not know.
const SUBJECTS: [(&str, &str, &str); 7] = [
    ("utf8", "utf8only", "C = DE\nO = Müller & Söhne\nCN = plain"),
    ("bmp", "MASK:0x800", "C = DE\nO = Žluťoučký kůň\nCN = a.example"),
    ("t61", "MASK:0x4", "O = Müller\nOU = Straße\nCN = b.example"),
    (
        "printable",
        "MASK:0x2",
        "CN = first\nOU = 1\nO = 2\nL = 3\nST = 4\nC = DE",
    ),
    (
        "several",
        "default",
        "0.DC = org\n1.DC = example\nO = one\n+OU = joined\n+UID = u\nCN = c\n0.OU = x\n1.OU = y",
    ),
    (
        "unknown",
        "default",
        "odd = something\nemailAddress = a@b.example\nserialNumber = 12\nstreet = S 1\npostalCode = 7",
    ),
    ("repeated", "default", "0.CN = one\n1.CN = two\n0.O = x\n1.O = x"),
];

#[test]
fn a_subject_is_copied_octet_for_octet() {
    let organization = Organization::new().unwrap();
    for (name, mask, subject) in SUBJECTS {
        original(
            &organization,
            name,
            subject,
            mask,
            "subjectAltName = DNS:host.example",
        );
    }
    let old = SUBJECTS.map(|(name, _, _)| organization.certificate(&format!("{name}.pem")).unwrap());
    // openssl did what it was asked to do.
    let shown = |at: usize| x509::name(&Element::whole(&old[at].subject).unwrap()).unwrap();
    assert!(
        shown(1).iter().any(|rdn| rdn.starts_with("2.5.4.10=bmp:")),
        "{:?}",
        shown(1)
    );
    assert!(
        shown(2).iter().any(|rdn| rdn.starts_with("2.5.4.10=t61:")),
        "{:?}",
        shown(2)
    );
    assert!(shown(4).iter().any(|rdn| rdn.contains(" + ")), "{:?}", shown(4));
    renewed(&organization, "-force .");
    for ((name, _, _), old) in SUBJECTS.iter().zip(&old) {
        let new = organization.certificate(&format!("{name}.pem")).unwrap();
        is_taken_over(old, &new);
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
    }
}

/// All types of names in RFC 5280 (4.2.1.6). The last two, x400Address and ediPartyName,
/// are raw DER, because openssl has no syntax for them.
const NAMES: [(&str, &str); 8] = [
    (
        "other",
        "otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@realm.example",
    ),
    ("registered", "RID:1.2.3.4.5"),
    ("directory", "dirName:party"),
    ("plain", "DNS:b.example, DNS:a.example, DNS:b.example"),
    ("addresses", "IP:10.0.0.1, IP:::ffff:10.0.0.2, IP:fe80::1"),
    (
        "mixed",
        "URI:spiffe://a/b, email:a@b.example, DNS:*.x.example, RID:1.2.3, IP:127.0.0.1, \
         otherName:1.2.3.4;INTEGER:7, dirName:party",
    ),
    ("x400", "DER:30:04:A3:02:30:00"),
    ("edi", "DER:30:08:A5:06:A1:04:0C:02:65:64"),
];

#[test]
fn alternative_names_of_every_type_are_copied_octet_for_octet() {
    let organization = Organization::new().unwrap();
    for (name, value) in NAMES {
        let names = format!("subjectAltName = {value}");
        original(&organization, name, "CN = x", "default", &names);
    }
    original(&organization, "none", "CN = x", "default", "");
    let all = NAMES.map(|(name, _)| name).into_iter().chain(["none"]);
    let all: Vec<_> = all
        .map(|name| (name, organization.certificate(&format!("{name}.pem")).unwrap()))
        .collect();
    let old = |name| &all.iter().find(|(n, _)| *n == name).unwrap().1;
    // openssl did what it was asked to do.
    assert_eq!(old("other").names().unwrap()[2], 0xA0);
    assert_eq!(old("registered").names().unwrap()[2], 0x88);
    assert_eq!(old("directory").names().unwrap()[2], 0xA4);
    assert_eq!(old("none").names(), None);
    renewed(&organization, "-force .");
    for (name, old) in &all {
        is_taken_over(old, &organization.certificate(&format!("{name}.pem")).unwrap());
    }
}

/// RFC 5280, 4.2.1.6: the alternative names are then critical, and stay so.
#[test]
fn a_certificate_may_have_no_subject() {
    let organization = Organization::new().unwrap();
    let names = "subjectAltName = critical, DNS:only.example, RID:1.2.3";
    original(&organization, "empty", "CN = x", "default", names);
    openssl::in_folder(
        &organization.path(),
        &[
            "req",
            "-new",
            "-key",
            "empty-key.pem",
            "-subj",
            "/",
            "-config",
            "../original.cnf",
            "-out",
            "../original.csr",
        ],
    )
    .unwrap();
    let sign = "x509 -req -in ../original.csr -CA ca.pem -CAkey ca-key.pem -set_serial 0x1235 -days 90 \
                -extfile ../original.cnf -extensions extensions -out empty.pem";
    let sign: Vec<&str> = sign.split_whitespace().collect();
    openssl::in_folder(&organization.path(), &sign).unwrap();
    let old = organization.certificate("empty.pem").unwrap();
    assert_eq!(old.subject, [0x30, 0]);
    assert!(old.extensions[ALTERNATIVE_NAMES].0);
    renewed(&organization, "-force empty.pem");
    is_taken_over(&old, &organization.certificate("empty.pem").unwrap());
}

#[test]
fn the_chain_after_a_certificate_is_kept() {
    let organization = organization();
    let ca = organization.read("ca.pem").unwrap();
    let own = organization.read("server.pem").unwrap();
    let behind = format!("\n# the authority\n{ca}and some words\n");
    organization.write("server.pem", own + &behind).unwrap();
    let old = organization.certificate("server.pem").unwrap();
    renewed(&organization, "-force server.pem");
    let text = organization.read("server.pem").unwrap();
    // Text around the blocks is not kept: see what strangers may write there.
    assert!(text.ends_with(&ca) && !text.contains("words"), "{text}");
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2);
    is_taken_over(&old, &organization.certificate("server.pem").unwrap());
    renewed(&organization, "-force -rekey server.pem");
    assert!(organization.read("server.pem").unwrap().ends_with(&ca));
}

/// Everything else comes from the profile: renew produces from the certificate what
/// `gencert` produces from the document.
#[test]
fn everything_else_comes_from_the_profile() {
    let organization = Organization::new().unwrap();
    organization
        .sign("server", "a", &document("a", &["a.example", "10.0.0.9"]))
        .unwrap();
    let config = organization.read("ca-config.json").unwrap().replace(
        r#""server": {"expiry": "8760h", "usages": ["signing", "key encipherment", "server auth"]}"#,
        r#""server": {"expiry": "1000h", "usages": ["signing", "key encipherment", "server auth"],
           "backdate": "1h", "crl_url": "http://x.example/crl", "ocsp_url": "http://x.example/ocsp",
           "issuer_urls": ["http://x.example/ca"], "ocsp_no_check": true,
           "policies": [{"ID": "1.2.3.4", "Qualifiers": [{"Type": "id-qt-cps", "Value": "http://x.example"}]}]}"#,
    );
    assert!(config.contains("1000h"));
    organization.write("ca-config.json", config).unwrap();
    organization
        .sign("server", "wanted", &document("a", &["a.example", "10.0.0.9"]))
        .unwrap();
    renewed(&organization, "-force a.pem");
    let [new, wanted] = ["a.pem", "wanted.pem"].map(|file| organization.certificate(file).unwrap());
    assert_eq!(new.validity[1] - new.validity[0], 1000 * 3600);
    assert!((new.validity[0] - wanted.validity[0]).abs() <= 60);
    assert_eq!(new.extensions.len(), wanted.extensions.len());
    for (oid, value) in &wanted.extensions {
        // The subject key identifier comes from the key.
        if oid != "2.5.29.14" {
            assert_eq!(new.extensions.get(oid), Some(value), "{oid}");
        }
    }
    assert_eq!((&new.subject, new.names()), (&wanted.subject, wanted.names()));
}

#[test]
fn a_name_whitelist_applies_to_renewals_too() {
    let organization = organization();
    let config = organization.read("ca-config.json").unwrap();
    let config = config.replace(
        r#""server auth"]}"#,
        r#""server auth"], "name_whitelist": "^other"}"#,
    );
    organization.write("ca-config.json", config).unwrap();
    let reason = refused(&organization, "-force server.pem");
    assert!(reason.starts_with("server.pem: "), "{reason}");
    renewed(&organization, "-force client.pem");
}
