//! Typical scripts: a CA, its files, then certificates from it.

use anyhow::Result;

use super::line::Words;
use super::request::Purpose;
use super::{Maker, policy, request};

/// A CA and what it signs. Everything here is within Debian's cfssl, because each line uses
/// the results of the previous ones.
pub fn flow(maker: &mut Maker<'_>) -> Result<()> {
    let authority = r#"{"CN":"Flow CA","names":[{"C":"NL","O":"Flow & Co","OU":"One"},{"OU":"Two"}],"key":KEY,"ca":{"expiry":"87600h"PATHLEN}}"#;
    let key = maker.random.pick(&[
        r#"{"algo":"ecdsa","size":256}"#,
        r#"{"size":384}"#,
        r#"{"algo":"ecdsa","size":521}"#,
    ]);
    let length = maker
        .random
        .pick(&["", r#","pathlen":1"#, r#","pathlenzero":true"#]);
    maker.trial.file(
        "ca-csr.json",
        authority.replace("KEY", key).replace("PATHLEN", length),
    );
    maker
        .trial
        .line("cfssl gencert -initca ca-csr.json | cfssljson -bare ca -");
    let policy = policy::policy(&mut maker.random);
    maker.trial.fixed_end |= policy.fixed_end;
    maker.trial.file("config.json", policy.bytes);
    for (at, name) in ["one", "two"].into_iter().enumerate() {
        let document = loop {
            let document = request::document(&mut maker.random, Purpose::Leaf);
            if document.beyond == super::super::trial::Beyond::default() {
                break document;
            }
        };
        let file = format!("{name}.json");
        maker.trial.file(&file, document.bytes);
        let mut words = Words::new("cfssl gencert -ca=ca.pem -ca-key=ca-key.pem");
        if at == 0 {
            words.flag(&mut maker.random, "config", "config.json");
            let names: Vec<&str> = policy.names.iter().map(String::as_str).collect();
            if !names.is_empty() {
                let profile = maker.random.pick(&names);
                words.flag(&mut maker.random, "profile", profile);
            }
        }
        words.argument(&file);
        maker
            .trial
            .line(format!("{} | cfssljson -bare {name}", words.line()));
    }
    match maker.random.below(4) {
        0 => maker
            .trial
            .line("cfssl sign -ca ca.pem -ca-key ca-key.pem two.csr | cfssljson -bare again"),
        1 => {
            maker.trial.file("serials.txt", "1\n2\n");
            maker.trial.line("cfssl gencrl serials.txt ca.pem ca-key.pem");
        }
        2 => maker
            .trial
            .line("cfssl gencert -renewca -ca ca.pem -ca-key ca-key.pem | cfssljson -bare renewed"),
        _ => maker
            .trial
            .line("cfssl gencert -initca -ca-key ca-key.pem ca-csr.json | cfssljson -bare other"),
    }
    Ok(())
}
