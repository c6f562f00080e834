//! Changes to what recordings do not contain.

use serde_json::{Value, json};

use crate::corrupt::*;
use crate::objects::serial;

/// All of them.
pub fn of_integrity() -> Vec<Corruption> {
    vec![
        corruption(
            "a signature",
            "leaf.pem: certificate is not signed by its issuer's key",
            |outcome| {
                der(outcome, "leaf.pem", flip_last);
            },
        ),
        corruption(
            "a signature of a request",
            "ca.csr: request is not signed by its own key",
            |outcome| {
                der(outcome, "ca.csr", flip_last);
            },
        ),
        corruption(
            "an unknown issuer",
            "the certificate's issuer is unknown",
            |outcome| {
                outcome.after.files.remove("ca.pem");
                outcome.steps[0].stdout.clear();
            },
        ),
        corruption(
            "another's key",
            "leaf-key.pem: key, request and certificate do not match",
            |outcome| {
                let key = file(outcome, "ca-key.pem").bytes.clone();
                file(outcome, "leaf-key.pem").bytes = key;
            },
        ),
        corruption(
            "another's request",
            "leaf-key.pem: key, request and certificate do not match",
            |outcome| {
                let request = file(outcome, "ca.csr").bytes.clone();
                file(outcome, "leaf.csr").bytes = request;
            },
        ),
        corruption(
            "another's key in JSON",
            "stdout of step 1: key, request and certificate",
            |outcome| {
                let key = String::from_utf8(file(outcome, "ca-key.pem").bytes.clone()).unwrap();
                stdout(outcome, |text| {
                    let mut document: Value = serde_json::from_str(&text).unwrap();
                    document["key"] = json!(key);
                    document.to_string() + "\n"
                });
            },
        ),
        corruption(
            "a key whose halves differ",
            "numbers of the private key are inconsistent",
            |outcome| {
                der(outcome, "leaf-key.pem", |mut der| {
                    // SEQUENCE, version, then the scalar (RFC 5915).
                    der[10] ^= 1;
                    der
                });
            },
        ),
        corruption(
            "a counter for a serial number",
            "does not look random",
            |outcome| {
                serial(outcome, |serial| {
                    serial.fill(0);
                    serial[0] = 1;
                });
            },
        ),
        corruption(
            "an overwritten input",
            "leaf.json: input was overwritten",
            |outcome| {
                file(outcome, "leaf.json").bytes.push(b' ');
            },
        ),
        corruption("a lost input", "leaf.json: input is gone", |outcome| {
            outcome.after.files.remove("leaf.json");
        }),
        corruption(
            "another mode of an input",
            "leaf.json: mode of input was changed",
            |outcome| {
                file(outcome, "leaf.json").mode ^= 0o100;
            },
        ),
        corruption("an empty folder", "made: empty folder left behind", |outcome| {
            outcome.after.empty_folders.push("made".to_owned());
        }),
        corruption(
            "a temporary file",
            ".leaf.x.tmp: temporary file left behind",
            |outcome| {
                let copy = file(outcome, "leaf.csr").clone();
                outcome.after.files.insert(".leaf.x.tmp".to_owned(), copy);
            },
        ),
    ]
}
