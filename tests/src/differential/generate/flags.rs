//! Command lines: Go's flag syntax, valid and invalid, before an optional argument.

use anyhow::Result;

use super::Maker;
use crate::differential::random::Random;
use crate::differential::trial::quote;

/// Flags of both versions, with the type of their value: text, number, duration, bool.
const FLAGS: [(&str, char); 26] = [
    ("hostname", 't'),
    ("cert", 't'),
    ("csr", 't'),
    ("tls-cert", 't'),
    ("mutual-tls-cn", 't'),
    ("key", 't'),
    ("intermediates", 't'),
    ("ca-bundle", 't'),
    ("metadata", 't'),
    ("address", 't'),
    ("port", 'n'),
    ("profile", 't'),
    ("flavor", 't'),
    ("domain", 't'),
    ("ip", 't'),
    ("label", 't'),
    ("authkey", 't'),
    ("responder", 't'),
    ("status", 't'),
    ("interval", 'd'),
    ("list", 'b'),
    ("timeout", 'd'),
    ("num-workers", 'n'),
    ("password", 't'),
    ("serial", 't'),
    ("loglevel", 'n'),
];

const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "-1",
    "+5",
    "0x10",
    "0o17",
    "0b1",
    "010",
    "1_000",
    "",
    "x",
    "1.0",
    "1e3",
    "99999999999999999999",
    "0x",
    " 1",
];

const DURATIONS: [&str; 12] = [
    "1h",
    "0",
    "1h30m",
    "-1s",
    "1.5h",
    "",
    "x",
    "1",
    "1 h",
    "1H",
    "+2m",
    "9999999999h",
];

const BOOLS: [&str; 15] = [
    "1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False", "yes", "", "tRUE",
];

/// A command with flags.
pub fn flags(maker: &mut Maker<'_>) -> Result<()> {
    let random = &mut maker.random;
    let command = random.pick(&["genkey", "gencert -initca", "genkey -initca"]);
    let mut words = vec![format!("cfssl {command}")];
    for _ in 0..random.between(1, 5) {
        words.extend(flag(random));
    }
    // Takes the argument as its value. Only the last flag may do so, or there would be one
    // argument too many.
    if random.chance(3) {
        words.push("-profile".to_owned());
    }
    match random.below(10) {
        0 => {}
        1 => words.push("--".to_owned()),
        2 => {
            words = vec![format!(
                "cfssl {}",
                random.pick(&["", "frobnicate", "help", "Gencert", "-bogus genkey", "--", "-"])
            )]
        }
        _ => {}
    }
    match random.below(10) {
        0..8 => words.push("request.json".to_owned()),
        8 => words.push("-".to_owned()),
        _ => {}
    }
    maker
        .trial
        .file("request.json", r#"{"CN":"flags","hosts":["a.example"]}"#);
    maker.trial.line(words.join(" "));
    Ok(())
}

fn flag(random: &mut Random) -> Vec<String> {
    let (name, kind) = random.choose(&FLAGS);
    let value = match kind {
        'n' => random.pick_first(80, 9, &NUMBERS),
        'd' => random.pick_first(80, 5, &DURATIONS),
        'b' => random.pick_first(80, 12, &BOOLS),
        _ => random.pick(&["x", "", "-", "--", "-x", "a b", "a=b", "é", "none.pem"]),
    };
    match random.below(100) {
        0 => vec![format!("---{name}")],
        1 => vec![format!("-={value}")]
            .into_iter()
            .map(|word| quote(&word))
            .collect(),
        2 => vec![
            random
                .pick(&["-bogus", "--bogus=1", "-Hostname=x", "-h", "--help", "-host=x"])
                .to_owned(),
        ],
        4..30 if kind == 'b' => vec![format!("-{name}")],
        _ if kind == 'b' => vec![quote(&format!("-{name}={value}"))],
        5..50 => vec![quote(&format!("--{name}={value}"))],
        _ => vec![format!("-{name}"), quote(value)],
    }
}
