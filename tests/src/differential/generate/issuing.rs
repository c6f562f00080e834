//! `gencert`, `genkey`, `gencsr` and `selfsign`, whose input is a request document.

use anyhow::Result;

use super::line::Words;
use super::request::Purpose;
use super::{Maker, policy, request, text};

const DOCUMENT: &str = "request.json";

impl Maker<'_> {
    /// Writes a request document and adds it, as a file or from standard input; returns the
    /// file for standard input.
    fn add_document(&mut self, words: &mut Words, purpose: Purpose) -> Option<&'static str> {
        let document = request::document(&mut self.random, purpose);
        self.trial.beyond.extend(document.beyond);
        self.trial.file(DOCUMENT, document.bytes);
        match self.random.below(100) {
            0..20 => {
                words.argument("-");
                Some(DOCUMENT)
            }
            20 => {
                words.argument("none.json");
                None
            }
            21 if self.random.chance(30) => None,
            _ => {
                words.argument(DOCUMENT);
                None
            }
        }
    }

    /// Writes a configuration and adds it with a profile.
    pub fn add_policy(&mut self, words: &mut Words) {
        let policy = policy::policy(&mut self.random);
        self.trial.fixed_end |= policy.fixed_end;
        self.trial.file("config.json", policy.bytes);
        words.flag(&mut self.random, "config", "config.json");
        let names: Vec<&str> = policy.names.iter().map(String::as_str).collect();
        match self.random.below(10) {
            0..7 if !names.is_empty() => {
                let name = self.random.pick(&names);
                words.flag(&mut self.random, "profile", name);
            }
            7 => words.flag(&mut self.random, "profile", "unknown"),
            _ => {}
        }
    }
}

/// A certificate signed by a CA.
pub fn leaf(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl gencert");
    maker.add_authority(&mut words);
    if maker.random.chance(65) {
        maker.add_policy(&mut words);
    } else if maker.random.chance(10) {
        words.flag(&mut maker.random, "profile", "server");
    }
    if maker.random.chance(20) {
        maker.add_hostname(&mut words);
    }
    if maker.random.chance(10) {
        let name = text::text(&mut maker.random).replace('\0', "");
        words.flag(&mut maker.random, "cn", &name);
    }
    if maker.random.chance(8) {
        let url = maker
            .random
            .pick(&["http://crl.example.com/x.crl", "", "x", "http://é/"]);
        words.flag(&mut maker.random, "crl", url);
    }
    if maker.random.chance(3) {
        words.flag(&mut maker.random, "label", "label");
    }
    maker.add_loglevel(&mut words);
    let input = maker.add_document(&mut words, Purpose::Leaf);
    keep_to_common_ground(maker);
    maker.put(&words, input);
    Ok(())
}

/// Profiles may filter names, subjects and hosts, and a CA loses its URIs, which the
/// translating rules cannot take into account.
fn keep_to_common_ground(maker: &mut Maker<'_>) {
    let Some(config) = maker.trial.files.get("config.json") else {
        return;
    };
    let text = config.bytes().unwrap_or_default();
    let text = String::from_utf8_lossy(&text).to_lowercase();
    let filters = ["whitelist", "is_ca", "\\u", "\u{17f}", "\u{212a}"]
        .iter()
        .any(|word| text.contains(word));
    if filters && maker.trial.beyond != super::super::trial::Beyond::default() {
        maker.trial.files.insert(
            "config.json".to_owned(),
            br#"{"signing":{"default":{"usages":["server auth"],"expiry":"24h"}}}"#
                .to_vec()
                .into(),
        );
        maker.trial.fixed_end = false;
    }
}

/// A new CA.
pub fn authority(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl gencert");
    words.switch(&mut maker.random, "initca");
    if maker.random.chance(10) {
        maker.add_policy(&mut words);
    }
    if maker.random.chance(5) {
        // Without effect.
        words.flag(&mut maker.random, "hostname", "ignored.example");
    }
    if maker.random.chance(10) {
        words.flag(&mut maker.random, "cn", "Other Authority");
    }
    maker.add_loglevel(&mut words);
    let input = maker.add_document(&mut words, Purpose::Authority);
    maker.put(&words, input);
    Ok(())
}

