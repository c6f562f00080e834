//! Changes of a seed: elements replaced, moved, multiplied and nested, parameters set to
//! what nobody would write; and, where a key is at hand, the signature made again.

use rcfssl_core::key::{SignatureAlgorithm, SigningKey};
use rcfssl_go::pem;
use serde_json::Value;

use super::corpus::{self, Body, Corpus};
use super::der::{Inside, Node};
use super::{Case, Kind, calls, document, readers, text};
use crate::differential::random::Random;

/// How often each kind comes up. What needs a process of its own takes longer.
const KINDS: [(usize, Kind); 12] = [
    (18, Kind::Certificate),
    (18, Kind::Request),
    (12, Kind::Key),
    (10, Kind::Container),
    (6, Kind::Status),
    (8, Kind::Ocsp),
    (18, Kind::Document),
    (12, Kind::Text),
    (2, Kind::Output),
    (2, Kind::Jobs),
    (3, Kind::Folder),
    (8, Kind::Call),
];

/// No case is larger, in bytes: repeats of repeats would be.
const LARGEST: usize = 4 << 20;

/// One case of a corpus.
pub fn case(corpus: &Corpus, random: &mut Random) -> Case {
    let kind = random.weighted(&KINDS);
    let seeds = corpus.of(kind);
    let mut bytes = match seeds.is_empty() {
        true => Vec::new(),
        false => changed(kind, &seeds[random.below(seeds.len())].body, corpus, random),
    };
    bytes.truncate(LARGEST);
    Case { kind, bytes }
}

fn changed(kind: Kind, body: &Body, corpus: &Corpus, random: &mut Random) -> Vec<u8> {
    match body {
        Body::Der(node, label) => der(kind, node, label, corpus, random),
        Body::File(name, body) => {
            let mut out = format!("{name}\n").into_bytes();
            out.extend(changed(kind, body, corpus, random));
            out
        }
        Body::Call(call) => {
            let document = match random.chance(50) {
                true => blocks_changed(call.document(), corpus, random),
                false => document::changed(call.document(), random),
            };
            calls::case(call, document, random)
        }
        Body::Text(bytes) if kind == Kind::Output && random.chance(50) => {
            blocks_changed(bytes, corpus, random)
        }
        Body::Text(_) if kind == Kind::Text => text::made(random),
        Body::Text(bytes) => document::changed(bytes, random),
    }
}

/// A document with what is in one of its texts as PEM changed.
fn blocks_changed(bytes: &[u8], corpus: &Corpus, random: &mut Random) -> Vec<u8> {
    let Ok(mut document) = serde_json::from_slice::<Value>(bytes) else {
        return damaged(bytes.to_vec(), random);
    };
    let mut texts = Vec::new();
    texts_with_blocks(&mut document, &mut texts);
    if texts.is_empty() {
        return document::changed(bytes, random);
    }
    let at = random.below(texts.len());
    if let Some(text) = texts.get_mut(at)
        && let Some((block, _)) = pem::decode(text.as_bytes())
        && let Some(node) = Node::read(&block.contents)
    {
        // Requests are signed again; the others may be binary, which JSON is not.
        let kind = corpus::kind_of(&block.label);
        let changed = der(kind, &node, &block.label, corpus, random);
        let is_pem = changed.starts_with(b"-----");
        **text = match is_pem {
            true => String::from_utf8_lossy(&changed).into_owned(),
            false => pem::encode(&block.label, &changed),
        };
    }
    document.to_string().into_bytes()
}

fn texts_with_blocks<'a>(value: &'a mut Value, found: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) if text.contains("-----BEGIN ") => found.push(text),
        Value::Array(elements) => elements
            .iter_mut()
            .for_each(|element| texts_with_blocks(element, found)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|member| texts_with_blocks(member, found)),
        _ => {}
    }
}

fn der(kind: Kind, node: &Node, label: &str, corpus: &Corpus, random: &mut Random) -> Vec<u8> {
    let mut node = node.clone();
    for _ in 0..random.weighted(&[(60, 1), (25, 2), (10, 4), (5, 12)]) {
        change(&mut node, corpus, random);
    }
    if random.chance(70) {
        sign(kind, &mut node, random);
    }
    let mut der = node.write();
    if random.chance(8) {
        der = damaged(der, random);
    }
    let is_binary = match kind {
        Kind::Ocsp => true,
        Kind::Key | Kind::Folder => false,
        _ => random.chance(60),
    };
    if is_binary {
        return der;
    }
    let pem = pem::encode(label, &der).into_bytes();
    match random.chance(8) {
        true => damaged(pem, random),
        false => pem,
    }
}

