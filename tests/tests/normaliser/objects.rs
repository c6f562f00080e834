//! Changes to certificates, requests and their files.

use rcfssl_tests::normal::pem;
use rcfssl_tests::normal::x509::Certificate;
use rcfssl_tests::suite::Outcome;

use crate::corrupt::*;

/// All of them.
pub fn of_objects() -> Vec<Corruption> {
    vec![
        corruption("extensions in another order", "/extensions[0]", |outcome| {
            der(outcome, "leaf.pem", |der| {
                let certificate = Certificate::read(&der).unwrap();
                let [list] = certificate.fields.last().unwrap().fields().unwrap();
                let [first, second] = list
                    .fields::<2>()
                    .unwrap()
                    .map(|extension| extension.bytes.to_vec());
                bytes(
                    &der,
                    &[first.clone(), second.clone()].concat(),
                    &[second, first].concat(),
                )
            });
        }),
        corruption("another key usage", "/extensions[0][2]", |outcome| {
            der(outcome, "leaf.pem", |der| {
                bytes(&der, &[3, 2, 5, 0xA0], &[3, 2, 5, 0x80])
            });
        }),
        corruption(
            "a critical flag that is not DER",
            "/extensions[0][1]",
            |outcome| {
                der(outcome, "leaf.pem", |der| {
                    bytes(&der, &[0x0F, 1, 1, 0xFF], &[0x0F, 1, 1, 1])
                });
            },
        ),
        corruption("another string type", "/subject[0]", |outcome| {
            der(outcome, "leaf.pem", |der| {
                bytes(&der, b"\x13\x04leaf", b"\x0c\x04leaf")
            });
        }),
        corruption("another name", "/issuer[1]", |outcome| {
            der(outcome, "leaf.pem", |der| {
                bytes(&der, b"\x13\x04Root", b"\x13\x04Roof")
            });
        }),
        corruption("another version", "/version", |outcome| {
            der(outcome, "leaf.pem", |der| {
                bytes(&der, &[0xA0, 3, 2, 1, 2], &[0xA0, 3, 2, 1, 1])
            });
        }),
        corruption("another end", "/not-after[1]", |outcome| shift_time(outcome, 1)),
        corruption("another begin", "/not-before[2]", |outcome| {
            shift_time(outcome, 0)
        }),
        corruption("a negative serial number", "/serial", |outcome| {
            serial(outcome, |serial| serial[0] |= 0x80);
        }),
        corruption("two signature algorithms", "/signature-algorithm[1]", |outcome| {
            let (from, to) = ([0x3D, 4, 3, 2, 3], [0x3D, 4, 3, 3, 3]);
            der(outcome, "leaf.pem", |der| bytes(&der, &from, &to));
        }),
        corruption("another attribute", "/attributes", |outcome| {
            der(outcome, "leaf.csr", |der| {
                bytes(&der, b"leaf.example", b"leaf.exampel")
            });
        }),
        corruption(
            "DER with a long length",
            "leaf.pem: CERTIFICATE is not DER",
            |outcome| {
                der(outcome, "leaf.pem", |der| {
                    bytes(&der, &der[..2], &[0x30, 0x83, 0])
                });
            },
        ),
        corruption(
            "DER that has more behind it",
            "leaf.pem: CERTIFICATE is not DER",
            |outcome| {
                der(outcome, "leaf.pem", |der| [der, vec![0]].concat());
            },
        ),
        corruption(
            "wide lines",
            "leaf.pem: CERTIFICATE is not formatted as plain PEM",
            |outcome| {
                text(outcome, "leaf.pem", |text| {
                    let body = pem::blocks(&text)[0].body.to_owned();
                    text.replace(&body, &body.replacen('\n', "", 1))
                });
            },
        ),
        corruption("no line end", "newline=True", |outcome| {
            text(outcome, "leaf.pem", |text| text.trim_end().to_owned());
        }),
        corruption("text before the block", "/layout", |outcome| {
            text(outcome, "leaf.pem", |text| format!("leaf\n{text}"));
        }),
        corruption("another mode", "/files/leaf-key.pem/mode", |outcome| {
            file(outcome, "leaf-key.pem").permissions = 0o644;
        }),
        corruption("no file", "/files/leaf.csr: missing", |outcome| {
            outcome.after.files.remove("leaf.csr");
        }),
        corruption("one file more", "/files/other: unexpected", |outcome| {
            let copy = file(outcome, "leaf.csr").clone();
            outcome.after.files.insert("other".to_owned(), copy);
        }),
    ]
}

/// Changes a digit of the hour in one of the leaf's times.
fn shift_time(outcome: &mut Outcome, which: usize) {
    der(outcome, "leaf.pem", |der| {
        let certificate = Certificate::read(&der).unwrap();
        let time = certificate.fields[3].children().unwrap()[which];
        let mut moved = time.bytes.to_vec();
        // Tag, length, YYMMDDHH.
        let at = 2 + 7;
        moved[at] = if moved[at] == b'0' { b'1' } else { moved[at] - 1 };
        bytes(&der, time.bytes, &moved)
    });
}

pub fn serial(outcome: &mut Outcome, change: impl FnOnce(&mut Vec<u8>)) {
    der(outcome, "leaf.pem", |der| {
        let old = Certificate::read(&der).unwrap().serial.to_vec();
        let mut new = old.clone();
        change(&mut new);
        bytes(&der, &old, &new)
    });
}
