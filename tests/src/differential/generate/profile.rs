//! Profiles of a configuration.

use super::node::Node;
use super::{duration, node::Key};
use crate::differential::random::Random;

/// A profile.
#[derive(Debug)]
pub struct Profile {
    /// The object.
    pub node: Node,
    /// Whether it has a `not_after`.
    pub fixed_end: bool,
}

/// Usages that both versions know. The one with two spellings (`content commitment`) is
/// left out.
const USAGES: [&str; 22] = [
    "signing",
    "digital signature",
    "key encipherment",
    "data encipherment",
    "key agreement",
    "cert sign",
    "crl sign",
    "encipher only",
    "decipher only",
    "any",
    "server auth",
    "client auth",
    "code signing",
    "email protection",
    "s/mime",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "timestamping",
    "ocsp signing",
    "microsoft sgc",
    "netscape sgc",
];

const UNKNOWN_USAGES: [&str; 7] = [
    "server-auth",
    "Signing",
    "",
    "serverAuth",
    "web",
    " signing",
    "any ",
];

const WHITELISTS: [&str; 16] = [
    "",
    ".",
    "^[a-z0-9.*-]+$",
    r"\.example\.com$",
    "example",
    "(?i)EXAMPLE",
    r"^(www|api|\*)\.",
    r"\Qexample.com\E",
    "[[:alpha:]]",
    r"\pL",
    "^$",
    "^.{1,20}$",
    "a{2,3}",
    "(?s:.)",
    "[^@]+@",
    "x|y|z",
];

const BAD_WHITELISTS: [&str; 10] = [
    "(", "[", "*a", "(?=x)", r"\1", "a{1001}", "(?P<n", "a**", r"\", "[b-a]",
];

const URLS: [&str; 5] = [
    "http://crl.example.com/ca.crl",
    "",
    "not a url",
    "ldap://x/",
    "http://ocsp.example.com",
];

/// A profile; a `bad` one contains one error.
pub fn profile(random: &mut Random, bad: bool) -> Profile {
    let mut fields = vec![
        ("usages", usages(random)),
        ("expiry", duration::good(random).into()),
    ];
    if random.chance(25) {
        fields.push(("backdate", backdate(random).into()));
    }
    let fixed_end = random.chance(6);
    if random.chance(8) {
        fields.push(("not_before", date(random, 2001, 2020)));
    }
    if fixed_end {
        fields.push(("not_after", date(random, 2031, 2060)));
    }
    if random.chance(30) {
        fields.push(("ca_constraint", ca_constraint(random)));
    }
    if random.chance(12) {
        fields.push(("name_whitelist", random.pick(&WHITELISTS).into()));
    }
    if random.chance(10) {
        fields.push(("CSRWhitelist", csr_whitelist(random)));
    }
    if random.chance(12) {
        fields.push(("policies", policies(random)));
    }
    for url in ["ocsp_url", "crl_url"] {
        if random.chance(20) {
            fields.push((url, random.pick(&URLS).into()));
        }
    }
    if random.chance(15) {
        let urls = random.some(&URLS, 3);
        fields.push((
            "issuer_urls",
            random
                .choose(&[Node::texts(&urls), Node::texts(&[]), Node::null()].each_ref())
                .clone(),
        ));
    }
    if random.chance(10) {
        fields.push(("ocsp_no_check", random.chance(70).into()));
    }
    if random.chance(8) {
        fields.push(("auth_key", "good".into()));
    }
    if random.rarely(5) {
        fields.push(("ClientProvidesSerialNumbers", true.into()));
    }
    if random.chance(5) {
        fields.push(("allowed_extensions", Node::texts(&["1.2.3", "2.5.29.99"])));
    }
    if random.chance(10) {
        fields.push((
            random.choose(&["comment", "usage", "is_ca", "hosts"]),
            Node::odd(random),
        ));
    }
    if random.chance(20) {
        random.shuffle(&mut fields);
    }
    if bad && let Some(node) = spoil(random, &mut fields) {
        return Profile { node, fixed_end };
    }
    Profile {
        node: Node::fields(fields),
        fixed_end,
    }
}

fn usages(random: &mut Random) -> Node {
    let common = ["signing", "key encipherment", "server auth", "client auth"];
    let mut usages = match random.below(10) {
        0..5 => random.some(&common, 4),
        5..9 => random.some(&USAGES, 6),
        _ => random.some(&USAGES, USAGES.len()),
    };
    if random.chance(15) {
        random.shuffle(&mut usages);
    }
    if random.chance(8) {
        usages.push(random.choose(&UNKNOWN_USAGES));
    }
    if random.chance(5) {
        usages.extend_from_within(..1);
    }
    Node::texts(&usages)
}

/// Short ones: with a long one, the normal form could not distinguish the start of validity
/// from a fixed date.
fn backdate(random: &mut Random) -> &'static str {
    random.pick(&[
        "0", "", "0s", "1h", "5m", "10s", "30s", "1h30m", "-1h", "24h", "1ns", "90s", "0.5s", "-90s", "720h",
    ])
}

