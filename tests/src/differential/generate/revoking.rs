//! `gencrl` and `ocspsign`.

use anyhow::Result;

use super::line::Words;
use super::{Maker, duration};

/// Lines of a list of serial numbers.
const NUMBERS: [&str; 24] = [
    "1",
    "2",
    "127",
    "128",
    "255",
    "256",
    "65535",
    "18446744073709551616",
    "730750818665451459101842416358141509827966271487",
    "0",
    "00",
    "0007",
    "+7",
    "-9",
    "-128",
    "-129",
    "",
    " ",
    "9 ",
    "7\r",
    "1_000",
    "abc",
    "0x10",
    " 8",
];

/// A CRL.
pub fn crl(maker: &mut Maker<'_>) -> Result<()> {
    let random = &mut maker.random;
    let count = random.weighted(&[(1, 0), (3, 1), (4, 3), (2, 12), (1, 100)]);
    let mut list = String::new();
    for at in 0..count {
        list += &match random.below(3) {
            0 => random.pick(&NUMBERS).to_owned(),
            1 => random.bits().to_string(),
            _ => format!("{}{:019}", random.bits() >> 1, random.bits() >> 1),
        };
        if at + 1 < count || random.chance(70) {
            list.push('\n');
        }
    }
    maker.trial.file("serials.txt", list);
    let (mut certificate, mut key) = maker.plain_authority();
    match maker.random.below(60) {
        0 => certificate = "none.pem".to_owned(),
        1 => key = "none.pem".to_owned(),
        2 => std::mem::swap(&mut certificate, &mut key),
        3..6 => {
            certificate = maker.trial.with_pki("ca-rsa2048.pem");
            key = maker.trial.with_pki("ca-rsa2048-key-enc.pem");
            let password = maker.random.weighted(&[(3, "correct"), (1, "wrong")]);
            maker
                .trial
                .env
                .insert("CFSSL_CA_PK_PASSWORD".into(), password.into());
        }
        _ => {}
    }
    let mut words = Words::new("cfssl gencrl");
    let files = ["serials.txt", certificate.as_str(), key.as_str()];
    let piped = maker.random.choose(&[0, 0, 0, 1, 2, 9, 9, 9]);
    for (at, file) in files.iter().enumerate() {
        words.argument(if at == piped { "-" } else { file });
    }
    if maker.random.chance(50) {
        // Debian's cfssl reads the seconds from a file with that name, 1.6.5 uses the name
        // itself: so each file contains its own name.
        let times = [
            "3600",
            "0",
            "1",
            "86400",
            "2147483647",
            "1000000",
            "010",
            "0x10",
            "2147483648",
            "x",
            "1h",
            "1_000",
            "-3600",
        ];
        let time = maker.random.pick(&times);
        maker.trial.file(time, time);
        words.argument(time);
        if maker.random.chance(10) {
            words.argument("ignored");
        }
    }
    let line = match files.get(piped) {
        Some(file) => format!("{} < {file}", words.line()),
        None => words.line(),
    };
    maker.trial.line(line);
    Ok(())
}

/// A certificate and its key.
type Pair = (&'static str, &'static str);

/// A CA.
struct Group {
    own: Pair,
    signed: &'static [&'static str],
    responder: Pair,
}

const GROUPS: [Group; 3] = [
    Group {
        own: ("ca-p256.pem", "ca-p256-key.pem"),
        signed: &[
            "made-leaf-p256.pem",
            "made-intermediate.pem",
            "made-expired.pem",
            "made-responder.pem",
            "ca-p256.pem",
        ],
        responder: ("made-responder.pem", "leaf-p384-key.pem"),
    },
    Group {
        own: ("ca-rsa2048.pem", "ca-rsa2048-key.pem"),
        signed: &[
            "made-leaf-rsa2048.pem",
            "made-responder-rsa.pem",
            "ca-rsa2048.pem",
        ],
        responder: ("made-responder-rsa.pem", "leaf-rsa2048-key.pem"),
    },
    Group {
        own: ("ca-p384.pem", "ca-p384-key.pem"),
        signed: &["made-leaf-p384.pem", "ca-p384.pem"],
        responder: ("ca-p384.pem", "ca-p384-key.pem"),
    },
];

/// An OCSP response.
pub fn ocsp(maker: &mut Maker<'_>) -> Result<()> {
    let group = &GROUPS[maker.random.below(GROUPS.len())];
    let mut leaf = maker.random.pick(group.signed);
    let mut responder = match maker.random.chance(60) {
        true => group.responder,
        false => group.own,
    };
    let mut ca = group.own.0;
    match maker.random.below(40) {
        // A certificate of another issuer. For one with the same name and another key, the
        // versions' messages differ.
        0 => leaf = "ca-odd.pem",
        1 => ca = "none.pem",
        2 => responder.0 = "leaf-p384-key.pem",
        3 => responder.1 = "request-p384.csr",
        4 => responder.1 = "none.pem",
        5 => leaf = "leaf-p384-key.pem",
        6 => ca = "",
        _ => {}
    }
    for name in [ca, leaf, responder.0, responder.1] {
        if !matches!(name, "" | "none.pem") {
            maker.trial.with_pki(name);
        }
    }
    let mut words = Words::new("cfssl ocspsign");
    let random = &mut maker.random;
    words.flag(random, "ca", ca);
    words.flag(random, "responder", responder.0);
    let key_flag = random.choose(&["responder-key", "responder-key", "key"]);
    words.flag(random, key_flag, responder.1);
    if random.chance(98) {
        words.flag(random, "cert", leaf);
    }
    let status = random.weighted(&[
        (3, ""),
        (3, "good"),
        (8, "revoked"),
        (3, "unknown"),
        (1, "Good"),
        (1, "bad"),
    ]);
    if !status.is_empty() {
        words.flag(random, "status", status);
    }
    if random.chance(if status == "revoked" { 92 } else { 10 }) {
        let reasons = [
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "unspecified",
            "keyCompromise",
            "KEYCOMPROMISE",
            "cACompromise",
            "affiliationChanged",
            "superseded",
            "cessationOfOperation",
            "certificateHold",
            "removeFromCRL",
            "privilegeWithdrawn",
            "aACompromise",
            "",
            "0",
            "10",
            "-1",
            "01",
            "bogus",
            "1.0",
            " 1",
        ];
        let reason = random.pick(&reasons);
        words.flag(random, "reason", reason);
    }
    if random.chance(30) {
        let time = random.pick(&[
            "now",
            "2020-02-29",
            "1999-12-31",
            "2049-01-01",
            "2050-01-01",
            "2021-02-29",
            "2020-1-1",
            "yesterday",
            "",
            "2020-01-01T00:00:00Z",
        ]);
        words.flag(random, "revoked-at", time);
    }
    if random.chance(25) {
        let interval = duration::good(random);
        words.flag(random, "interval", interval);
    }
    maker.put(&words, None);
    Ok(())
}
