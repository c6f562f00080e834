//! What is changed: the certificates, requests, keys, containers, lists and documents of
//! the other tests, and some that are made here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rcfssl_core::ocsp::{Responder, Status};
use rcfssl_core::{Certificate, Duration};
use rcfssl_go::pem;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint,
    CustomExtension, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod, KeyPair,
    KeyUsagePurpose, NameConstraints, RevocationReason, RevokedCertParams, SanType, SerialNumber,
    date_time_ymd,
};
use serde_json::json;

use super::der::Node;
use super::programs::{FILES, TAG, TEMPORARY};
use super::{Kind, calls, readers};
use crate::{Context, Result, repository};

/// An input to begin with.
pub struct Seed {
    /// What it is.
    pub kind: Kind,
    /// What it says.
    pub body: Body,
}

/// The form of a seed.
pub enum Body {
    /// DER, and the label that it has as PEM.
    Der(Node, String),
    /// Anything else.
    Text(Vec<u8>),
    /// A file of a folder, which may be a document or DER in PEM.
    File(&'static str, Box<Body>),
    /// A request to the API.
    Call(calls::Call),
}

/// All seeds, by their kind.
pub struct Corpus(BTreeMap<Kind, Vec<Seed>>);

impl Corpus {
    /// Those of a kind.
    pub fn of(&self, kind: Kind) -> &[Seed] {
        self.0.get(&kind).map_or(&[], Vec::as_slice)
    }
}

/// Folders of files to begin with.
const FOLDERS: [&str; 8] = [
    "fixtures/conformance/pki",
    "fixtures/differential/pki",
    "fixtures/documents",
    "fixtures/captures/inputs",
    "fixtures/jobs",
    "crates/core/tests/keys",
    "crates/core/tests/pkcs",
    "crates/core/tests/pss",
];

/// All of them.
///
/// # Errors
/// Where a folder cannot be read.
pub fn load() -> Result<Corpus> {
    let mut seeds = made()?;
    seeds.extend(ocsp()?);
    seeds.extend(calls::seeds()?);
    seeds.extend(files()?);
    seeds.extend(outputs()?);
    for folder in FOLDERS {
        let folder = repository().join(folder);
        let listing = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut paths: Vec<_> = listing
            .map(|entry| Ok(entry?.path()))
            .collect::<std::io::Result<_>>()?;
        paths.sort();
        for path in paths.iter().filter(|path| path.is_file()) {
            add_file(path, &mut seeds)?;
        }
    }
    seeds.push(Seed {
        kind: Kind::Text,
        body: Body::Text(Vec::new()),
    });
    let mut corpus = BTreeMap::<Kind, Vec<Seed>>::new();
    for seed in seeds {
        corpus.entry(seed.kind).or_default().push(seed);
    }
    Ok(Corpus(corpus))
}

/// What commands print and servers answer.
fn outputs() -> Result<Vec<Seed>> {
    let recorded = |name: &str| fs::read_to_string(calls::folder().join("pki").join(name));
    let [certificate, key, request] = [
        recorded("leafint-chain.pem")?,
        recorded("leafint-key.pem")?,
        recorded("one.csr")?,
    ];
    let outputs = [
        json!({"cert": certificate, "key": key, "csr": request}),
        json!({"success": true, "errors": [], "messages": [{"code": 1, "message": "m"}], "result":
            {"certificate": certificate, "private_key": key, "certificate_request": request,
             "sums": {"certificate": {"md5": "A"}}}}),
        json!({"success": true, "errors": [], "messages": [], "result": {"encrypted_key": "YQ==",
            "ocspResponse": "MAMKAQY=", "result": {"bundle": {"bundle": certificate, "root": certificate}}}}),
        json!({"success": false, "result": null, "errors": [{"code": 7400, "message": "no"}], "messages": []}),
    ];
    let seeds = outputs.map(|output| Seed {
        kind: Kind::Output,
        body: Body::Text(output.to_string().into_bytes()),
    });
    Ok(seeds.into())
}

/// Files of a folder that `renew` works on.
fn files() -> Result<Vec<Seed>> {
    let recorded = |name: &str| fs::read(calls::folder().join("pki").join(name)).map(Body::Text);
    let der = |name: &str| -> Result<Body> {
        let text = fs::read(calls::folder().join("pki").join(name))?;
        let (block, _) = pem::decode(&text).context("PEM")?;
        Ok(Body::Der(
            Node::read(&block.contents).context("DER")?,
            block.label,
        ))
    };
    let journal = format!(
        "rcfssl journal 1\0{TAG}{}\0svc.pem\0{TAG}{}\0svc-key.pem\0end",
        TEMPORARY[0], TEMPORARY[1]
    );
    let [
        journal_name,
        lock,
        certificate,
        key,
        csr,
        authority,
        configuration,
    ] = FILES;
    let configured = r#"{"signing":{"default":{"usages":["signing","server auth"],"expiry":"720h"},"profiles":{"p":{"usages":["client auth"],"expiry":"1h"}}}}"#;
    let files = [
        (journal_name, Body::Text(journal.into_bytes())),
        (lock, Body::Text(b"1 2\n".to_vec())),
        (certificate, der("leaf.pem")?),
        (certificate, recorded("leafint-chain.pem")?),
        (key, der("leaf-key.pem")?),
        (csr, der("one.csr")?),
        (authority, der("ca-ec.pem")?),
        (configuration, Body::Text(configured.as_bytes().to_vec())),
    ];
    let seeds = files.map(|(name, body)| Seed {
        kind: Kind::Folder,
        body: Body::File(name, Box::new(body)),
    });
    Ok(seeds.into())
}

fn add_file(path: &Path, seeds: &mut Vec<Seed>) -> Result<()> {
    let bytes = fs::read(path)?;
    let extension = path.extension().unwrap_or_default();
    if extension == "json" {
        let kind = match path.ends_with("jobs.json") {
            true => Kind::Jobs,
            false => Kind::Document,
        };
        seeds.push(Seed {
            kind,
            body: Body::Text(bytes),
        });
        return Ok(());
    }
    if let Some(node) = Node::read(&bytes) {
        let kind = match extension == "der" {
            true => Kind::Certificate,
            false => Kind::Container,
        };
        seeds.push(Seed {
            kind,
            body: Body::Der(node, "CERTIFICATE".to_owned()),
        });
        return Ok(());
    }
    let mut rest = bytes.as_slice();
    while let Some((block, after)) = pem::decode(rest) {
        rest = after;
        let kind = kind_of(&block.label);
        let body = match Node::read(&block.contents) {
            Some(node) if block.headers.is_empty() => Body::Der(node, block.label),
            _ => Body::Text(bytes.clone()),
        };
        seeds.push(Seed { kind, body });
    }
    Ok(())
}

/// What a block of PEM holds, by its label.
pub fn kind_of(label: &str) -> Kind {
    match label {
        label if label.contains("REQUEST") => Kind::Request,
        label if label.contains("KEY") => Kind::Key,
        label if label.contains("CRL") => Kind::Status,
        label if label.contains("PKCS") => Kind::Container,
        _ => Kind::Certificate,
    }
}

/// Certificates with extensions of every kind that is read, a request, a list, and an
/// unprotected PKCS#12 file.
fn made() -> Result<Vec<Seed>> {
    let key = KeyPair::from_pem(&readers::key_pem()?)?;
    let root_params = authority();
    let root = root_params.self_signed(&key)?;
    let issuer = Issuer::from_params(&root_params, &key);
    let leaf_params = leaf()?;
    let leaf = leaf_params.signed_by(&key, &issuer)?;
    // A request has no place for what only an issuer says.
    let mut params = leaf_params;
    params.serial_number = None;
    params.crl_distribution_points.clear();
    params.use_authority_key_identifier_extension = false;
    let request = params.serialize_request(&key)?;
    let list = list().signed_by(&issuer)?;
    let der = |kind, bytes: &[u8], label: &str| -> Result<Seed> {
        Ok(Seed {
            kind,
            body: Body::Der(
                Node::read(bytes).context("what rcgen writes is DER")?,
                label.to_owned(),
            ),
        })
    };
    let container = container(leaf.der(), &key.serialize_der())?;
    Ok(vec![
        der(Kind::Certificate, root.der(), "CERTIFICATE")?,
        der(Kind::Certificate, leaf.der(), "CERTIFICATE")?,
        der(Kind::Request, request.der(), "CERTIFICATE REQUEST")?,
        der(Kind::Status, list.der(), "X509 CRL")?,
        Seed {
            kind: Kind::Container,
            body: Body::Der(container, "PKCS12".to_owned()),
        },
    ])
}

/// A root, and a certificate below it that names a responder and no list.
pub fn responded() -> Result<[Certificate; 2]> {
    let key = KeyPair::from_pem(&readers::key_pem()?)?;
    let root_params = authority();
    let root = root_params.self_signed(&key)?;
    let mut params = leaf()?;
    params.crl_distribution_points.clear();
    let leaf = params.signed_by(&key, &Issuer::from_params(&root_params, &key))?;
    let read = |der| Certificate::read(der).map_err(|error| crate::anyhow!("{error}"));
    Ok([read(root.der())?, read(leaf.der())?])
}

/// A request about a certificate, and responses that say each of the three things.
fn ocsp() -> Result<Vec<Seed>> {
    let [issuer, leaf] = responded()?;
    let responder = Responder {
        issuer: &issuer,
        certificate: &leaf,
        key: readers::key(),
        interval: Duration::parse("96h").map_err(|error| crate::anyhow!("{error}"))?,
    };
    let now = readers::now();
    let revoked = Status::Revoked { reason: 1, at: now };
    let mut all = vec![asked(&leaf).write()];
    for status in [Status::Good, Status::Unknown, revoked] {
        let response = responder.answer(&leaf, status, now);
        all.push(response.map_err(|error| crate::anyhow!("{error}"))?);
    }
    all.iter()
        .map(|der| {
            Ok(Seed {
                kind: Kind::Ocsp,
                body: Body::Der(
                    Node::read(der).context("what is signed is DER")?,
                    "OCSP".to_owned(),
                ),
            })
        })
        .collect()
}

/// OCSPRequest (RFC 6960, section 4.1.1)
fn asked(about: &Certificate) -> Node {
    let sequence = |nodes| Node::nodes(0x30, nodes);
    let sha1 = sequence(vec![
        Node::octets(0x06, [0x2b, 14, 3, 2, 26]),
        Node::octets(0x05, []),
    ]);
    let hash = Node::octets(0x04, [7; 20]);
    let serial = Node::octets(0x02, about.serial.clone());
    let id = sequence(vec![sha1, hash.clone(), hash, serial]);
    sequence(vec![sequence(vec![sequence(vec![sequence(vec![id])])])])
}

fn authority() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Root");
    params.distinguished_name.push(DnType::OrganizationName, "Ö & Co");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(2));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.serial_number = Some(SerialNumber::from_slice(&[0x7f, 1, 2, 3]));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![
            GeneralSubtree::DnsName("example.com".to_owned()),
            GeneralSubtree::Rfc822Name("example.com".to_owned()),
        ],
        excluded_subtrees: vec![GeneralSubtree::IpAddress(rcgen::CidrSubnet::V4(
            [10, 0, 0, 0],
            [255, 0, 0, 0],
        ))],
    });
    params
}

