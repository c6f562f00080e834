//! Changes of JSON documents: values of other types, sizes and depths, keys that nobody
//! knows, and text that is nearly JSON.

use serde_json::{Map, Value};

use super::{change, text};
use crate::differential::random::Random;

/// A document like this one.
pub fn changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else {
        return change::damaged(bytes.to_vec(), random);
    };
    for _ in 0..random.weighted(&[(60, 1), (30, 3), (10, 10)]) {
        visit(&mut document, random, 0);
    }
    let out = document.to_string().into_bytes();
    match random.chance(20) {
        true => change::damaged(out, random),
        false => out,
    }
}

/// Walks down by chance, and changes what it ends at.
fn visit(value: &mut Value, random: &mut Random, depth: usize) {
    let stays = random.chance(20 + 15 * depth.min(5));
    match value {
        Value::Object(members) if !members.is_empty() && !stays => {
            let at = random.below(members.len());
            if let Some(value) = members.values_mut().nth(at) {
                visit(value, random, depth + 1);
            }
        }
        Value::Array(elements) if !elements.is_empty() && !stays => {
            let at = random.below(elements.len());
            visit(&mut elements[at], random, depth + 1);
        }
        Value::Object(members) if random.chance(60) => {
            let key = key(random);
            if random.chance(30) {
                members.retain(|_, _| random.chance(70));
            }
            members.insert(key, any(random, 0));
        }
        Value::Array(elements) if random.chance(60) => match random.below(3) {
            0 => elements.push(any(random, 0)),
            1 => drop(elements.pop()),
            _ => {
                let one = elements.first().cloned().unwrap_or_default();
                let times = random.weighted(&[(80, 1), (15, 100), (5, 3_000)]);
                elements.extend(std::iter::repeat_n(one, times));
            }
        },
        other => *other = any(random, 0),
    }
}

fn key(random: &mut Random) -> String {
    const KEYS: [&str; 76] = [
        "CN",
        "hosts",
        "names",
        "OID",
        "1.2.3",
        "2.5.4.3",
        "key",
        "algo",
        "size",
        "ca",
        "pathlen",
        "expiry",
        "backdate",
        "extensions",
        "Id",
        "Value",
        "signing",
        "default",
        "profiles",
        "usages",
        "remote",
        "auth_key",
        "name_whitelist",
        "policies",
        "Qualifiers",
        "ca_constraint",
        "not_before",
        "not_after",
        "auth_keys",
        "remotes",
        "CSRWhitelist",
        "organizations",
        "certificates",
        "certificate_request",
        "profile",
        "label",
        "serial",
        "subject",
        "hostname",
        "bundle",
        "request",
        "token",
        "timestamp",
        "crl_override",
        "NotBefore",
        "metadata",
        "certificate",
        "status",
        "reason",
        "revoked_at",
        "issuer_hash",
        "serialNumber",
        "serial_number",
        "authority_key_identifier",
        "authority_key_id",
        "issuingKey",
        "expireTime",
        "pem",
        "sans",
        "cert",
        "private_key",
        "encrypted_key",
        "ocspResponse",
        "result",
        "success",
        "errors",
        "messages",
        "root",
        "before",
        "rekey",
        "folder",
        "output",
        "ca_key",
        "driver",
        "data_source",
        "",
    ];
    match random.chance(85) {
        true => random.pick(&KEYS).to_owned(),
        false => String::from_utf8_lossy(&text::made(random)).into_owned(),
    }
}

fn any(random: &mut Random, depth: usize) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => random.chance(50).into(),
        2 => random
            .choose(&[0, 1, -1, 2048, 8193, i64::MAX, i64::MIN, 1 << 31])
            .into(),
        3 => random.choose(&[0.5, 1e308, -0.0]).into(),
        4 if depth < 6 => Value::Array(
            (0..random.between(0, 3))
                .map(|_| any(random, depth + 1))
                .collect(),
        ),
        5 if depth < 6 => {
            let members = (0..random.between(0, 3)).map(|_| (key(random), any(random, depth + 1)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        6 => {
            let deep = random.weighted(&[(90, 3), (10, 100)]);
            (0..deep).fold(Value::Null, |inner, _| Value::Array(vec![inner]))
        }
        _ => String::from_utf8_lossy(&text::made(random)).into(),
    }
}
