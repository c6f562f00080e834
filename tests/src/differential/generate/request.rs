//! Request documents (`csr.json`).

use super::node::{Key, Node, Style};
use super::{damage, duration, hosts, text};
use crate::differential::random::Random;
use crate::differential::trial::Beyond;

/// The purpose of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A certificate signed by a CA.
    Leaf,
    /// A new CA.
    Authority,
    /// A self-signed certificate.
    SelfSigned,
    /// A request for an existing key. It contains no errors, because they are reported
    /// differently.
    Request,
}

/// A document.
#[derive(Debug, Default)]
pub struct Document {
    /// The text.
    pub bytes: Vec<u8>,
    /// The parts that Debian's cfssl does not support.
    pub beyond: Beyond,
}

struct Builder<'a> {
    random: &'a mut Random,
    purpose: Purpose,
    /// Whether fields may be invalid.
    odd: bool,
    beyond: Beyond,
}

type Field = (Key, Node);

/// A document for a purpose; most are valid.
pub fn document(random: &mut Random, purpose: Purpose) -> Document {
    let odd = purpose != Purpose::Request && random.chance(40);
    let mut builder = Builder {
        random,
        purpose,
        odd,
        beyond: Beyond::default(),
    };
    let mut fields = builder.fields();
    if odd {
        builder.make_odd(&mut fields);
    }
    let beyond = builder.beyond;
    let style = style(random, odd);
    let mut bytes = Node::Object(fields).write(style, random);
    // A damaged document could contain URIs that were not recorded.
    if odd && random.chance(12) && beyond == Beyond::default() {
        bytes = damage::json(random, &bytes);
    }
    Document { bytes, beyond }
}

/// The formatting of a document.
pub fn style(random: &mut Random, odd: bool) -> Style {
    Style {
        lines: random.chance(50),
        odd_keys: odd && random.chance(30),
        escapes: random.chance(15),
    }
}