/// Makes the outermost signature good again, by the one key of all cases.
fn sign(kind: Kind, node: &mut Node, random: &mut Random) {
    // The BasicOCSPResponse is inside (RFC 6960, section 4.2.1).
    let node = match kind {
        Kind::Ocsp => match [1, 0, 1, 0]
            .into_iter()
            .try_fold(node, |node, at| node.children_mut()?.get_mut(at))
        {
            Some(node) => node,
            None => return,
        },
        _ => node,
    };
    let Some([signed, algorithm, signature]) = node.children_mut().map(Vec::as_mut_slice) else {
        return;
    };
    let key = readers::key();
    let ecdsa = Node::nodes(0x30, vec![Node::octets(0x06, SHA256_WITH_ECDSA)]);
    if let Some(fields) = signed.children_mut() {
        if kind == Kind::Request
            && random.chance(90)
            && let (Some(place), Some(own)) = (fields.get_mut(2), Node::read(key.public_key().spki()))
        {
            *place = own;
        }
        // The algorithm stands inside, too, behind a version that may be left out.
        let place = fields.iter_mut().take(3).find(|field| is_algorithm(field));
        if let Some(place) = place {
            *place = ecdsa.clone();
        }
    }
    let message = signed.write();
    if let Ok(made) = key.sign(SignatureAlgorithm::EcdsaWithSha256, &message) {
        *algorithm = ecdsa;
        *signature = Node::octets(0x03, [&[0], made.as_slice()].concat());
    }
}

/// ecdsa-with-SHA256
const SHA256_WITH_ECDSA: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

fn is_algorithm(node: &Node) -> bool {
    node.tag == 0x30 && node.children().first().is_some_and(|first| first.tag == 0x06)
}

/// Changes one element.
fn change(node: &mut Node, corpus: &Corpus, random: &mut Random) {
    let number = random.below(node.count());
    let foreign = random.chance(15).then(|| any_element(corpus, random)).flatten();
    let Some(place) = node.at_mut(number) else { return };
    if let Some(foreign) = foreign {
        *place = foreign;
        return;
    }
    match random.below(100) {
        0..40 => contents(place, random),
        40..52 => place.tag = tag(random),
        52..60 => nest(place, random),
        _ => siblings(place, random),
    }
}

/// Some element of another seed.
fn any_element(corpus: &Corpus, random: &mut Random) -> Option<Node> {
    let kind = random.choose(&Kind::ALL);
    let seeds = corpus.of(kind);
    match &seeds.get(random.below(seeds.len().max(1)))?.body {
        Body::Der(node, _) => {
            let mut node = node.clone();
            let number = random.below(node.count());
            node.at_mut(number).cloned()
        }
        _ => None,
    }
}

/// Elements inside are left out, repeated, exchanged or put in a row of thousands.
fn siblings(node: &mut Node, random: &mut Random) {
    let Some(nodes) = node.children_mut().filter(|nodes| !nodes.is_empty()) else {
        return contents(node, random);
    };
    let at = random.below(nodes.len());
    match random.below(100) {
        0..35 => drop(nodes.remove(at)),
        35..60 => nodes.insert(at, nodes[at].clone()),
        60..80 => {
            let other = random.below(nodes.len());
            nodes.swap(at, other);
        }
        80..97 => {
            let last = nodes.len();
            nodes.insert(random.between(0, last), Node::octets(tag(random), octets(random)));
        }
        _ => {
            let one = nodes[at].clone();
            let few = 1 + 200_000 / (1 + one.write().len());
            let times = random.between(1, few.min(5_000));
            nodes.extend(std::iter::repeat_n(one, times));
        }
    }
}

/// Puts an element into others, some few or very many.
fn nest(node: &mut Node, random: &mut Random) {
    let outer = random.choose(&[0x30, 0x31, 0xa0, 0xa3, 0x04, 0x24]);
    for _ in 0..random.weighted(&[(80, 1), (15, 20), (5, 1_000)]) {
        let inner = std::mem::replace(node, Node::octets(0x05, []));
        *node = Node::nodes(outer, vec![inner]);
    }
}

