//! Every new certificate, request and CRL verifies with openssl, every new key is valid,
//! and serial numbers are long and random.

use std::collections::BTreeSet;

use anyhow::Result;

use super::Findings;
use super::made::Made;
use crate::normal::der::{Element, tag};
use crate::normal::text::is_base64;
use crate::normal::x509::{self, Certificate};
use crate::normal::{ocsp, pem};
use crate::openssl;
use crate::suite::{Outcome, Surroundings};
use crate::tree::Tree;

/// A name, and the key of a certificate with that name.
type Issuer = (Vec<u8>, Vec<u8>);

pub fn check(
    made: &mut Made,
    outcome: &Outcome,
    surroundings: &Surroundings,
    findings: &mut Findings,
) -> Result<()> {
    let issuers = issuers(made, outcome, surroundings);
    for (der, object) in &mut made.objects {
        let (label, place) = (object.label.as_str(), object.place.as_str());
        let checked = if label == "CERTIFICATE" {
            certificate(der, place, &issuers, findings)
        } else if label.ends_with("CERTIFICATE REQUEST") {
            request(der, place, findings)
        } else if label == "X509 CRL" {
            crl(der, place, &issuers, findings).map(|()| None)
        } else if label.contains("PRIVATE KEY") {
            // cfssl uses its own label for PKCS#8 with Ed25519.
            let key = surroundings
                .keys
                .read(&object.text.replace(" Ed25519 PRIVATE", " PRIVATE"))?;
            if key.public.is_some() && !key.sound {
                findings.say(format!(
                    "{place}: the numbers of the private key are inconsistent"
                ));
            }
            let fresh = key
                .public
                .iter()
                .filter(|public| !made.old_keys.contains(*public));
            findings.keys.extend(fresh.cloned());
            Ok(key.public.clone())
        } else {
            Ok(None)
        };
        match checked {
            Ok(public) => object.public = public,
            Err(error) => findings.say(format!("{place}: {label}: {error:#}")),
        }
    }
    for place in &made.places {
        // gencrl prints a CRL as bare base64; other base64 contains no SEQUENCE.
        // Hexadecimal serial numbers from openssl may look like other elements.
        let der = pem::decode(&place.raw).filter(|_| is_base64(&place.raw));
        let is_sequence =
            |der: &Vec<u8>| Element::first(der).is_ok_and(|(found, _)| found.tag == tag::SEQUENCE);
        if let Some(der) = der.filter(is_sequence)
            && let Err(error) = crl(&der, &place.name, &issuers, findings)
        {
            findings.say(format!("{}: base64 of no CRL: {error:#}", place.name));
        }
        let response = place
            .document
            .as_ref()
            .and_then(|document| document["ocspResponse"].as_str());
        if let Some(der) = response.and_then(pem::decode) {
            ocsp_response(&der, &place.name, &issuers, findings)?;
        }
    }
    Ok(())
}

/// All visible certificates; the signer is among them.
fn issuers(made: &Made, outcome: &Outcome, surroundings: &Surroundings) -> BTreeSet<Issuer> {
    let of_tree = |tree: &Tree| -> Vec<Vec<u8>> {
        let texts = tree
            .files
            .values()
            .map(|file| String::from_utf8_lossy(&file.bytes).into_owned());
        texts.flat_map(|text| certificates(&text)).collect()
    };
    let ders = surroundings.certificates.iter().cloned();
    let ders = ders
        .chain(of_tree(&outcome.before))
        .chain(of_tree(&outcome.after));
    let ders = ders.chain(made.places.iter().flat_map(|place| certificates(&place.pem)));
    ders.filter_map(|der| {
        let certificate = Certificate::read(&der).ok()?;
        Some((
            certificate.subject.bytes.to_vec(),
            certificate.spki.bytes.to_vec(),
        ))
    })
    .collect()
}

fn certificates(text: &str) -> Vec<Vec<u8>> {
    let blocks = pem::blocks(text).into_iter();
    blocks
        .filter(|block| block.label == "CERTIFICATE")
        .filter_map(|block| block.der())
        .collect()
}

