//! Names and other texts, from plain words to malformed strings.

use super::node::Node;
use crate::differential::random::Random;

const PLAIN: [&str; 16] = [
    "example.com",
    "etcd",
    "US",
    "NL",
    "California",
    "San Francisco",
    "Example Co",
    "WWW",
    "server-1",
    "Amsterdam",
    "Noord-Holland",
    "kube-apiserver",
    "system:masters",
    "O'Neill (Sales)",
    "a/b+c=d?",
    "42",
];

const WIDE: [&str; 14] = [
    "*.example.com",
    "Müller & Söhne",
    "a@b.example",
    "under_score",
    "東京",
    "Ω≈ç√",
    "\u{1F600}",
    "semi;colon",
    "<b>bold</b>",
    "say \"hi\"",
    "back\\slash",
    "line\u{2028}end",
    "e\u{301}",
    "\u{FEFF}mark",
];

const ODD: [&str; 10] = [
    "",
    " ",
    "  x  ",
    "\t",
    "a\nb",
    "a\u{0}b",
    "\u{7f}",
    "\u{80}",
    "\u{FFFD}",
    "\u{10FFFF}",
];

/// Strings that are not valid Unicode, which Go replaces with U+FFFD.
const BROKEN: [&[u8]; 6] = [
    b"\"a\xff\"",
    b"\"\xc3\x28\"",
    b"\"\xed\xa0\x80x\"",
    br#""\ud800""#,
    br#""x\udc00\ud800y""#,
    br#""\ud83d\ude00""#,
];

/// Strings that JSON does not allow.
const NO_STRINGS: [&[u8]; 7] = [
    b"\"a\nb\"",
    b"\"a\tb\"",
    b"'x'",
    br#""\x41""#,
    br#""\u12""#,
    b"\"open",
    br#""\u00zz""#,
];

/// A text that can be encoded.
pub fn text(random: &mut Random) -> String {
    match random.below(100) {
        0..55 => random.pick(&PLAIN).to_owned(),
        55..85 => random.pick(&WIDE).to_owned(),
        85..93 => random.pick(&ODD).to_owned(),
        93..97 => long(random),
        _ => characters(random),
    }
}

/// A text, or occasionally a malformed string.
pub fn node(random: &mut Random) -> Node {
    match random.below(1000) {
        0..985 => Node::Text(text(random)),
        985..998 => Node::Raw(random.choose(&BROKEN).to_vec()),
        _ => Node::Raw(random.choose(&NO_STRINGS).to_vec()),
    }
}

/// A text of about the lengths at which X.520 and DER change.
fn long(random: &mut Random) -> String {
    let length = random.choose(&[63, 64, 65, 127, 128, 129, 255, 256, 300]);
    random.pick(&["x", "Long name ", "ä"]).repeat(length)
}

fn characters(random: &mut Random) -> String {
    let length = random.between(1, 12);
    let char = |random: &mut Random| {
        let end = random.choose(&[0x80, 0x80, 0x100, 0x800, 0xFFFF]);
        char::from_u32(random.below(end) as u32).unwrap_or('x')
    };
    (0..length).map(|_| char(random)).collect()
}

/// Go's choice between PrintableString and UTF8String (encoding/asn1, `isPrintable` without
/// `*` and `&`), as named in the normal form.
pub fn string_type(text: &str) -> &'static str {
    let printable = |char: char| char.is_ascii_alphanumeric() || " '()+,-./:=?".contains(char);
    if text.chars().all(printable) {
        "printable"
    } else {
        "utf8"
    }
}