fn tag(random: &mut Random) -> u8 {
    const TAGS: [u8; 30] = [
        0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1a, 0x1b, 0x1c,
        0x1e, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0xa0, 0xa1, 0xa3, 0xa4, 0x1f,
    ];
    match random.chance(90) {
        true => random.choose(&TAGS),
        false => random.bits() as u8,
    }
}

/// Sets the contents of an element, most often to something of its type.
fn contents(node: &mut Node, random: &mut Random) {
    let octets = match node.tag {
        _ if random.chance(15) => octets(random),
        0x01 => random.pick(&[&[0][..], &[0xff], &[5], &[], &[0, 0]]).to_vec(),
        0x02 | 0x0a => integer(random),
        0x06 => oid(random),
        0x03 => [&[random.choose(&[0, 1, 7, 8, 255])], octets(random).as_slice()].concat(),
        0x17 | 0x18 => time(random).into_bytes(),
        0x0c | 0x12..=0x16 | 0x1a..=0x1e | 0x81..=0x88 => text::made(random),
        _ => match &node.inside {
            Inside::Octets(own) => resized(own.clone(), random),
            _ => octets(random),
        },
    };
    node.inside = Inside::Octets(octets);
}

fn integer(random: &mut Random) -> Vec<u8> {
    let powers = random.below(70);
    match random.below(8) {
        0 => Vec::new(),
        1 => vec![0],
        2 => vec![0xff],
        3 => (1_u128 << powers).to_be_bytes()[8 - (powers / 64) * 4..].to_vec(),
        4 => (random.below(5_000) as u32).to_be_bytes().to_vec(),
        5 => vec![0x80; random.between(1, 20)],
        6 => vec![0x7f; random.choose(&[1, 4, 8, 9, 20, 21, 2_000, 70_000])],
        _ => [&[0; 3], octets(random).as_slice()].concat(),
    }
}

fn oid(random: &mut Random) -> Vec<u8> {
    const KNOWN: [&[u8]; 12] = [
        &[0x55, 0x1d, 0x0f],
        &[0x55, 0x1d, 0x11],
        &[0x55, 0x1d, 0x13],
        &[0x55, 0x1d, 0x1e],
        &[0x55, 0x1d, 0x25],
        &[0x55, 0x04, 0x03],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a],
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01],
        &[0x2b, 0x65, 0x70],
        &[0x2b, 0x06, 0x01, 0x04, 0x01, 0xda, 0x47, 0x04, 0x0b],
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x03, 0x07],
    ];
    match random.below(6) {
        0..3 => random.pick(&KNOWN).to_vec(),
        3 => vec![0x80, 0x01],
        4 => vec![0xff; random.between(0, 12)],
        _ => octets(random),
    }
}

fn time(random: &mut Random) -> String {
    const TIMES: [&str; 10] = [
        "260101000000Z",
        "491231235959Z",
        "500101000000Z",
        "2601010000Z",
        "260101000000+0100",
        "20260101000000Z",
        "99991231235959Z",
        "00000101000000Z",
        "20260230000000Z",
        "20260101000000.5Z",
    ];
    random.pick(&TIMES).to_owned()
}

fn octets(random: &mut Random) -> Vec<u8> {
    let length = random.weighted(&[(20, 0), (40, 4), (25, 40), (14, 300), (1, 100_000)]);
    let length = random.between(0, length);
    (0..length).map(|_| random.bits() as u8).collect()
}

/// Shorter, longer, or with one octet changed.
fn resized(mut octets: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let last = octets.len();
    match random.below(3) {
        0 => octets.truncate(random.between(0, last)),
        1 => octets.extend((0..random.between(1, 16)).map(|_| random.bits() as u8)),
        _ if last > 0 => octets[random.below(last)] = random.bits() as u8,
        _ => {}
    }
    octets
}

/// Changes bytes wherever they are.
pub fn damaged(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    for _ in 0..random.between(1, 4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, random.choose(&[0, b'\n', b'-', b':', b'"', 0x80, 0xff])),
            3 => {
                let end = random.between(at, bytes.len());
                let slice = bytes[at..end].to_vec();
                let times = random.weighted(&[(90, 1), (9, 10), (1, 2_000)]);
                for _ in 0..times.min(1 + 1_000_000 / (1 + slice.len())) {
                    bytes.extend_from_slice(&slice);
                }
            }
            _ => bytes[at] = random.bits() as u8,
        }
    }
    bytes
}
