//! The der description: certificates, requests and CRLs (RFC 5280, RFC 2986), with keys,
//! signatures, serial numbers and clock times replaced by a description and everything else
//! byte for byte.

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use super::Baseline;
use super::clock::Time;
use super::der::{Element, tag};
use super::text::escaped;

const RSA: &str = "1.2.840.113549.1.1.1";
const EC: &str = "1.2.840.10045.2.1";
const SUBJECT_KEY_ID: &str = "2.5.29.14";
const AUTHORITY_KEY_ID: &str = "2.5.29.35";

/// The fields of a certificate that other checks need.
#[derive(Debug, Clone)]
pub struct Certificate<'a> {
    /// Contents octets of the serial number.
    pub serial: &'a [u8],
    /// The issuer's name, whole.
    pub issuer: Element<'a>,
    /// The subject's name, whole.
    pub subject: Element<'a>,
    /// SubjectPublicKeyInfo, whole.
    pub spki: Element<'a>,
    /// All fields of the TBSCertificate except the version.
    pub fields: Vec<Element<'a>>,
    version: Option<u8>,
    signature_algorithm: Element<'a>,
}

impl<'a> Certificate<'a> {
    /// Reads a certificate.
    ///
    /// # Errors
    /// For anything other than a certificate in strict DER.
    pub fn read(der: &'a [u8]) -> Result<Self> {
        let [tbs, signature_algorithm, _] = Element::first(der)?.0.fields()?;
        let mut fields = tbs.children()?;
        let mut version = None;
        if fields.first().is_some_and(|field| field.tag == tag::CONTEXT_0) {
            let [number] = fields.remove(0).fields()?;
            version = number.value.first().copied();
        }
        let [serial, _, issuer, _, subject, spki] = *fields.first_chunk().context("too few fields")?;
        Ok(Certificate {
            serial: serial.value,
            issuer,
            subject,
            spki,
            fields,
            version,
            signature_algorithm,
        })
    }

    /// The SHA-1 of the public key's bits in hex, which is its usual key identifier (RFC
    /// 5280, 4.2.1.2).
    ///
    /// # Errors
    /// For a malformed public key.
    pub fn key_id(&self) -> Result<String> {
        key_id(&self.spki)
    }

    fn view(&self, baseline: &Baseline<'_>) -> Result<Value> {
        let [_, algorithm, _, validity, ..] = *self.fields.as_slice() else {
            anyhow::bail!("too few fields");
        };
        let [from, until] = validity.fields()?;
        let (from, until) = (Time::read(&from)?, Time::read(&until)?);
        let fixed = baseline.clock.is_fixed(from);
        let begin = if fixed {
            from.text()?
        } else {
            baseline.clock.minutes(from)
        };
        let end = if fixed || baseline.fixed_end {
            until.text()?
        } else {
            format!("{:+} s", until.seconds - from.seconds)
        };
        let precision = if from.seconds % 60 == 0 {
            "to the minute"
        } else {
            "to the second"
        };
        let same = algorithm.bytes == self.signature_algorithm.bytes;
        let extensions = match self.fields.last().filter(|field| field.tag == tag::CONTEXT_3) {
            Some(field) => extensions(baseline, field, &self.key_id()?)?,
            None => Value::Null,
        };
        Ok(json!({
            "what": "certificate",
            "version": self.version,
            "serial": serial(self.serial),
            "signature-algorithm": [hex(&algorithm), if same { "same".into() } else { hex(&self.signature_algorithm) }],
            "issuer": name(&self.issuer)?,
            "not-before": [from.form, precision, begin],
            "not-after": [until.form, end],
            "subject": name(&self.subject)?,
            "key": spki(&self.spki)?,
            "extensions": extensions,
        }))
    }
}

/// A certificate.
///
/// # Errors
/// For anything other than a certificate in strict DER, as below.
pub fn certificate(baseline: &Baseline<'_>, der: &[u8]) -> Result<Value> {
    Certificate::read(der)?.view(baseline)
}

/// A certification request.
pub fn request(der: &[u8]) -> Result<Value> {
    let [info, algorithm, _] = Element::first(der)?.0.fields()?;
    let [version, subject, key, attributes] = info.fields()?;
    Ok(json!({
        "what": "csr",
        "version": hex(&version),
        "subject": name(&subject)?,
        "key": spki(&key)?,
        "attributes": hex(&attributes),
        "signature-algorithm": hex(&algorithm),
    }))
}

