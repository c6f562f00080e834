//! Rules that change what stands in certificates and requests.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::generate::URIS;
use super::trial::Beyond;
use crate::normal::der::Element;

const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// keyUsage, extKeyUsage, basicConstraints, subjectKeyIdentifier,
/// authorityKeyIdentifier, authorityInfoAccess: what cfssl writes before it.
const BEFORE_ALT_NAME: [&str; 6] = [
    "2.5.29.15",
    "2.5.29.37",
    "2.5.29.19",
    "2.5.29.14",
    "2.5.29.35",
    "1.3.6.1.5.5.7.1.1",
];

/// Tags of GeneralName (RFC 5280, 4.2.1.6) in the order in which cfssl writes them:
/// DNS, e-mail, address, URI.
const ORDER: [u8; 4] = [0x82, 0x81, 0x87, 0x86];
const DNS: u8 = 0x82;
const URI: u8 = 0x86;

/// Does something with every certificate and request of an answer.
fn each_view(value: &mut Value, work: &mut impl FnMut(&str, &mut Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items
            .iter_mut()
            .fold(false, |done, item| each_view(item, work) | done),
        Value::Object(members) => {
            let what = members
                .get("what")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            if ["certificate", "csr"].contains(&what.as_str()) {
                return work(&what, value);
            }
            members
                .values_mut()
                .fold(false, |done, item| each_view(item, work) | done)
        }
        _ => false,
    }
}

/// Adds RDNs behind those of every subject, and of the issuer where that is the same.
pub fn names(answer: &mut Value, beyond: &Beyond) -> bool {
    if beyond.names.is_empty() {
        return false;
    }
    each_view(answer, &mut |_, view| {
        let Some(subject) = view["subject"].as_array().cloned() else {
            return false;
        };
        let longer: Vec<Value> = subject
            .iter()
            .cloned()
            .chain(beyond.names.iter().map(|name| json!(name)))
            .collect();
        if view["issuer"].as_array() == Some(&subject) {
            view["issuer"] = json!(longer);
        }
        view["subject"] = json!(longer);
        true
    })
}

/// Makes URIs of the DNS names that are among those which were asked for, and adds
/// those of a request to the certificate.
pub fn uris(answer: &mut Value, beyond: &Beyond) -> bool {
    if beyond.uris.is_empty() && beyond.request_uris.is_empty() {
        return false;
    }
    each_view(answer, &mut |what, view| {
        let before = view.clone();
        match what {
            "csr" => {
                let attributes = view["attributes"]
                    .as_str()
                    .and_then(|hex| attributes(hex, beyond).ok());
                if let Some(attributes) = attributes {
                    view["attributes"] = json!(attributes);
                }
            }
            _ => alternative_names(view, beyond),
        }
        *view != before
    })
}

fn alternative_names(view: &mut Value, beyond: &Beyond) {
    let Some(extensions) = view["extensions"].as_array_mut() else {
        return;
    };
    let kind = |extension: &Value| extension[0].as_str().unwrap_or_default().to_owned();
    let at = extensions
        .iter()
        .position(|extension| kind(extension) == SUBJECT_ALT_NAME);
    if let Some(at) = at {
        let new = extensions[at][2]
            .as_str()
            .and_then(|hex| translated(hex, beyond, true).ok());
        if let Some(new) = new {
            extensions[at][2] = json!(new);
        }
    } else if !beyond.request_uris.is_empty() {
        let at = extensions
            .iter()
            .take_while(|extension| BEFORE_ALT_NAME.contains(&kind(extension).as_str()))
            .count();
        let value = translated("3000", beyond, true).unwrap_or_default();
        let critical = view["subject"].as_array().is_some_and(Vec::is_empty);
        if let Some(extensions) = view["extensions"].as_array_mut() {
            extensions.insert(at, json!([SUBJECT_ALT_NAME, critical, value]));
        }
    }
}

