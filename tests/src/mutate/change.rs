//! Changes of a seed: elements replaced, moved, multiplied and nested, parameters set to
//! what nobody would write; and, where a key is at hand, the signature made again.

use rcfssl_core::key::{SignatureAlgorithm, SigningKey};
use rcfssl_go::pem;

use super::corpus::{Body, Seed};
use super::der::{Inside, Node};
use super::{Case, Kind, document, readers, text};
use crate::differential::random::Random;

/// One case of a corpus.
pub fn case(seeds: &[Seed], random: &mut Random) -> Case {
    let seed = &seeds[random.below(seeds.len())];
    let bytes = match &seed.body {
        Body::Der(node, label) => der(seed.kind, node, label, seeds, random),
        Body::Text(_) if seed.kind == Kind::Text => text::made(random),
        Body::Text(bytes) if seed.kind == Kind::Document => document::changed(bytes, random),
        Body::Text(bytes) => damaged(bytes.clone(), random),
    };
    Case {
        kind: seed.kind,
        bytes,
    }
}

fn der(kind: Kind, node: &Node, label: &str, seeds: &[Seed], random: &mut Random) -> Vec<u8> {
    let mut node = node.clone();
    for _ in 0..random.weighted(&[(60, 1), (25, 2), (10, 4), (5, 12)]) {
        change(&mut node, seeds, random);
    }
    if random.chance(70) {
        sign(kind, &mut node, random);
    }
    let mut der = node.write();
    if random.chance(8) {
        der = damaged(der, random);
    }
    if kind != Kind::Key && random.chance(60) {
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
fn change(node: &mut Node, seeds: &[Seed], random: &mut Random) {
    let number = random.below(node.count());
    let foreign = random.chance(15).then(|| any_element(seeds, random)).flatten();
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
fn any_element(seeds: &[Seed], random: &mut Random) -> Option<Node> {
    match &seeds[random.below(seeds.len())].body {
        Body::Der(node, _) => {
            let mut node = node.clone();
            let number = random.below(node.count());
            node.at_mut(number).cloned()
        }
        Body::Text(_) => None,
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