impl Builder<'_> {
    fn fields(&mut self) -> Vec<Field> {
        let mut fields = Vec::new();
        if self.random.chance(88) {
            fields.push((Key::Field("CN"), text::node(self.random)));
        }
        if self.random.chance(70) {
            fields.push((Key::Field("hosts"), self.hosts()));
        }
        if self.random.chance(70) {
            fields.push((Key::Field("names"), self.names()));
        }
        if self.random.chance(15) {
            fields.push((Key::Field("serialnumber"), text::node(self.random)));
        }
        if self.random.chance(60) {
            fields.push((Key::Field("key"), self.key()));
        }
        let ca = match self.purpose {
            Purpose::Authority => 60,
            Purpose::SelfSigned | Purpose::Request => 25,
            Purpose::Leaf => 2,
        };
        if self.random.chance(ca) {
            fields.push((Key::Field("ca"), self.ca()));
        }
        if self.random.chance(30) {
            self.random.shuffle(&mut fields);
        }
        fields
    }

    fn hosts(&mut self) -> Node {
        let count = self
            .random
            .weighted(&[(10, 0), (25, 1), (25, 2), (25, 3), (10, 5), (3, 12), (2, 40)]);
        let mut hosts: Vec<String> = Vec::new();
        // Otherwise one odd host in a dozen would leave few clean lists.
        let clean = self.random.chance(50);
        while hosts.len() < count {
            let host = hosts::host(self.random);
            if !clean || host.is_ascii() {
                hosts.push(host);
            }
        }
        if self.random.chance(10) {
            let uri = hosts::uri(self.random);
            let at = self.random.below(hosts.len() + 1);
            hosts.insert(at, uri.clone());
            self.beyond.uris.push(uri);
        }
        let mut list: Vec<Node> = hosts.into_iter().map(Node::Text).collect();
        if self.odd && self.random.chance(4) {
            let odd = self.random.choose(&["null", "1", "{}", "[]", "true"]);
            list.push(Node::raw(odd));
        }
        Node::List(list)
    }

    fn names(&mut self) -> Node {
        let count = self.random.weighted(&[(5, 0), (60, 1), (20, 2), (10, 3), (5, 6)]);
        let extras = !self.odd && self.random.chance(15);
        let names = (0..count).map(|_| self.name(extras)).collect();
        Node::List(names)
    }

    /// One entry; `extras` are an e-mail address and an attribute by its identifier.
    fn name(&mut self, extras: bool) -> Node {
        let mut fields = Vec::new();
        for key in ["C", "ST", "L", "O", "OU", "SerialNumber"] {
            if self.random.chance(if key == "SerialNumber" { 3 } else { 60 }) {
                fields.push((Key::Field(key), text::node(self.random)));
            }
        }
        if extras && self.random.chance(60) {
            let kinds = [
                "0.9.2342.19200300.100.1.1",
                "0.9.2342.19200300.100.1.25",
                "2.5.4.12",
                "2.5.4.42",
                "1.2.3.4.5",
                "2.999.1",
                "1.3.6.1.4.1.311.60.2.1.3",
            ];
            let kind = self.random.choose(&kinds);
            let value = text::text(self.random);
            self.beyond.names.push(rdn(kind, &value));
            let member = (Key::Name(kind.to_owned()), Node::Text(value));
            fields.push((Key::Field("OID"), Node::Object(vec![member])));
        }
        if extras && self.random.chance(60) {
            let address =
                self.random
                    .choose(&["a@b.example", "root@localhost", "Zoë@example.com", "no address"]);
            self.beyond.names.push(rdn("1.2.840.113549.1.9.1", address));
            fields.push((Key::Field("E"), address.into()));
        }
        if self.odd && self.random.chance(10) {
            let field = self.random.choose(&["C", "ST", "L", "O", "OU", "CN", "Email"]);
            fields.push((Key::Field(field), text::node(self.random)));
        }
        if self.odd && self.random.chance(2) {
            return Node::odd(self.random);
        }
        Node::Object(fields)
    }

    fn key(&mut self) -> Node {
        let mut pairs = vec![
            (300, ("ecdsa", "256")),
            (150, ("ecdsa", "384")),
            (80, ("ecdsa", "521")),
            (14, ("rsa", "2048")),
            (2, ("rsa", "2056")),
            (1, ("rsa", "3072")),
        ];
        if self.odd {
            let bad = [
                ("rsa", "1024"),
                ("rsa", "2047"),
                ("rsa", "8193"),
                ("rsa", "0"),
                ("rsa", "-1"),
                ("rsa", "256"),
                ("ecdsa", "224"),
                ("ecdsa", "255"),
                ("ecdsa", "512"),
                ("ecdsa", "0"),
                ("ECDSA", "256"),
                ("RSA", "2048"),
                ("dsa", "2048"),
                ("", "256"),
                ("Ed25519", "256"),
                ("ecdsa", "256.0"),
                ("ecdsa", "2.56e2"),
                ("ecdsa", "\"256\""),
                ("ecdsa", "0256"),
                ("ecdsa", "+256"),
                ("ecdsa", "99999999999999999999"),
                ("ecdsa", "-9223372036854775808"),
            ];
            pairs.extend(bad.map(|pair| (8, pair)));
        }
        let (algo, size) = self.random.weighted(&pairs);
        let mut fields = vec![("algo", Node::from(algo)), ("size", Node::raw(size))];
        match self.random.below(20) {
            0 => drop(fields.remove(0)),
            1 => drop(fields.remove(1)),
            2 => fields.clear(),
            3 => fields.reverse(),
            4 if self.odd => return Node::null(),
            5 if self.odd => return Node::odd(self.random),
            _ => {}
        }
        Node::fields(fields)
    }

    fn ca(&mut self) -> Node {
        let mut fields = Vec::new();
        if self.random.chance(60) {
            let expiry = match self.odd {
                true => duration::any(self.random),
                false => duration::good(self.random),
            };
            fields.push(("expiry", expiry.into()));
        }
        if self.random.chance(50) {
            let odd: &[i64] = &[0, 1, 2, 3, 10, 127, 128, 255, 256, 65535, -1, -2, -128, -129];
            let lengths = if self.odd { odd } else { &odd[..5] };
            fields.push(("pathlen", self.random.choose(lengths).into()));
        }
        if self.random.chance(30) {
            fields.push(("pathlenzero", self.random.chance(70).into()));
        }
        if self.odd && self.random.chance(10) {
            let key = self.random.choose(&["expiry", "pathlen", "pathlenzero", "is_ca"]);
            fields.push((key, Node::odd(self.random)));
        }
        if self.odd && self.random.chance(5) {
            return Node::odd(self.random);
        }
        self.random.shuffle(&mut fields);
        Node::fields(fields)
    }

    /// Fields that are repeated, of the wrong type, or unknown.
    fn make_odd(&mut self, fields: &mut Vec<Field>) {
        const KNOWN: [&str; 6] = ["CN", "hosts", "names", "key", "serialnumber", "ca"];
        const UNKNOWN: [&str; 8] = [
            "comment",
            "profile",
            "host",
            "name",
            "",
            "KEY ",
            "CommonName",
            "ext",
        ];
        for _ in 0..self.random.below(3) {
            let (key, node) = match self.random.below(10) {
                0..2 => (self.random.choose(&UNKNOWN), Node::odd(self.random)),
                2..4 => ("names", self.names()),
                4..6 => ("hosts", self.hosts()),
                6..8 => ("key", self.key()),
                8 => (self.random.choose(&KNOWN[..5]), Node::null()),
                _ => (self.random.choose(&KNOWN[..5]), Node::odd(self.random)),
            };
            let at = self.random.below(fields.len() + 1);
            fields.insert(at, (Key::Field(key), node));
        }
        // After a null key, Debian's cfssl accepts no other key.
        let is_key = |key: &Key| matches!(key, Key::Field("key"));
        if fields.iter().filter(|(key, _)| is_key(key)).count() > 1 {
            fields.retain(|(key, node)| !(is_key(key) && node.is_null()));
        }
    }
}

/// An attribute after those that Debian's cfssl knows, in normal form.
pub fn rdn(kind: &str, value: &str) -> String {
    format!("{kind}={}:{value}", text::string_type(value))
}