/// A subjectAltName in hex, with URIs where they belong.
fn translated(hex: &str, beyond: &Beyond, certificate: bool) -> Result<String> {
    let der = HEXLOWER.decode(hex.as_bytes())?;
    let mut names: Vec<(u8, Vec<u8>)> = Vec::new();
    for name in Element::whole(&der)?.children()? {
        let asked = beyond.uris.iter().any(|uri| uri.as_bytes() == name.value);
        let known = URIS.iter().find(|(uri, _)| uri.as_bytes() == name.value);
        names.push(match known {
            Some((_, written)) if name.tag == DNS && asked => (URI, written.as_bytes().to_vec()),
            _ => (name.tag, name.value.to_vec()),
        });
    }
    if certificate {
        names.extend(
            beyond
                .request_uris
                .iter()
                .map(|uri| (URI, uri.clone().into_bytes())),
        );
    }
    names.sort_by_key(|(tag, _)| ORDER.iter().position(|known| known == tag));
    let names = names.iter().map(|(tag, value)| element(*tag, value));
    Ok(HEXLOWER.encode(&element(0x30, &names.collect::<Vec<_>>().concat())))
}

/// The attributes of a request that cfssl made: none, or one extensionRequest.
fn attributes(hex: &str, beyond: &Beyond) -> Result<String> {
    let der = HEXLOWER.decode(hex.as_bytes())?;
    let mut extensions = Vec::new();
    let mut kind = Vec::new();
    for (id, bytes, parts) in requested(&der)? {
        let last = parts.last().context("no value")?;
        if id != SUBJECT_ALT_NAME {
            extensions.push(bytes);
            continue;
        }
        let value = translated(&HEXLOWER.encode(&last.1), beyond, false)?;
        let value = element(0x04, &HEXLOWER.decode(value.as_bytes())?);
        let head: Vec<Vec<u8>> = parts[..parts.len() - 1]
            .iter()
            .map(|(tag, value)| element(*tag, value))
            .collect();
        extensions.push(element(0x30, &[head.concat(), value].concat()));
    }
    if extensions.is_empty() {
        return Ok(hex.to_owned());
    }
    // 1.2.840.113549.1.9.14
    kind.extend_from_slice(&[0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x0E]);
    let set = element(0x31, &element(0x30, &extensions.concat()));
    let attribute = element(0x30, &[kind, set].concat());
    Ok(HEXLOWER.encode(&element(0xA0, &attribute)))
}

/// An extension: its identifier, its bytes, its parts as tags and values.
type Requested = (String, Vec<u8>, Vec<(u8, Vec<u8>)>);

/// The extensions that a request of cfssl's asks for.
fn requested(attributes: &[u8]) -> Result<Vec<Requested>> {
    let mut out = Vec::new();
    for attribute in Element::whole(attributes)?.children()? {
        let [_, set] = attribute.fields()?;
        let [list] = set.fields()?;
        for extension in list.children()? {
            let parts = extension.children()?;
            let id = parts.first().context("no identifier")?.oid()?;
            let plain = parts.iter().map(|part| (part.tag, part.value.to_vec())).collect();
            out.push((id, extension.bytes.to_vec(), plain));
        }
    }
    Ok(out)
}

fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len();
    let header = match length {
        0..0x80 => vec![tag, length as u8],
        0x80..0x100 => vec![tag, 0x81, length as u8],
        _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
    };
    [&header, value].concat()
}

/// Puts the extensions of the request behind those of the certificate, in the place
/// of its own of the same kind.
pub fn self_signed(answer: &mut Value) -> bool {
    let mut asked: Vec<Value> = Vec::new();
    each_view(answer, &mut |what, view| {
        let attributes = view["attributes"].as_str().filter(|_| what == "csr");
        let der = attributes.and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        for (id, _, parts) in der.and_then(|der| requested(&der).ok()).unwrap_or_default() {
            let critical = parts.len() == 3;
            let value = parts.last().map(|(_, value)| HEXLOWER.encode(value));
            asked.push(json!([id, critical, value]));
        }
        false
    });
    let kinds: BTreeSet<String> = asked.iter().map(|extension| extension[0].to_string()).collect();
    each_view(answer, &mut |what, view| {
        let Some(extensions) = view["extensions"]
            .as_array_mut()
            .filter(|_| what == "certificate")
        else {
            return false;
        };
        extensions.retain(|extension| !kinds.contains(&extension[0].to_string()));
        extensions.extend(asked.iter().cloned());
        !asked.is_empty()
    })
}
