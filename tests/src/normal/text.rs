//! The text, json and pem descriptions: the output of a program or the contents of a file.

use std::sync::LazyLock;

use anyhow::Result;
use data_encoding::HEXLOWER;
use regex::Regex;
use serde::Deserialize;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Value, json};

use super::der::Element;
use super::pem::{self, Block};
use super::{Baseline, ocsp, x509};

static STAMP: LazyLock<Regex> =
    LazyLock::new(|| regex(r"^[0-9]{4}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} "));
static LEVEL: LazyLock<Regex> = LazyLock::new(|| regex(r"^\[[A-Z]+\] "));
static SERIAL: LazyLock<Regex> = LazyLock::new(|| regex(r"serial number [0-9]+"));
/// The current time in the message for an expired certificate.
static NOW: LazyLock<Regex> = LazyLock::new(|| regex(r"current time [0-9TZ:+-]+"));
static OBJECT: LazyLock<Regex> = LazyLock::new(|| regex(r#"\{"code":[0-9]+,"message":.*\}"#));

/// A constant pattern of these tests.
pub(crate) fn regex(pattern: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "a constant, tried by every test")]
    Regex::new(pattern).expect(pattern)
}

/// Bytes as text; those that are not UTF-8 are shown as `\xNN`.
pub fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        chunk
            .invalid()
            .iter()
            .for_each(|byte| out.push_str(&format!("\\x{byte:02x}")));
    }
    out
}

/// The standard output of a program, or a file that contains JSON.
///
/// # Errors
/// If openssl does not run, as below.
pub fn output(baseline: &Baseline<'_>, bytes: &[u8]) -> Result<Value> {
    let text = escaped(bytes);
    if let Some(document) = document(&text)
        && (document.is_object() || document.is_array())
    {
        return Ok(json!({
            "json": inside(baseline, &document)?,
            "compact": !text.trim_matches('\n').contains('\n'),
            "ends-with-newline": text.ends_with('\n'),
            "key-order": serde_json::from_str::<Keys>(&text).ok().map(|keys| keys.0),
        }));
    }
    // gencrl prints a CRL as bare base64.
    if is_base64(&text)
        && let Some(crl) = pem::decode(&text).and_then(|der| x509::crl(baseline, &der).ok())
    {
        return Ok(json!({ "base64": crl, "ends-with-newline": text.ends_with('\n') }));
    }
    self::text(baseline, &text)
}

/// Parses JSON. Numbers of more than 15 digits (such as the modulus of an RSA key) become
/// strings of `#` and the digits, because a JSON number would not be exact.
pub fn document(text: &str) -> Option<Value> {
    let mut exact = String::new();
    let (mut rest, mut quoted) = (text, false);
    while let Some(char) = rest.chars().next() {
        let digits = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_digit() || *byte == b'-')
            .count();
        let taken = if quoted && char == '\\' {
            1 + rest[1..].chars().next().map_or(0, char::len_utf8)
        } else if !quoted && digits > 15 {
            exact.push_str(&format!("\"#{}\"", &rest[..digits]));
            rest = &rest[digits..];
            continue;
        } else {
            char.len_utf8()
        };
        quoted ^= char == '"';
        exact.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    serde_json::from_str(&exact).ok()
}

/// Whether this can only be base64.
pub fn is_base64(text: &str) -> bool {
    let odd = |byte: u8| !(byte.is_ascii_alphanumeric() || b"+/=\n".contains(&byte));
    text.len() >= 40 && !text.bytes().any(odd)
}

/// Text, with its PEM blocks separated.
pub fn text(baseline: &Baseline<'_>, text: &str) -> Result<Value> {
    if !text.contains("-----BEGIN ") {
        return Ok(json!(text));
    }
    let blocks: Vec<Value> = pem::blocks(text)
        .iter()
        .map(|found| block(baseline, found))
        .collect::<Result<_>>()?;
    Ok(json!({ "pem": blocks, "layout": pem::layout(text) }))
}

fn inside(baseline: &Baseline<'_>, value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Object(members) => members
            .iter()
            .map(|(key, value)| Ok((key.clone(), member(baseline, key, value)?)))
            .collect::<Result<_>>()?,
        Value::Array(items) => items
            .iter()
            .map(|item| inside(baseline, item))
            .collect::<Result<_>>()?,
        Value::String(string) if string.contains("-----BEGIN ") => text(baseline, string)?,
        other => other.clone(),
    })
}

fn member(baseline: &Baseline<'_>, key: &str, value: &Value) -> Result<Value> {
    let response = value.as_str().filter(|_| key == "ocspResponse");
    match response.and_then(|text| ocsp::response(baseline, text)) {
        Some(view) => Ok(view),
        None => {
            let mut view = inside(baseline, value)?;
            // The host names of a bundle are a set, in any order.
            if key == "hostnames"
                && let Some(names) = view.as_array_mut()
            {
                names.sort_by_key(Value::to_string);
            }
            Ok(view)
        }
    }
}

