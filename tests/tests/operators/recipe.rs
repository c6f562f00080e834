//! From the four files of the walk-through to a jobs document.

use rcfssl_tests::{Organization, fixtures};
use serde_json::Value;

use crate::{example, read};

/// `ca.pem`, `ca-key.pem`, `ca-config.json`, `client.json`, and the certificate created
/// from them by hand.
fn by_hand() -> Organization {
    let organization = Organization::new().unwrap();
    let line = format!(
        "mkdir acme; mv ca*.pem acme; rm ca-config.json; cd acme; cp {0}/documents/ca-config.json {0}/documents/client.json .; \
         rcfssl gencert -ca=ca.pem -ca-key=ca-key.pem -config=ca-config.json -profile=client client.json \
         | rcfssljson -bare client",
        fixtures().display()
    );
    organization.shell(&line).unwrap().ok().unwrap();
    organization
}

#[test]
fn the_four_files_and_a_jobs_document_are_all_it_takes() {
    let organization = by_hand();
    let line = format!("cp {} jobs.json", example("jobs.json").display());
    organization.shell(&line).unwrap().ok().unwrap();
    let before = organization.read("acme/client.pem").unwrap();
    // The certificate created by hand is kept.
    let step = organization.renew("-jobs jobs.json").unwrap().ok().unwrap();
    assert!(step.out().contains("1 untouched"), "{}", step.out());
    assert_eq!(organization.read("acme/client.pem").unwrap(), before);
    // It is issued again if it is missing or about to expire.
    organization.shell("rm acme/client*.pem").unwrap().ok().unwrap();
    let step = organization.renew("-jobs jobs.json").unwrap().ok().unwrap();
    assert!(step.out().contains("1 made"), "{}", step.out());
    organization
        .shell("sed -i 's/720h/50000h/' jobs.json")
        .unwrap()
        .ok()
        .unwrap();
    let step = organization.renew("-jobs jobs.json").unwrap().ok().unwrap();
    assert!(step.out().contains("1 renewed"), "{}", step.out());
    let step = organization.shell("rcfssl expiry acme").unwrap().ok().unwrap();
    assert!(step.out().contains("acme/client.pem  client"), "{}", step.out());
}

#[test]
fn the_document_conforms_to_its_schema() {
    let schema =
        std::fs::read_to_string(rcfssl_tests::repository().join("dist/schemas/jobs.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let document: Value = serde_json::from_str(&read("jobs.json")).unwrap();
    jsonschema::draft202012::new(&schema)
        .unwrap()
        .validate(&document)
        .unwrap();
}