/// A CRL.
pub fn crl(baseline: &Baseline<'_>, der: &[u8]) -> Result<Value> {
    let [tbs, algorithm, _] = Element::first(der)?.0.fields()?;
    let fields = tbs.children()?;
    let mut sequences = fields.iter().filter(|field| field.tag == tag::SEQUENCE).skip(1);
    let issuer = sequences.next().context("no issuer")?;
    let mut revoked = Vec::new();
    for entry in sequences
        .next()
        .map(Element::children)
        .transpose()?
        .unwrap_or_default()
    {
        let parts = entry.children()?;
        let serial = parts.first().context("an empty entry")?;
        let rest: Vec<String> = parts.iter().skip(2).map(hex).collect();
        revoked.push(json!([HEXLOWER.encode(serial.value), rest]));
    }
    let is_time = |field: &&Element<'_>| [tag::UTC_TIME, tag::GENERALIZED_TIME].contains(&field.tag);
    let times: Vec<Time> = fields
        .iter()
        .filter(is_time)
        .map(Time::read)
        .collect::<Result<_>>()?;
    let update = *times.first().context("no time")?;
    let extensions = match fields.iter().find(|field| field.tag == tag::CONTEXT_0) {
        Some(field) => extensions(baseline, field, "")?,
        None => Value::Null,
    };
    let mut view = json!({
        "what": "crl",
        "signature-algorithm": hex(&algorithm),
        "fields": fields.len(),
        "issuer": name(issuer)?,
        "this-update": if baseline.clock.is_of_another_age(update) {
            json!(update.seconds.to_string())
        } else {
            json!(baseline.clock.minutes_from_start(update))
        },
        "revoked": revoked,
        "extensions": extensions,
    });
    if let Some(next) = times.get(1) {
        view["lifetime-seconds"] = json!(next.seconds - update.seconds);
    }
    Ok(view)
}

/// An X.501 name: its RDNs in order, each attribute with its string type.
pub fn name(name: &Element<'_>) -> Result<Vec<String>> {
    let attribute = |pair: &Element<'_>| -> Result<String> {
        let [kind, value] = pair.fields()?;
        let form = match value.tag {
            0x0C => "utf8".to_owned(),
            0x12 => "numeric".to_owned(),
            0x13 => "printable".to_owned(),
            0x14 => "t61".to_owned(),
            0x16 => "ia5".to_owned(),
            0x1A => "visible".to_owned(),
            0x1E => "bmp".to_owned(),
            other => format!("tag{other:02x}"),
        };
        Ok(format!("{}={form}:{}", kind.oid()?, escaped(value.value)))
    };
    let rdn = |rdn: Element<'_>| -> Result<String> {
        let attributes: Vec<String> = rdn.children()?.iter().map(attribute).collect::<Result<_>>()?;
        Ok(attributes.join(" + "))
    };
    name.children()?.into_iter().map(rdn).collect()
}

/// A SubjectPublicKeyInfo: algorithm and size.
pub fn spki(info: &Element<'_>) -> Result<String> {
    let [algorithm, bits] = info.fields()?;
    let [kind] = algorithm.fields()?;
    let (kind, bits) = (kind.oid()?, key_bits(&bits)?);
    let algorithm = hex(&algorithm);
    Ok(match kind.as_str() {
        RSA => {
            let [modulus, exponent] = Element::first(bits)?.0.fields()?;
            let zeros = modulus.value.iter().take_while(|octet| **octet == 0).count();
            let significant = &modulus.value[zeros..];
            let top = significant
                .first()
                .map_or(0, |octet| octet.leading_zeros() as usize);
            let exponent = exponent
                .value
                .iter()
                .fold(0_u128, |sum, octet| sum << 8 | u128::from(*octet));
            format!("rsa-{} e={exponent} alg={algorithm}", significant.len() * 8 - top)
        }
        EC => {
            let form = bits.first().context("an empty point")?;
            format!("ec alg={algorithm} point={form:02x}+{}", bits.len() - 1)
        }
        _ => format!("{kind} alg={algorithm} len={}", bits.len()),
    })
}

fn key_id(info: &Element<'_>) -> Result<String> {
    let [_, bits] = info.fields()?;
    Ok(HEXLOWER.encode(&Sha1::digest(key_bits(&bits)?)))
}

fn key_bits<'a>(bits: &Element<'a>) -> Result<&'a [u8]> {
    Ok(bits.value.split_first().context("an empty bit string")?.1)
}

/// Extensions in their order. Identifiers of known keys are replaced by the key's owner.
fn extensions(baseline: &Baseline<'_>, field: &Element<'_>, own_id: &str) -> Result<Value> {
    let [list] = field.fields()?;
    let mut out = Vec::new();
    for extension in list.children()? {
        let parts = extension.children()?;
        let (kind, value) = (
            parts.first().context("no identifier")?.oid()?,
            parts.last().context("no value")?,
        );
        let critical = match parts.get(1).filter(|_| parts.len() == 3) {
            None => json!(false),
            Some(flag) if flag.bytes == [1, 1, 0xFF] => json!(true),
            Some(other) => json!(format!("encoded as {}", hex(other))),
        };
        let mut shown = HEXLOWER.encode(value.value);
        if kind == SUBJECT_KEY_ID && HEXLOWER.encode(Element::first(value.value)?.0.value) == own_id {
            shown = "sha1-of-public-key".to_owned();
        }
        if kind == AUTHORITY_KEY_ID {
            for (whose, id) in &baseline.key_ids {
                shown = shown.replace(id, &format!("<ski of {whose}>"));
            }
            if !own_id.is_empty() {
                shown = shown.replace(own_id, "<own ski>");
            }
        }
        out.push(json!([kind, critical, shown]));
    }
    Ok(Value::Array(out))
}

/// RFC 5280, 4.1.2.2: positive and of at most 20 octets; not a counter.
fn serial(octets: &[u8]) -> String {
    let positive = octets.first().is_some_and(|octet| octet & 0x80 == 0);
    if positive && (5..=20).contains(&octets.len()) {
        "ok".to_owned()
    } else {
        HEXLOWER.encode(octets)
    }
}

fn hex(element: &Element<'_>) -> String {
    HEXLOWER.encode(element.bytes)
}
