//! `certinfo`, `info` and `print-defaults`, which only show something.

use anyhow::Result;

use super::line::Words;
use super::{Maker, certificate, foreign};

/// Certificates and other objects to be shown.
const SHOWN: [&str; 11] = [
    "ca-p256.pem",
    "ca-rsa2048.pem",
    "ca-p521.pem",
    "ca-pathlen0.pem",
    "made-leaf-p256.pem",
    "made-leaf-rsa2048.pem",
    "made-leaf-p384.pem",
    "made-responder.pem",
    "made-intermediate.pem",
    "leaf-p256-key.pem",
    "request-p384.csr",
];

fn put(maker: &mut Maker<'_>, flag: &str, file: &str) {
    let mut words = Words::new("cfssl certinfo");
    let mut line = match maker.random.chance(25) {
        true => {
            words.flag(&mut maker.random, flag, "-");
            format!("{} < {file}", words.line())
        }
        false => {
            words.flag(&mut maker.random, flag, file);
            words.line()
        }
    };
    if maker.random.chance(5) {
        line += " ignored";
    }
    maker.trial.line(line);
}

/// Shows a certificate.
pub fn certificate(maker: &mut Maker<'_>) -> Result<()> {
    let file = match maker.random.below(20) {
        0..3 => {
            let name = maker.random.pick(&SHOWN);
            maker.trial.with_pki(name)
        }
        _ => {
            let bytes = certificate::certificate(&mut maker.random, maker.material);
            maker.trial.file("shown.pem", bytes);
            "shown.pem".to_owned()
        }
    };
    put(maker, "cert", &file);
    Ok(())
}

/// Shows a request; its signature is not verified.
pub fn request(maker: &mut Maker<'_>) -> Result<()> {
    let file = match maker.random.below(20) {
        0..2 => {
            let name = maker.random.pick(&[
                "request-p384.csr",
                "request-sha1.csr",
                "request-rsa1024.csr",
                "request-badsig.csr",
                "request-dsa.csr",
                "request-md5.csr",
                "request-pss.csr",
                "ca-p256.pem",
            ]);
            maker.trial.with_pki(name)
        }
        _ => {
            let request = foreign::request(&mut maker.random, maker.material, false)?;
            maker.trial.file("shown.csr", request.bytes);
            "shown.csr".to_owned()
        }
    };
    put(maker, "csr", &file);
    Ok(())
}

/// Shows a CA and a profile.
pub fn info(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl info");
    maker.add_authority(&mut words);
    if maker.random.chance(97) {
        maker.add_policy(&mut words);
    }
    maker.add_loglevel(&mut words);
    if maker.random.chance(3) {
        words.argument("argument");
    }
    maker.trial.line(words.line());
    Ok(())
}

/// Example documents.
pub fn defaults(maker: &mut Maker<'_>) -> Result<()> {
    let mut words = Words::new("cfssl print-defaults");
    if maker.random.chance(95) {
        words.argument(maker.random.pick(&["config", "csr"]));
    }
    if maker.random.chance(10) {
        words.argument("more");
    }
    maker.trial.line(words.line());
    Ok(())
}