/// A reissued certificate for a CA with an existing key.
pub fn authority_again(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl gencert");
    words.switch(&mut maker.random, "initca");
    let (_, mut key) = maker.good_authority();
    if maker.random.chance(5) {
        key = maker.trial.with_pki("ca-rsa2048-key-enc.pem");
    }
    words.flag(&mut maker.random, "ca-key", &key);
    let input = maker.add_document(&mut words, Purpose::Authority);
    maker.put(&words, input);
    Ok(())
}

/// The renewed certificate of a CA.
pub fn renewed_authority(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl gencert");
    words.switch(&mut maker.random, "renewca");
    if maker.random.chance(15) {
        let key = maker.trial.with_pki("leaf-p256-key.pem");
        let certificate =
            maker
                .random
                .choose(&["made-intermediate.pem", "made-expired.pem", "made-leaf-p256.pem"]);
        let certificate = maker.trial.with_pki(certificate);
        words.flag(&mut maker.random, "ca", &certificate);
        words.flag(&mut maker.random, "ca-key", &key);
    } else {
        let pair = maker.plain_authority();
        maker.add_pair(&mut words, pair);
    }
    if maker.random.chance(15) {
        words.argument("ignored.json");
    }
    maker.put(&words, None);
    Ok(())
}

/// A key and a request.
pub fn key(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl genkey");
    if maker.random.chance(10) {
        // Without effect.
        words.flag(&mut maker.random, "cn", "ignored");
    }
    maker.add_loglevel(&mut words);
    let input = maker.add_document(&mut words, Purpose::Leaf);
    maker.put(&words, input);
    Ok(())
}

/// A new CA by the other command.
pub fn key_of_authority(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl genkey");
    words.switch(&mut maker.random, "initca");
    let input = maker.add_document(&mut words, Purpose::Authority);
    maker.put(&words, input);
    Ok(())
}

/// A request for an existing key. Debian's cfssl has no such command; the request inside
/// `gencert -initca -ca-key` is the same.
pub fn csr(maker: &mut Maker<'_>) -> Result<()> {
    let (_, key) = maker.good_authority();
    let mut words = Words::new("cfssl gencsr");
    let mut stand_in = Words::new("cfssl gencert -initca");
    words.flag(&mut maker.random, "key", &key);
    stand_in.flag(&mut maker.random, "ca-key", &key);
    let input = maker
        .add_document(&mut words, Purpose::Request)
        .unwrap_or("/dev/null");
    stand_in.argument(DOCUMENT);
    if words.line().ends_with(DOCUMENT) || words.line().ends_with(" -") {
        let end = "2> /dev/null > out.json && cfssljson -bare -f out.json out";
        maker.trial.line(format!(
            "{} < {input} {end} && rm out.json out-key.pem",
            words.line()
        ));
        maker.trial.stand_in = vec![format!("{} {end} && rm out.json out.pem", stand_in.line())];
    } else {
        maker.trial.line(format!("{} 2> /dev/null", words.line()));
        maker.trial.stand_in = vec!["cfssl gencert -initca none.json 2> /dev/null".to_owned()];
    }
    Ok(())
}

/// A self-signed certificate.
pub fn self_signed(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl selfsign");
    let given = maker.random.chance(20);
    if given {
        maker.add_hostname(&mut words);
    }
    if maker.random.chance(40) {
        // An unknown profile, or none, has a different meaning in each version.
        let usages = maker.random.pick(&[
            "\"signing\"",
            "\"server auth\",\"client auth\"",
            "\"cert sign\",\"any\"",
        ]);
        let expiry = super::duration::whole(&mut maker.random);
        let config = format!(
            r#"{{"signing":{{"profiles":{{"p":{{"usages":[{usages}],"expiry":"{expiry}","issuer_urls":["http://x/"]}}}}}}}}"#
        );
        maker.trial.file("config.json", config);
        words.flag(&mut maker.random, "config", "config.json");
        words.flag(&mut maker.random, "profile", "p");
    }
    if !given {
        words.argument(maker.random.pick(&["host.example", "", "-"]));
    }
    let input = maker.add_document(&mut words, Purpose::SelfSigned);
    maker.put(&words, input);
    Ok(())
}
