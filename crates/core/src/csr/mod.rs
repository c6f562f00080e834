//! Certification requests (PKCS#10, RFC 2986): created, or parsed and verified.
//!
//! A [`Csr`] is a request whose signature is known to be valid, because we have created it
//! or verified it. CAs accept nothing else.

mod attributes;
mod read;

pub use attributes::Attribute as RequestAttribute;
pub use read::Unverified;

use crate::asn1::{self, Writer, tag};
use crate::certificate::{Certificate, assemble};
use crate::error::Result;
use crate::extension::{self, Extension};
use crate::host::Hosts;
use crate::key::{PublicKey, SigningKey};
use crate::name::{Attribute, Subject};
use crate::oid::{self, Oid};
use rcfssl_go::pem;

/// A request with a valid signature.
#[derive(Debug, Clone)]
pub struct Csr {
    /// The complete DER.
    pub der: Vec<u8>,
    /// The subject's attributes in order.
    pub subject: Vec<Attribute>,
    /// subjectPublicKeyInfo
    pub public_key: PublicKey,
    /// The requested extensions, in order.
    pub extensions: Vec<Extension>,
    /// The alternative names, if we have created the request.
    built: Option<Hosts>,
}

/// The contents of a request before it is signed.
#[derive(Debug, Clone, Default)]
pub struct Content {
    /// The subject.
    pub subject: Subject,
    /// The alternative names.
    pub hosts: Hosts,
    /// Further extensions; a subjectAltName among them replaces the hosts.
    pub extensions: Vec<Extension>,
}

/// CertificationRequestInfo (RFC 2986, section 4.1).
pub fn to_be_signed(content: &Content, public_key: &PublicKey) -> Vec<u8> {
    info(&content.subject.to_der(), &content.all_extensions(), public_key)
}

/// The attributes are always present, even if empty.
fn info(subject: &[u8], extensions: &[Extension], public_key: &PublicKey) -> Vec<u8> {
    let mut writer = Writer::with_capacity(512);
    writer.sequence(|w| {
        w.integer(0);
        w.raw(subject);
        public_key.write(w);
        w.context(0, |w| {
            if extensions.is_empty() {
                return;
            }
            w.sequence(|w| {
                w.oid(&oid::EXTENSION_REQUEST);
                w.nest(tag::SET, |w| {
                    w.sequence(|w| extensions.iter().for_each(|extension| extension.write(w)))
                });
            });
        });
    });
    writer.into_bytes()
}

impl Content {
    fn all_extensions(&self) -> Vec<Extension> {
        let mut all = Vec::with_capacity(1 + self.extensions.len());
        if self.names_hosts() {
            let value = asn1::encode(|w| extension::write_subject_alt_name(w, &self.hosts));
            all.push(Extension {
                oid: oid::SUBJECT_ALT_NAME,
                critical: false,
                value,
            });
        }
        all.extend(self.extensions.iter().cloned());
        all
    }

    fn names_hosts(&self) -> bool {
        !self.hosts.is_empty() && !self.extensions.iter().any(|e| e.oid == oid::SUBJECT_ALT_NAME)
    }
}

impl Csr {
    /// Creates a request.
    ///
    /// # Errors
    /// For a host that an IA5String cannot represent, and if the key cannot sign.
    pub fn make(content: &Content, key: &dyn SigningKey) -> Result<Self> {
        if content.names_hosts() {
            content.hosts.check()?;
        }
        let csr = Csr::unsigned(content, key.public_key());
        let info = info(&content.subject.to_der(), &csr.extensions, key.public_key());
        csr.signed(&info, key)
    }

    /// Creates a request for the contents of a certificate: its subject and alternative
    /// names are copied octet for octet.
    ///
    /// # Errors
    /// If the key cannot sign.
    pub fn of_certificate(certificate: &Certificate, key: &dyn SigningKey) -> Result<Self> {
        let names = certificate.extension(&oid::SUBJECT_ALT_NAME);
        let extension = |value: &[u8]| Extension {
            oid: oid::SUBJECT_ALT_NAME,
            critical: false,
            value: value.to_vec(),
        };
        let csr = Csr {
            der: Vec::new(),
            subject: certificate.subject_attributes.clone(),
            public_key: key.public_key().clone(),
            extensions: names.map(extension).into_iter().collect(),
            built: None,
        };
        let info = info(&certificate.subject, &csr.extensions, key.public_key());
        csr.signed(&info, key)
    }

    /// The future request, for local checks only.
    pub(crate) fn unsigned(content: &Content, public_key: &PublicKey) -> Self {
        Csr {
            der: Vec::new(),
            subject: content.subject.to_attributes(),
            public_key: public_key.clone(),
            extensions: content.all_extensions(),
            built: content.names_hosts().then(|| content.hosts.clone()),
        }
    }

    fn signed(mut self, info: &[u8], key: &dyn SigningKey) -> Result<Self> {
        let signature = key.sign(key.algorithm(), info)?;
        self.der = assemble(info, key.algorithm(), &signature);
        Ok(self)
    }

    /// The alternative names that it asks for, as a CA parses them, and the tags of those
    /// of types that are skipped.
    ///
    /// # Errors
    /// `x509: cannot parse URI …`, `x509: SAN dNSName is malformed` and the like.
    pub fn hosts(&self) -> Result<(Hosts, Vec<u8>)> {
        if let Some(hosts) = &self.built {
            let mut hosts = hosts.clone();
            hosts.reread_uris()?;
            return Ok((hosts, Vec::new()));
        }
        match self.extensions.iter().find(|e| e.oid == oid::SUBJECT_ALT_NAME) {
            Some(extension) => extension::read_subject_alt_name(&extension.value),
            None => Ok((Hosts::default(), Vec::new())),
        }
    }

    /// Rejects contents that cannot be parsed back from the DER, in Go's order, and returns
    /// the alternative names as a CA parses them. For requests that we have created and not
    /// parsed.
    ///
    /// # Errors
    /// Go's message for object identifiers with arcs above 31 bits, `x509: certificate
    /// request contains duplicate requested extensions`, and as [`Csr::hosts`].
    pub fn read_back(&self) -> Result<Hosts> {
        let types = self.subject.iter().map(|attribute| &attribute.oid);
        for oid in types.chain(self.extensions.iter().map(|extension| &extension.oid)) {
            Oid::read(oid.octets())?;
        }
        attributes::check_unique(&self.extensions)?;
        self.hosts().map(|(hosts, _)| hosts)
    }

    /// PEM, as Go writes it.
    pub fn to_pem(&self) -> String {
        pem::encode("CERTIFICATE REQUEST", &self.der)
    }
}