fn leaf() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(vec!["a.example.com".to_owned(), "10.1.2.3".to_owned()])?;
    for (kind, value) in [
        (DnType::CountryName, "US"),
        (DnType::OrganizationalUnitName, "unit"),
        (DnType::CommonName, "a.example.com"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params
        .subject_alt_names
        .push(SanType::Rfc822Name("a@example.com".try_into()?));
    params
        .subject_alt_names
        .push(SanType::URI("spiffe://example.com/a".try_into()?));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::OcspSigning,
    ];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(SerialNumber::from_slice(&[0x7f, 9]));
    params.crl_distribution_points = vec![CrlDistributionPoint {
        uris: vec!["http://example.com/list".to_owned()],
    }];
    let uri = Node::octets(0x86, *b"http://example.com/ocsp");
    let access = |arc: u8| {
        let method = Node::octets(0x06, [0x2b, 6, 1, 5, 5, 7, 0x30, arc]);
        Node::nodes(0x30, vec![method, uri.clone()])
    };
    let policy = Node::nodes(0x30, vec![Node::octets(0x06, [0x2a, 3, 4])]);
    for (oid, value) in [
        (&[1, 3, 6, 1, 5, 5, 7, 1, 1][..], vec![access(1), access(2)]),
        (&[2, 5, 29, 32], vec![policy]),
    ] {
        let value = Node::nodes(0x30, value).write();
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(oid, value));
    }
    Ok(params)
}