fn certificate(
    der: &[u8],
    place: &str,
    issuers: &BTreeSet<Issuer>,
    findings: &mut Findings,
) -> Result<Option<Vec<u8>>> {
    let certificate = Certificate::read(der)?;
    let keys: Vec<&[u8]> = issuers
        .iter()
        .filter(|(name, _)| name == certificate.issuer.bytes)
        .map(|(_, key)| key.as_slice())
        .collect();
    if keys.is_empty() {
        findings.say(format!("{place}: the certificate's issuer is unknown"));
    } else if !is_signed_by_one(der, &keys)? {
        findings.say(format!("{place}: certificate is not signed by its issuer's key"));
    }
    let self_issued = certificate.issuer.bytes == certificate.subject.bytes;
    if !looks_random(certificate.serial, self_issued) {
        let digits = data_encoding::HEXLOWER.encode(certificate.serial);
        findings.say(format!("{place}: serial number {digits} does not look random"));
    }
    findings.serials.push((certificate.serial.to_vec(), der.to_vec()));
    let behind = certificate.fields.iter().skip(6);
    for field in behind.filter(|field| field.tag != tag::CONTEXT_3) {
        findings.say(format!(
            "{place}: certificate has a field with tag {:02x}",
            field.tag
        ));
    }
    Ok(Some(certificate.spki.bytes.to_vec()))
}

fn request(der: &[u8], place: &str, findings: &mut Findings) -> Result<Option<Vec<u8>>> {
    let [info] = Element::whole(der)?.fields()?;
    let [_, _, spki] = info.fields()?;
    if !openssl::verifies(der, spki.bytes)? {
        findings.say(format!("{place}: request is not signed by its own key"));
    }
    Ok(Some(spki.bytes.to_vec()))
}

fn crl(der: &[u8], place: &str, issuers: &BTreeSet<Issuer>, findings: &mut Findings) -> Result<()> {
    let [tbs] = Element::whole(der)?.fields()?;
    let fields = tbs.children()?;
    let names = fields.iter().filter(|field| field.tag == tag::SEQUENCE);
    let issuer = names.skip(1).map(plain_name).next().transpose()?;
    let mut keys = Vec::new();
    for (name, key) in issuers {
        if Some(plain_name(&Element::whole(name)?)?) == issuer {
            keys.push(key.as_slice());
        }
    }
    if !is_signed_by_one(der, &keys)? {
        findings.say(format!("{place}: CRL is not signed by its issuer's key"));
    }
    Ok(())
}

/// Verified with the responder that it names, for which the key suffices here.
fn ocsp_response(der: &[u8], place: &str, issuers: &BTreeSet<Issuer>, findings: &mut Findings) -> Result<()> {
    let Ok(basic) = ocsp::basic(der) else {
        return Ok(());
    };
    let keys: Vec<&[u8]> = issuers.iter().map(|(_, key)| key.as_slice()).collect();
    if !is_signed_by_one(basic.bytes, &keys)? {
        findings.say(format!("{place}: OCSP response is not signed by any key here"));
    }
    Ok(())
}

/// A name without its string types: cfssl re-encodes the name of a CRL's issuer.
fn plain_name(name: &Element<'_>) -> Result<Vec<String>> {
    let without_type = |rdn: String| {
        let attributes = rdn
            .split(" + ")
            .map(|attribute| match attribute.split_once([':']) {
                Some((kind, text)) => format!("{}={text}", kind.split('=').next().unwrap_or_default()),
                None => attribute.to_owned(),
            });
        attributes.collect::<Vec<_>>().join(" + ")
    };
    Ok(x509::name(name)?.into_iter().map(without_type).collect())
}

fn is_signed_by_one(der: &[u8], keys: &[&[u8]]) -> Result<bool> {
    for key in keys {
        if openssl::verifies(der, key)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// 20 octets with the first bit clear, or 63 bits in cfssl's selfsign; minimally encoded as
/// in DER, and not similar to counters or clocks.
fn looks_random(serial: &[u8], self_issued: bool) -> bool {
    let kinds = serial.iter().collect::<BTreeSet<_>>().len();
    let zeros = serial.iter().filter(|octet| **octet == 0).count();
    let minimal = !matches!(serial, [0, second, ..] if *second < 0x80);
    let long = if self_issued && serial.len() <= 8 {
        serial.len() >= 5 && kinds >= 3
    } else {
        serial.len() >= 16 && kinds >= 8 && zeros <= 5
    };
    minimal && long
}
