//! Rules that change the contents of certificates and requests.

use anyhow::{Result, bail};
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use super::generate::{URIS, der};
use super::trial::Beyond;
use crate::normal::der::Element;

const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// keyUsage, extKeyUsage, basicConstraints, subjectKeyIdentifier, authorityKeyIdentifier,
/// authorityInfoAccess, which cfssl writes before it.
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

/// Applies `work` to every certificate and request of an answer.
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

fn extensions_mut(view: &mut Value) -> Option<&mut Vec<Value>> {
    view.get_mut("extensions").and_then(Value::as_array_mut)
}

/// Adds RDNs after those of every subject, and of the issuer if it is the same. An
/// alternative name is critical only if the subject is empty. `selfsign` adds them to its
/// request only.
pub fn names(answer: &mut Value, beyond: &Beyond, is_selfsign: bool) -> bool {
    each_view(answer, &mut |what, view| {
        if is_selfsign && what == "certificate" {
            return false;
        }
        let mut more = beyond.names.clone();
        if what == "certificate" {
            more.extend(beyond.request_names.iter().cloned());
        }
        let Some(subject) = view["subject"].as_array().cloned().filter(|_| !more.is_empty()) else {
            return false;
        };
        let more = more.into_iter().map(Value::String);
        let longer: Value = subject.iter().cloned().chain(more).collect();
        if view["issuer"].as_array() == Some(&subject) {
            view["issuer"] = longer.clone();
        }
        view["subject"] = longer;
        let extensions = extensions_mut(view).into_iter().flatten();
        for extension in extensions.filter(|extension| extension[0] == SUBJECT_ALT_NAME) {
            extension[1] = json!(false);
        }
        true
    })
}

/// Turns DNS names that were requested as URIs into URIs, and adds those of a request to
/// the certificate.
pub fn uris(answer: &mut Value, beyond: &Beyond) -> bool {
    if beyond.uris.is_empty() && beyond.request_uris.is_empty() {
        return false;
    }
    each_view(answer, &mut |what, view| {
        if what == "certificate" {
            return alternative_names(view, beyond);
        }
        let new = view["attributes"]
            .as_str()
            .and_then(|hex| attributes(hex, beyond));
        let changed = new.is_some();
        if let Some(new) = new {
            view["attributes"] = json!(new);
        }
        changed
    })
}

fn alternative_names(view: &mut Value, beyond: &Beyond) -> bool {
    let critical = view["subject"].as_array().is_some_and(Vec::is_empty);
    let Some(extensions) = extensions_mut(view) else {
        return false;
    };
    let own = extensions
        .iter_mut()
        .find(|extension| extension[0] == SUBJECT_ALT_NAME);
    if let Some(own) = own {
        let value = own[2]
            .as_str()
            .and_then(|hex| HEXLOWER.decode(hex.as_bytes()).ok());
        let new = value.and_then(|value| translated(&value, &beyond.uris, &beyond.request_uris));
        let changed = new.is_some();
        if let Some(new) = new {
            own[2] = json!(HEXLOWER.encode(&new));
        }
        return changed;
    }
    let Some(value) = translated(&der::sequence(&[]), &[], &beyond.request_uris) else {
        return false;
    };
    let before = |extension: &&Value| BEFORE_ALT_NAME.iter().any(|kind| extension[0] == *kind);
    let at = extensions.iter().take_while(before).count();
    extensions.insert(at, json!([SUBJECT_ALT_NAME, critical, HEXLOWER.encode(&value)]));
    true
}

/// A subjectAltName in which the DNS names in `uris` are URIs and those in `more` are
/// added; `None` if nothing changes.
fn translated(value: &[u8], uris: &[String], more: &[String]) -> Option<Vec<u8>> {
    let mut changed = !more.is_empty();
    let mut names: Vec<(u8, Vec<u8>)> = Vec::new();
    for name in Element::whole(value).ok()?.children().ok()? {
        let is_asked = name.tag == DNS && uris.iter().any(|uri| uri.as_bytes() == name.value);
        let known = URIS.iter().find(|(uri, _)| uri.as_bytes() == name.value);
        names.push(match known.filter(|_| is_asked) {
            Some((_, written)) => (URI, written.as_bytes().to_vec()),
            None => (name.tag, name.value.to_vec()),
        });
        changed |= is_asked;
    }
    names.extend(more.iter().map(|uri| (URI, uri.clone().into_bytes())));
    names.sort_by_key(|(tag, _)| ORDER.iter().position(|known| known == tag));
    let names = names.iter().map(|(tag, value)| der::element(*tag, value));
    changed.then(|| der::sequence(&names.collect::<Vec<_>>()))
}

