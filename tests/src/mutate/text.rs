//! Short texts: durations, addresses, object identifiers, regular expressions, numbers,
//! put together from their pieces.

use crate::differential::random::Random;

const PIECES: [&[u8]; 76] = [
    b"1",
    b"0",
    b"9223372036854775807",
    b"99999999999999999999",
    b"-",
    b"+",
    b".",
    b"h",
    b"m",
    b"s",
    b"ns",
    b"y",
    b"w",
    b"d",
    b"8760h",
    b"1e9",
    b"a",
    b"example.com",
    b"*.",
    b"*",
    b"10.0.0.1",
    b"::ffff:1.2.3.4",
    b"fe80::1%eth0",
    b"[",
    b"]",
    b":",
    b"://",
    b"http://",
    b"https://user@",
    b"/",
    b"?",
    b"#",
    b"%41",
    b"%",
    b"%zz",
    b"@",
    b"<a@b>",
    b"\"",
    b"\\",
    b"(",
    b")",
    b"(a|b)",
    b"(?P<n>a)",
    b"(?i)",
    b"(?:",
    b"{0,500}",
    b"{1000}",
    b"{2,1}",
    b"a{0,500}",
    b"[^",
    b"[:alpha:]",
    b"\\pL",
    b"\\Q",
    b"\\E",
    b"\\x{10FFFF}",
    b"^",
    b"$",
    b"|",
    b"1.2.840.113549",
    b"2.5.4.3",
    b"1.2.2147483648",
    b"2026-01-02T03:04:05Z",
    b"+01:00",
    b"\xc3\xa4",
    b"\xff",
    b"\xed\xa0\x80",
    b"\0",
    b"\n",
    b"\r",
    b"\t",
    b" ",
    b"\xe2\x80\xae",
    b"env:X",
    b"file:/x",
    b"0123456789abcdef",
    b"server auth",
];

/// A text.
pub fn made(random: &mut Random) -> Vec<u8> {
    let pieces = random.weighted(&[(10, 0), (60, 3), (25, 8), (4, 40), (1, 3_000)]);
    let pieces = random.between(0, pieces);
    let mut out = Vec::new();
    for _ in 0..pieces {
        out.extend_from_slice(random.pick(&PIECES));
    }
    if random.rarely(5) {
        let times = 1 + 100_000 / (1 + out.len());
        out = out.repeat(times);
    }
    out
}