fn block(baseline: &Baseline<'_>, block: &Block<'_>) -> Result<Value> {
    let Some(der) = block.der() else {
        return Ok(json!({ "what": block.label, "unreadable": true }));
    };
    let label = block.label;
    let view = if let Some(file) = baseline.inputs.get(&der) {
        Ok(json!({ "what": label, "same-as-input": file }))
    } else if label == "CERTIFICATE" {
        x509::certificate(baseline, &der)
    } else if label.ends_with("CERTIFICATE REQUEST") {
        x509::request(&der)
    } else if label == "X509 CRL" {
        x509::crl(baseline, &der)
    } else if label.contains("PRIVATE KEY") {
        Ok(private_key(baseline, block, &der)?)
    } else {
        Ok(json!({ "what": label, "der": HEXLOWER.encode(&der) }))
    };
    // The reason why it cannot be parsed is not compared.
    let mut view = view.unwrap_or_else(|_| json!({ "what": label, "undecodable": true }));
    let width = block
        .lines()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or_default();
    let ended = if block.ended { "True" } else { "False" };
    view["pem"] = json!(format!("{label} width={width} newline={ended}"));
    Ok(view)
}

fn private_key(baseline: &Baseline<'_>, block: &Block<'_>, der: &[u8]) -> Result<Value> {
    let key = baseline.keys.read(&format!("{}\n", block.text))?;
    let public = match &key.public {
        Some(spki) => x509::spki(&Element::whole(spki)?)?,
        None => "openssl cannot read it".to_owned(),
    };
    let mut view = json!({ "what": "private key", "encrypted": block.is_encrypted(), "public": public });
    if let Ok(parts) = Element::first(der).and_then(|(whole, _)| whole.children()) {
        let tags: Vec<String> = parts.iter().map(|part| format!("{:02x}", part.tag)).collect();
        view["shape"] = json!(tags);
    }
    Ok(view)
}

/// Standard error: log lines and error objects are kept. Other text must only exist; hints
/// and debug lines need not.
pub fn errors(bytes: &[u8]) -> Value {
    let (mut log, mut objects, mut prose) = (Vec::new(), Vec::new(), false);
    for line in escaped(bytes).lines() {
        let body = STAMP.replace(line, "");
        let stamped = body.len() < line.len();
        let body = SERIAL.replace_all(&body, "serial number <serial>");
        let body = NOW.replace_all(&body, "current time <now>");
        if stamped && body.starts_with("[DEBUG] ") {
            continue;
        }
        if stamped && LEVEL.is_match(&body) || body.starts_with(r#"{"code":"#) {
            log.push(body.into_owned());
        } else if !body.trim().is_empty() && !body.starts_with("hint: ") {
            prose = true;
            objects.extend(OBJECT.find(&body).map(|object| object.as_str().to_owned()));
        }
    }
    json!({ "log": log, "prose": prose, "objects": objects })
}

/// The keys of an object, in the order of the text.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Keys;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
                let mut keys: Vec<String> = Vec::new();
                while let Some((key, _)) = map.next_entry::<String, IgnoredAny>()? {
                    if !keys.contains(&key) {
                        keys.push(key);
                    }
                }
                Ok(Keys(keys))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_lines_are_kept_and_prose_is_only_noted() {
        let text = b"2026/11/22 11:53:54 [INFO] signed certificate with serial number 123\n\
            2026/11/22 11:53:54 [DEBUG] anything\nhint: anything\n{\"code\":1001,\"message\":\"x\"}\n";
        assert_eq!(
            errors(text),
            json!({
                "log": ["[INFO] signed certificate with serial number <serial>", "{\"code\":1001,\"message\":\"x\"}"],
                "prose": false,
                "objects": [],
            })
        );
        assert_eq!(
            errors(b"no good: {\"code\":5200,\"message\":\"y\"}"),
            json!({ "log": [], "prose": true, "objects": ["{\"code\":5200,\"message\":\"y\"}"] })
        );
        // A line without a time stamp is prose, whatever it says.
        assert_eq!(errors(b"[INFO] x\n")["prose"], json!(true));
    }

    #[test]
    fn long_numbers_stay_exact() {
        let text =
            r#"{"n":12345678901234567,"m":-1234567890123456,"k":123456789012345,"s":"\\\"1234567890123456"}"#;
        assert_eq!(
            document(text).unwrap(),
            json!({ "n": "#12345678901234567", "m": "#-1234567890123456", "k": 123_456_789_012_345_u64, "s": "\\\"1234567890123456" })
        );
        assert_ne!(document("[12345678901234567]"), document("[12345678901234568]"));
        assert!(document("{").is_none());
    }

    #[test]
    fn bytes_that_are_not_text_stay_visible() {
        assert_eq!(escaped(b"a\xff\xfe\xc3\xa9"), "a\\xff\\xfe\u{e9}");
    }

    #[test]
    fn keys_come_in_the_order_of_the_text() {
        let keys: Keys = serde_json::from_str(r#"{"z":1,"a":{"q":2},"z":3}"#).unwrap();
        assert_eq!(keys.0, ["z", "a"]);
    }
}