/// The attributes of a request created by cfssl, in hex, with one extensionRequest; `None`
/// if nothing changes.
fn attributes(hex: &str, beyond: &Beyond) -> Option<String> {
    let mut changed = false;
    let mut extensions = Vec::new();
    for mut extension in requested(hex) {
        if extension.kind == SUBJECT_ALT_NAME
            && let Some(value) = translated(&extension.value, &beyond.uris, &[])
        {
            extension.value = value;
            changed = true;
        }
        extensions.push(der::extension(
            &extension.kind,
            extension.critical,
            extension.value,
        ));
    }
    let request = [
        der::oid(EXTENSION_REQUEST),
        der::set(vec![der::sequence(&extensions)]),
    ];
    let attributes = der::element(0xA0, der::sequence(&request));
    changed.then(|| HEXLOWER.encode(&attributes))
}

struct Requested {
    kind: String,
    critical: bool,
    value: Vec<u8>,
}

/// The extensions requested in the attributes of cfssl's request, in hex.
fn requested(hex: &str) -> Vec<Requested> {
    let der = HEXLOWER.decode(hex.as_bytes()).unwrap_or_default();
    let read = |der: &[u8]| -> Result<Vec<Requested>> {
        let mut out = Vec::new();
        for attribute in Element::whole(der)?.children()? {
            let [_, set] = attribute.fields()?;
            let [list] = set.fields()?;
            for extension in list.children()? {
                let parts = extension.children()?;
                let [kind, .., value] = parts.as_slice() else {
                    bail!("no extension");
                };
                out.push(Requested {
                    kind: kind.oid()?,
                    critical: parts.len() == 3,
                    value: value.value.to_vec(),
                });
            }
        }
        Ok(out)
    };
    read(&der).unwrap_or_default()
}

/// Moves the request's extensions after those of the certificate, replacing its own of the
/// same type.
pub fn self_signed(answer: &mut Value) -> bool {
    let mut asked: Vec<Requested> = Vec::new();
    // The request may be there twice: printed, and in a file.
    each_view(answer, &mut |_, view| {
        if let Some(hex) = view["attributes"].as_str() {
            asked = requested(hex);
        }
        false
    });
    each_view(answer, &mut |_, view| {
        let Some(extensions) = extensions_mut(view) else {
            return false;
        };
        extensions.retain(|own| asked.iter().all(|asked| own[0] != asked.kind));
        let asked = asked.iter().map(|asked| {
            let value = HEXLOWER.encode(&asked.value);
            json!([asked.kind, asked.critical, value])
        });
        extensions.extend(asked);
        true
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn san(names: &[(u8, &str)]) -> Vec<u8> {
        let names = names.iter().map(|(tag, name)| der::element(*tag, name));
        der::sequence(&names.collect::<Vec<_>>())
    }

    fn uris_of(list: &[&str]) -> Vec<String> {
        list.iter().map(|uri| (*uri).to_owned()).collect()
    }

    #[test]
    fn only_requested_uris_become_uris() {
        let before = san(&[(DNS, "*"), (DNS, "a"), (0x87, "1234")]);
        let after = san(&[(DNS, "a"), (0x87, "1234"), (URI, "*")]);
        assert_eq!(translated(&before, &uris_of(&["*"]), &[]), Some(after));
        assert_eq!(translated(&before, &uris_of(&["/"]), &[]), None);
        let after = san(&[(DNS, "*"), (DNS, "a"), (0x87, "1234"), (URI, "urn:x")]);
        assert_eq!(translated(&before, &[], &uris_of(&["urn:x"])), Some(after));
    }

    #[test]
    fn requests_and_certificates_are_translated() {
        let list = der::sequence(&[der::extension(SUBJECT_ALT_NAME, false, san(&[(DNS, "HTTP://X")]))]);
        let request = der::sequence(&[der::oid(EXTENSION_REQUEST), der::set(vec![list])]);
        let hex = HEXLOWER.encode(&der::element(0xA0, request));
        let csr = json!({ "what": "csr", "subject": [], "attributes": hex });
        let certificate = json!({ "what": "certificate", "subject": [], "issuer": [], "extensions": [
            ["2.5.29.15", true, "03020780"],
            [SUBJECT_ALT_NAME, true, HEXLOWER.encode(&san(&[(DNS, "HTTP://X")]))],
            ["2.5.29.31", false, "3000"],
        ] });
        let beyond = Beyond {
            uris: uris_of(&["HTTP://X"]),
            request_names: vec!["2.5.4.12=printable:x".into()],
            ..Beyond::default()
        };
        let mut answer = json!([csr, certificate]);
        assert!(uris(&mut answer, &beyond) && names(&mut answer, &beyond, false));
        let uri = HEXLOWER.encode(&san(&[(URI, "http://X")]));
        assert!(answer[0]["attributes"].as_str().unwrap().ends_with(&uri));
        assert_eq!(answer[0]["subject"], json!([]));
        assert_eq!(answer[1]["subject"], json!(["2.5.4.12=printable:x"]));
        assert_eq!(answer[1]["extensions"][1], json!([SUBJECT_ALT_NAME, false, uri]));
        assert!(self_signed(&mut answer));
        let kinds: Vec<&Value> = answer[1]["extensions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e[0])
            .collect();
        assert_eq!(kinds, ["2.5.29.15", "2.5.29.31", SUBJECT_ALT_NAME]);
    }
}