fn list() -> CertificateRevocationListParams {
    let revoked = |serial: u8| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&[0x7f, serial]),
        revocation_time: date_time_ymd(2026, 1, 1),
        reason_code: Some(RevocationReason::KeyCompromise),
        invalidity_date: None,
    };
    CertificateRevocationListParams {
        this_update: date_time_ymd(2026, 1, 1),
        next_update: date_time_ymd(2046, 1, 1),
        crl_number: SerialNumber::from_slice(&[1]),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked(9), revoked(10)],
        key_identifier_method: KeyIdMethod::Sha256,
    }
}

/// A PFX (RFC 7292, section 4) without a password: what is inside is reached by every
/// change.
fn container(certificate: &[u8], key: &[u8]) -> Result<Node> {
    let oid = |octets: &[u8]| Node::octets(0x06, octets);
    let pkcs7_data = || oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01]);
    let bag = |number: u8, value: Node| {
        let kind = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x0c, 0x0a, 0x01, number];
        Node::nodes(0x30, vec![oid(&kind), Node::nodes(0xa0, vec![value])])
    };
    let x509 = oid(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x16, 0x01]);
    let certificate = Node::nodes(0x04, vec![Node::read(certificate).context("a certificate")?]);
    let certificate = Node::nodes(0x30, vec![x509, Node::nodes(0xa0, vec![certificate])]);
    let bags = Node::nodes(
        0x30,
        vec![bag(3, certificate), bag(1, Node::read(key).context("a key")?)],
    );
    let safe = |contents: Node| {
        let contents = Node::nodes(0xa0, vec![Node::nodes(0x04, vec![contents])]);
        Node::nodes(0x30, vec![pkcs7_data(), contents])
    };
    let safes = Node::nodes(0x30, vec![safe(bags)]);
    Ok(Node::nodes(0x30, vec![Node::octets(0x02, [3]), safe(safes)]))
}
