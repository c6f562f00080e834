//! Shell lines and their flags.

use super::{Maker, hosts};
use crate::differential::random::Random;
use crate::differential::trial::quote;

/// The words of a command.
#[derive(Debug, Clone)]
pub struct Words(Vec<String>);

impl Words {
    /// A command.
    pub fn new(command: &str) -> Self {
        Words(command.split(' ').map(str::to_owned).collect())
    }

    /// Adds a flag with a value, in one of Go's notations.
    pub fn flag(&mut self, random: &mut Random, name: &str, value: &str) {
        let dash = if random.chance(20) { "--" } else { "-" };
        if random.chance(40) {
            self.0.push(quote(&format!("{dash}{name}={value}")));
        } else {
            self.0.push(format!("{dash}{name}"));
            self.0.push(quote(value));
        }
    }

    /// Adds a flag without a value.
    pub fn switch(&mut self, random: &mut Random, name: &str) {
        let form = random.weighted(&[(80, ""), (10, "=true"), (5, "=1"), (5, "=T")]);
        let dash = if random.chance(20) { "--" } else { "-" };
        self.0.push(format!("{dash}{name}{form}"));
    }

    /// Adds an argument.
    pub fn argument(&mut self, word: &str) {
        self.0.push(quote(word));
    }

    /// As a line.
    pub fn line(&self) -> String {
        self.0.join(" ")
    }
}

/// A CA: its certificate, its key, and other formats of that key.
const AUTHORITIES: [(usize, (&str, &str)); 12] = [
    (40, ("ca-p256.pem", "ca-p256-key.pem")),
    (5, ("ca-p256.pem", "ca-p256-key-pkcs8.pem")),
    (12, ("ca-p384.pem", "ca-p384-key.pem")),
    (6, ("ca-p521.pem", "ca-p521-key.pem")),
    (10, ("ca-rsa2048.pem", "ca-rsa2048-key.pem")),
    (2, ("ca-rsa2048.pem", "ca-rsa2048-key-pkcs8.pem")),
    (3, ("ca-rsa3072.pem", "ca-rsa3072-key.pem")),
    (3, ("ca-rsa4096.pem", "ca-rsa4096-key.pem")),
    (6, ("ca-pathlen0.pem", "ca-pathlen0-key.pem")),
    (6, ("ca-pathlen1.pem", "ca-pathlen1-key.pem")),
    (7, ("ca-odd.pem", "ca-odd-key.pem")),
    (3, ("made-intermediate.pem", "leaf-p256-key.pem")),
];

/// The number of CAs at the end with attributes of other types, or T61Strings in Latin-1.
const ODD_NAMES: usize = 2;

impl Maker<'_> {
    /// Adds a line: its output is compared directly, or written to files by cfssljson.
    pub fn put(&mut self, words: &Words, input: Option<&str>) {
        let line = match input {
            Some(file) => format!("{} < {file}", words.line()),
            None => words.line(),
        };
        match self.random.below(10) {
            0..2 => self.trial.line(format!("{line} | cfssljson -bare out")),
            2..4 => {
                self.trial.line(format!("{line} > out.json"));
                self.trial.line("cfssljson -bare -f out.json out");
            }
            _ => self.trial.line(line),
        }
    }

    /// A CA without irregularities.
    pub fn good_authority(&mut self) -> (String, String) {
        let (certificate, key) = self.random.weighted(&AUTHORITIES);
        (self.trial.with_pki(certificate), self.trial.with_pki(key))
    }

    /// A CA whose name cfssl reproduces exactly where it re-encodes names from their parts.
    pub fn plain_authority(&mut self) -> (String, String) {
        let plain = AUTHORITIES.len() - ODD_NAMES;
        let (certificate, key) = self.random.weighted(&AUTHORITIES[..plain]);
        (self.trial.with_pki(certificate), self.trial.with_pki(key))
    }

    /// Adds `-ca` and `-ca-key`, which are rarely wrong.
    pub fn add_authority(&mut self, words: &mut Words) {
        let pair = self.good_authority();
        self.add_pair(words, pair);
    }

    /// Adds `-ca` and `-ca-key` with a certificate and its key, or with others.
    pub fn add_pair(&mut self, words: &mut Words, (mut certificate, mut key): (String, String)) {
        match self.random.below(250) {
            0 => certificate = "none.pem".to_owned(),
            1 => key = "none.pem".to_owned(),
            2 => key = self.trial.with_pki("ca-p384-key.pem"),
            3 => key = self.trial.with_pki("ca-rsa4096-key.pem"),
            4 => certificate = self.trial.with_pki("made-leaf-p256.pem"),
            5 => certificate.clone_from(&key),
            6 => key.clone_from(&certificate),
            7 => certificate = self.trial.with_pki("request-p384.csr"),
            8 => certificate.clear(),
            9 => key.clear(),
            10 => {
                certificate = "empty.pem".to_owned();
                self.trial.file("empty.pem", "");
            }
            11 => {
                key = "empty.pem".to_owned();
                self.trial.file("empty.pem", "");
            }
            12 => certificate = ".".to_owned(),
            13..23 => {
                certificate = self.trial.with_pki("ca-rsa2048.pem");
                key = self.trial.with_pki("ca-rsa2048-key-enc.pem");
                let password = self.random.weighted(&[(6, "correct"), (1, "wrong"), (1, "")]);
                self.trial
                    .env
                    .insert("CFSSL_CA_PK_PASSWORD".into(), password.into());
            }
            _ => {}
        }
        if self.random.rarely(985) {
            words.flag(&mut self.random, "ca", &certificate);
        }
        if self.random.rarely(985) {
            words.flag(&mut self.random, "ca-key", &key);
        }
    }

    /// Adds `-hostname`, and records its URIs.
    pub fn add_hostname(&mut self, words: &mut Words) {
        let count = self.random.weighted(&[(1, 0), (6, 1), (3, 2), (1, 6)]);
        let mut list: Vec<String> = (0..count).map(|_| hosts::host(&mut self.random)).collect();
        list.retain(|host| !host.contains('\0'));
        if self.random.chance(8) {
            let uri = hosts::uri(&mut self.random);
            // Commas separate hosts here.
            if !uri.contains(',') {
                self.trial.beyond.uris.push(uri.clone());
                list.push(uri);
            }
        }
        words.flag(&mut self.random, "hostname", &list.join(","));
    }

    /// Occasionally adds `-loglevel`.
    pub fn add_loglevel(&mut self, words: &mut Words) {
        if self.random.chance(6) {
            let level = self
                .random
                .pick(&["0", "1", "2", "3", "4", "5", "6", "-1", "0x2"]);
            words.flag(&mut self.random, "loglevel", level);
        }
    }
}
