//! `cfssljson` with documents that no command printed. The commands' own output is covered
//! by their trials.

use anyhow::Result;

use super::line::Words;
use super::node::{Key, Node, Style};
use super::{Maker, damage, text};
use crate::differential::random::Random;

/// Keys with a meaning, and some that only look like them. `bundle` has a different meaning
/// in each version.
const KEYS: [&str; 14] = [
    "cert",
    "certificate",
    "key",
    "private_key",
    "encrypted_key",
    "csr",
    "certificate_request",
    "ocspResponse",
    "Cert",
    "KEY",
    "certificateRequest",
    "errors",
    "",
    "success",
];

/// A document, bare or in an API response.
pub fn documents(maker: &mut Maker<'_>) -> Result<()> {
    let bare = maker.random.chance(65);
    let result = result(&mut maker.random);
    let node = if maker.random.chance(if bare { 4 } else { 92 }) {
        answer(&mut maker.random, result)
    } else {
        result
    };
    let style = Style {
        lines: maker.random.chance(30),
        odd_keys: maker.random.chance(10),
        escapes: maker.random.chance(15),
    };
    let mut bytes = node.write(style, &mut maker.random);
    if maker.random.chance(10) {
        bytes = damage::json(&mut maker.random, &bytes);
    }
    maker.trial.file("in.json", bytes);
    let mut words = Words::new("cfssljson");
    if bare {
        words.switch(&mut maker.random, "bare");
    }
    let input = match maker.random.below(10) {
        0..4 => {
            words.flag(&mut maker.random, "f", "in.json");
            ""
        }
        4 => {
            words.flag(&mut maker.random, "f", "-");
            " < in.json"
        }
        5 if maker.random.chance(20) => {
            words.flag(&mut maker.random, "f", "none.json");
            ""
        }
        _ => " < in.json",
    };
    if maker.random.chance(30) {
        words.switch(&mut maker.random, "stdout");
    }
    if maker.random.chance(80) {
        let base = maker.random.weighted(&[
            (10, "out"),
            (2, "a b"),
            (1, "-"),
            (1, "none/out"),
            (1, "x.y"),
            (1, "é"),
        ]);
        words.argument(base);
        if base == "out" && maker.random.chance(10) {
            maker.trial.file("out.pem", "there before\n");
            maker.trial.file(
                "out-key.pem",
                "there before, and longer than what comes after it\n",
            );
        }
        if maker.random.chance(10) {
            words.argument(maker.random.pick(&["-", "more"]));
        }
    }
    maker.trial.line(words.line() + input);
    Ok(())
}

fn answer(random: &mut Random, result: Node) -> Node {
    let error = |random: &mut Random| {
        Node::fields(vec![
            ("code", 1000.into()),
            ("message", Node::Text(text::text(random))),
        ])
    };
    let mut fields = Vec::new();
    if random.chance(95) {
        fields.push((Key::Field("success"), Node::from(random.chance(85))));
    }
    if random.chance(95) {
        fields.push((
            Key::Field("result"),
            if random.chance(4) {
                Node::odd(random)
            } else {
                result
            },
        ));
    }
    let errors = (0..random.weighted(&[(6, 0), (3, 1), (1, 3)]))
        .map(|_| error(random))
        .collect();
    fields.push((
        Key::Field("errors"),
        if random.chance(3) {
            Node::odd(random)
        } else {
            Node::List(errors)
        },
    ));
    if random.chance(80) {
        fields.push((Key::Field("messages"), Node::List(Vec::new())));
    }
    Node::Object(fields)
}

fn result(random: &mut Random) -> Node {
    let keys = random.some(&KEYS, 5);
    let mut members: Vec<(Key, Node)> = keys
        .into_iter()
        .map(|key| (Key::Name(key.to_owned()), content(random, key)))
        .collect();
    if random.chance(8) {
        let key = random.choose(&KEYS);
        members.push((Key::Name(key.to_owned()), content(random, key)));
    }
    Node::Object(members)
}

fn content(random: &mut Random, key: &str) -> Node {
    let base64 = [
        "",
        "AAEC",
        "MAA=",
        "AAEC\nAwQF\n",
        "AA EC",
        "A",
        "AA",
        "AAEC=",
        "!",
        "AAEC\r\n",
        "____",
    ];
    match random.below(100) {
        0..4 => Node::odd(random),
        _ if key == "ocspResponse" => random.pick_first(70, 4, &base64).into(),
        4..8 => "".into(),
        8..30 => text::node(random),
        _ => {
            let label = random.pick(&["CERTIFICATE", "EC PRIVATE KEY", "CERTIFICATE REQUEST", "X"]);
            let lines = "AAAA".repeat(random.between(1, 20));
            Node::Text(format!(
                "-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n"
            ))
        }
    }
}
