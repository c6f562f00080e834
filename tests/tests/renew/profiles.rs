//! Which profile matches a certificate.

use rcfssl_tests::Organization;
use serde_json::{Value, json};

use crate::{document, organization, refused, renewed};

/// The configuration with additional or replaced profiles.
fn with_profiles(organization: &Organization, profiles: Value) {
    let mut config: Value = serde_json::from_str(&organization.read("ca-config.json").unwrap()).unwrap();
    for (name, profile) in profiles.as_object().unwrap() {
        config["signing"]["profiles"][name] = profile.clone();
    }
    organization.write("ca-config.json", config.to_string()).unwrap();
}

fn profile(usages: &[&str]) -> Value {
    json!({"expiry": "100h", "usages": usages})
}

#[test]
fn each_certificate_matches_its_own() {
    let organization = organization();
    let step = renewed(&organization, "-force .");
    let out = step.out();
    for (file, profile) in [("client", "client"), ("member", "peer"), ("server", "server")] {
        let line = out
            .lines()
            .find(|line| line.contains(&format!("{file}.pem")))
            .unwrap();
        assert!(line.contains(&format!("profile {profile},")), "{line}");
    }
}

#[test]
fn neither_the_order_nor_the_names_of_usages_matter() {
    let organization = organization();
    with_profiles(
        &organization,
        json!({"peer": profile(&["client auth", "key encipherment", "server auth", "digital signature", "signing"])}),
    );
    let step = renewed(&organization, "-force member.pem");
    assert!(step.out().contains("profile peer,"), "{}", step.out());
    assert_eq!(organization.certificate("member.pem").unwrap().days_left(), 4);
}

#[test]
fn the_default_profile_is_used_if_no_other_matches() {
    let organization = organization();
    let mut config: Value = serde_json::from_str(&organization.read("ca-config.json").unwrap()).unwrap();
    config["signing"]["default"] = profile(&["signing", "key encipherment", "server auth"]);
    organization.write("ca-config.json", config.to_string()).unwrap();
    let step = renewed(&organization, "-force server.pem");
    assert!(step.out().contains("profile server,"), "{}", step.out());
    config["signing"]["profiles"]
        .as_object_mut()
        .unwrap()
        .remove("server");
    organization.write("ca-config.json", config.to_string()).unwrap();
    let step = renewed(&organization, "-force server.pem");
    assert!(step.out().contains("profile default,"), "{}", step.out());
    assert_eq!(organization.certificate("server.pem").unwrap().days_left(), 4);
}

#[test]
fn if_none_matches_they_are_listed() {
    let organization = organization();
    with_profiles(
        &organization,
        json!({"server": profile(&["signing", "server auth"])}),
    );
    assert_eq!(
        refused(&organization, "-force server.pem"),
        "server.pem: no profile matches its usages: it has digital signature, key encipherment, server auth; \
         the configuration has client (digital signature, key encipherment, client auth); \
         peer (digital signature, key encipherment, server auth, client auth); \
         server (digital signature, server auth)"
    );
}

#[test]
fn if_several_match_they_are_listed() {
    let organization = organization();
    with_profiles(
        &organization,
        json!({"web": profile(&["server auth", "signing", "key encipherment"])}),
    );
    assert_eq!(
        refused(&organization, "-force server.pem"),
        "server.pem: several profiles match its usages: server, web; choose one with -profile"
    );
    // The profile cannot be determined; a certificate that is not due is left alone
    // nevertheless, with a warning.
    let step = renewed(&organization, "-force -profile web server.pem");
    assert!(step.out().contains("profile web,"), "{}", step.out());
    assert_eq!(organization.certificate("server.pem").unwrap().days_left(), 4);
}

#[test]
fn a_named_profile_must_exist_but_need_not_match() {
    let organization = organization();
    assert_eq!(
        refused(&organization, "-force -profile serve server.pem"),
        "server.pem: unknown profile \"serve\"; valid are server, client, peer, default"
    );
    renewed(&organization, "-force -profile peer server.pem");
    let [server, member] = ["server.pem", "member.pem"].map(|file| organization.certificate(file).unwrap());
    const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
    assert_eq!(
        server.extensions[EXTENDED_KEY_USAGE],
        member.extensions[EXTENDED_KEY_USAGE]
    );
}

/// An intermediate CA has a path length, which distinguishes profiles with the same usages.
#[test]
fn the_constraint_of_a_ca_counts() {
    let organization = Organization::new().unwrap();
    let usages = ["cert sign", "crl sign"];
    with_profiles(
        &organization,
        json!({
            "leaf": profile(&usages),
            "lower": {"expiry": "100h", "usages": usages, "ca_constraint": {"is_ca": true, "max_path_len": 1}},
            "lowest": {"expiry": "100h", "usages": usages,
                       "ca_constraint": {"is_ca": true, "max_path_len": 0, "max_path_len_zero": true}},
        }),
    );
    for name in ["leaf", "lower", "lowest"] {
        organization.sign(name, name, &document(name, &[])).unwrap();
    }
    let old =
        ["leaf", "lower", "lowest"].map(|name| organization.certificate(&format!("{name}.pem")).unwrap());
    let out = renewed(&organization, "-force .").out();
    for (name, old) in ["leaf", "lower", "lowest"].iter().zip(old) {
        assert!(out.contains(&format!("{name}.pem  until")), "{out}");
        assert!(out.contains(&format!("profile {name},")), "{out}");
        const BASIC_CONSTRAINTS: &str = "2.5.29.19";
        let new = organization.certificate(&format!("{name}.pem")).unwrap();
        assert_eq!(
            new.extensions[BASIC_CONSTRAINTS],
            old.extensions[BASIC_CONSTRAINTS]
        );
    }
}

/// Without a configuration there is the built-in profile, which has usages of all kinds.
#[test]
fn without_a_configuration_there_is_the_built_in_profile() {
    let organization = organization();
    organization.shell("rm ca-config.json").unwrap().ok().unwrap();
    let reason = refused(&organization, "-force server.pem");
    assert!(
        reason.starts_with("server.pem: no profile matches its usages"),
        "{reason}"
    );
    let step = renewed(&organization, "-force -profile default server.pem");
    assert!(step.out().contains("profile default,"), "{}", step.out());
}

#[test]
fn ca_and_configuration_may_be_elsewhere() {
    let organization = organization();
    let line = "mkdir of; mv ca.pem of/root.pem; mv ca-key.pem of/root.key; mv ca-config.json of/config.json";
    organization.shell(line).unwrap().ok().unwrap();
    assert!(refused(&organization, "-force server.pem").contains("ca.pem"));
    renewed(
        &organization,
        "-force -ca of/root.pem -ca-key of/root.key -config of/config.json server.pem",
    );
    // Also from the environment, as in gencert.
    organization
        .shell(
            "CERT=$(cat of/root.pem) KEY=$(cat of/root.key) rcfssl renew -force -ca env:CERT -ca-key env:KEY \
             -config of/config.json .",
        )
        .unwrap()
        .ok()
        .unwrap();
    organization.shell("mv of/root.pem ca.pem").unwrap().ok().unwrap();
    organization.check_pair("server.pem", "server-key.pem").unwrap();
    organization.check_pair("client.pem", "client-key.pem").unwrap();
}
