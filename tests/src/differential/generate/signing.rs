//! `sign`: requests from elsewhere.

use anyhow::Result;

use super::line::Words;
use super::node::{Key, Node};
use super::{Maker, damage, foreign, request, text};

/// Requests created by openssl, with all types of keys and signatures.
const MADE: [&str; 11] = [
    "request-p384.csr",
    "request-p521.csr",
    "request-rsa4096.csr",
    "request-sha1.csr",
    "request-rsa1024.csr",
    "request-ecdsa-sha1.csr",
    "request-ecdsa-sha512.csr",
    "request-badsig.csr",
    "request-dsa.csr",
    "request-pss.csr",
    "request-secp256k1.csr",
];

/// A hand-made request, or one of openssl's.
pub fn sign(maker: &mut Maker<'_>) -> Result<()> {
    let policy = maker.random.chance(55);
    let file = match maker.random.below(100) {
        0..15 => {
            let name = maker.random.pick(&MADE);
            maker.trial.with_pki(name)
        }
        15 => "none.csr".to_owned(),
        _ => {
            let request = foreign::request(&mut maker.random, maker.material, policy)?;
            maker.trial.beyond.extend(request.beyond);
            maker.trial.file("request.csr", request.bytes);
            "request.csr".to_owned()
        }
    };
    finish(maker, &file, policy)
}

/// A request that openssl creates in the first line, with a key whose signatures are
/// deterministic.
pub fn sign_of_openssl(maker: &mut Maker<'_>) -> Result<()> {
    let policy = maker.random.chance(40);
    let (config, beyond) = foreign::by_openssl(&mut maker.random, policy);
    maker.trial.beyond.extend(beyond);
    maker.trial.file("openssl.cnf", config);
    let key = maker.trial.with_pki("leaf-rsa2048-key.pem");
    let digest = maker.random.pick(&["-sha256", "-sha384", "-sha512", "-sha1"]);
    maker.trial.line(format!(
        "openssl req -new -config openssl.cnf -key {key} {digest} -out request.csr"
    ));
    finish(maker, "request.csr", policy)
}

fn finish(maker: &mut Maker<'_>, file: &str, policy: bool) -> Result<()> {
    let mut words = Words::new("cfssl sign");
    maker.add_authority(&mut words);
    if policy {
        maker.add_policy(&mut words);
    }
    if maker.random.chance(20) {
        // All alternative names are replaced, including those that only 1.6.5 adopts.
        let mut own = words.clone();
        maker.add_hostname(&mut own);
        let given =
            own.line() != words.line() && !own.line().ends_with("hostname=") && !own.line().ends_with("''");
        if given && (!policy || maker.trial.beyond.uris.is_empty()) {
            maker.trial.beyond.request_uris.clear();
            words = own;
        } else {
            maker.trial.beyond.uris.clear();
        }
    }
    maker.add_loglevel(&mut words);
    let mut input = None;
    match maker.random.below(10) {
        0 => words.flag(&mut maker.random, "csr", file),
        1 => {
            words.argument("-");
            input = Some(file).filter(|file| *file != "none.csr");
        }
        _ => words.argument(file),
    }
    if maker.random.chance(20) {
        let bytes = subject(maker);
        maker.trial.file("subject.json", bytes);
        words.argument("subject.json");
        // Then both versions drop other names of the request.
        maker.trial.beyond.request_names.clear();
    }
    maker.put(&words, input);
    Ok(())
}

/// The document that overrides the request's subject.
fn subject(maker: &mut Maker<'_>) -> Vec<u8> {
    let random = &mut maker.random;
    let mut fields = Vec::new();
    if random.chance(80) {
        fields.push((Key::Field("CN"), text::node(random)));
    }
    if random.chance(80) {
        let entry = |random: &mut super::Random| {
            let keys = random.some(&["C", "ST", "L", "O", "OU", "SerialNumber"], 6);
            Node::fields(keys.into_iter().map(|key| (key, text::node(random))).collect())
        };
        let count = random.between(0, 3);
        let names = (0..count).map(|_| entry(random)).collect();
        fields.push((Key::Field("names"), Node::List(names)));
    }
    if random.chance(30) {
        fields.push((Key::Field("SerialNumber"), text::node(random)));
    }
    let odd = random.chance(25);
    if odd {
        let key = random.choose(&["CN", "names", "SerialNumber", "hosts"]);
        fields.push((Key::Field(key), Node::odd(random)));
    }
    let style = request::style(random, odd);
    let bytes = Node::Object(fields).write(style, random);
    if odd && random.chance(30) {
        damage::json(random, &bytes)
    } else {
        bytes
    }
}