/// Without escapes, which Go does not accept in times.
fn date(random: &mut Random, first: usize, last: usize) -> Node {
    let zone = random.choose(&["Z", "Z", "Z", "+02:00", "-11:30", ".5Z", ".999999999+01:00"]);
    let date = format!(
        r#""{}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}""#,
        random.between(first, last),
        random.between(1, 12),
        random.between(1, 28),
        random.below(24),
        random.below(60),
        random.below(60)
    );
    Node::raw(&date)
}

fn ca_constraint(random: &mut Random) -> Node {
    let mut fields = Vec::new();
    if random.chance(90) {
        fields.push(("is_ca", random.chance(75).into()));
    }
    if random.chance(60) {
        fields.push((
            "max_path_len",
            random.choose(&[0, 1, 2, 5, 127, 128, 300, -1, -2]).into(),
        ));
    }
    if random.chance(40) {
        fields.push(("max_path_len_zero", random.chance(70).into()));
    }
    Node::fields(fields)
}

/// The parts that may be adopted from a request.
fn csr_whitelist(random: &mut Random) -> Node {
    let mut fields = Vec::new();
    for key in ["PublicKey", "PublicKeyAlgorithm"] {
        if random.chance(95) {
            fields.push((key, random.chance(95).into()));
        }
    }
    for key in [
        "Subject",
        "SignatureAlgorithm",
        "DNSNames",
        "IPAddresses",
        "EmailAddresses",
    ] {
        if random.chance(70) {
            fields.push((key, random.chance(85).into()));
        }
    }
    Node::fields(fields)
}

fn policies(random: &mut Random) -> Node {
    let one = |random: &mut Random| {
        let id = random.choose(&[
            "1.2.3",
            "2.23.140.1.2.1",
            "1.3.6.1.4.1.44947.1.1.1",
            "2.5.29.32.0",
        ]);
        let mut fields = vec![("id", Node::from(id))];
        if random.chance(50) {
            let qualifiers = (0..random.between(1, 2)).map(|_| {
                let kind = random.choose(&["id-qt-cps", "id-qt-unotice"]);
                let value = random.choose(&["http://cps.example.com", "Hear ye", ""]);
                Node::fields(vec![("type", kind.into()), ("value", value.into())])
            });
            fields.push(("qualifiers", Node::List(qualifiers.collect())));
        }
        Node::fields(fields)
    };
    let count = random.between(1, 3);
    Node::List((0..count).map(|_| one(random)).collect())
}

/// Introduces one error; returns another profile if the error concerns the whole profile.
fn spoil(random: &mut Random, fields: &mut Vec<(&'static str, Node)>) -> Option<Node> {
    const KNOWN: [&str; 17] = [
        "usages",
        "expiry",
        "backdate",
        "not_before",
        "not_after",
        "ca_constraint",
        "name_whitelist",
        "CSRWhitelist",
        "policies",
        "ocsp_url",
        "crl_url",
        "issuer_urls",
        "ocsp_no_check",
        "auth_key",
        "ClientProvidesSerialNumbers",
        "allowed_extensions",
        "cert_store",
    ];
    let own = |fields: &mut Vec<(&'static str, Node)>, key: &'static str, node: Node| {
        fields.retain(|(known, _)| *known != key);
        fields.push((key, node));
    };
    match random.below(13) {
        0 => return Some(Node::odd(random)),
        1 => fields.retain(|(key, _)| *key != "usages"),
        2 => own(fields, "usages", Node::texts(&random.some(&UNKNOWN_USAGES, 3))),
        3 => fields.retain(|(key, _)| *key != "expiry"),
        4 => own(fields, "expiry", duration::any(random).into()),
        5 => own(
            fields,
            "backdate",
            random.pick(&["x", "5", "1 h", "10sec"]).into(),
        ),
        6 => own(fields, "name_whitelist", random.pick(&BAD_WHITELISTS).into()),
        7 => own(
            fields,
            "auth_key",
            random.pick(&["no hex", "no type", "none"]).into(),
        ),
        8 => {
            let node = random.pick(&["2020-01-01", "x", "2020-13-01T00:00:00Z", "2020-01-01T00:00:00"]);
            let key = random.choose(&["not_before", "not_after"]);
            own(fields, key, Node::raw(&format!("\"{node}\"")));
        }
        9 => {
            let id = random.choose(&["x", "1", "1.2.x", "", "3.1", "1.40.1", "a1.2.3", "1..2"]);
            let policy = Node::fields(vec![("id", id.into())]);
            own(fields, "policies", Node::List(vec![policy]));
        }
        10 => {
            let key = Key::Name(random.choose(&KNOWN).to_owned());
            let fields = fields.iter().map(|(key, node)| (Key::Field(key), node.clone()));
            return Some(Node::Object(fields.chain([(key, Node::null())]).collect()));
        }
        _ => own(fields, random.choose(&KNOWN), Node::odd(random)),
    }
    None
}
