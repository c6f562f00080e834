//! `-jobs` for several organizations: what a document sets for all, for one and for a
//! certificate, and where paths lead.

use serde_json::{Value, json};

use crate::jobs::{line, with_requests};
use crate::{document, logged, organization, renew, renewed, sum};

#[test]
fn the_document_decides_when_a_certificate_is_due() {
    let organization = with_requests();
    let document = organization.read("server.json").unwrap();
    for name in ["a", "b", "c", "d"] {
        organization
            .sign_from_to("server", name, &document, [-100, 200])
            .unwrap();
    }
    let text = json!({"organizations": [
        {"name": "one", "folder": ".", "before": "100d", "certificates": [
            {"request": "server.json", "profile": "server", "output": "a"},
            {"request": "server.json", "profile": "server", "output": "b", "before": "201d"}]},
        {"name": "two", "folder": ".", "before": "30w", "certificates": [
            {"request": "server.json", "profile": "server", "output": "c"},
            {"request": "server.json", "profile": "server", "output": "d", "before": "4799h"}]},
    ]});
    organization.write("jobs.json", text.to_string()).unwrap();
    let step = renewed(&organization, "-jobs jobs.json");
    assert_eq!(sum(&step), [0, 2, 2, 0]);
    for (file, word) in [
        ("a", "untouched"),
        ("b", "renewed"),
        ("c", "renewed"),
        ("d", "untouched"),
    ] {
        assert!(
            line(&step, &format!("{file}.pem")).starts_with(word),
            "{file}: {}",
            step.out()
        );
    }
    let step = renewed(&organization, "-force -jobs jobs.json");
    assert_eq!(sum(&step), [0, 4, 0, 0]);
}

#[test]
fn the_document_also_sets_new_keys_and_commands() {
    let organization = with_requests();
    let text = json!({"organizations": [{"name": "o", "folder": ".", "rekey": true, "exec": "echo all $RCFSSL_NAME",
    "certificates": [
        {"request": "server.json", "profile": "server", "output": "a"},
        {"request": "server.json", "profile": "server", "output": "b", "rekey": false, "exec": "echo own $RCFSSL_NAME"},
        {"request": "server.json", "profile": "server", "output": "c", "rekey": null, "exec": null},
    ]}]});
    organization.write("jobs.json", text.to_string()).unwrap();
    renewed(&organization, "-jobs jobs.json");
    let old = ["a-key.pem", "b-key.pem", "c-key.pem"].map(|file| organization.read(file).unwrap());
    organization
        .shell("sed -i s/256/384/ server.json")
        .unwrap()
        .ok()
        .unwrap();
    let step = renewed(&organization, "-force -exec 'echo flag' -jobs jobs.json");
    assert!(
        step.out().starts_with("all a\n") && step.out().contains("\nown b\n"),
        "{}",
        step.out()
    );
    let new = ["a-key.pem", "b-key.pem", "c-key.pem"].map(|file| organization.read(file).unwrap());
    assert_ne!(new[0], old[0]);
    assert_eq!(new[1], old[1]);
    assert!(
        new[2] != old[2] && step.out().contains("\nall c\n"),
        "{}",
        step.out()
    );
    // Now it matches the document.
    let line = "openssl pkey -noout -text -in a-key.pem | grep -c P-384";
    organization.shell(line).unwrap().ok().unwrap();
    renewed(&organization, "-force -rekey -jobs jobs.json");
    assert_ne!(organization.read("b-key.pem").unwrap(), new[1]);
    for name in ["a", "b"] {
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
    }
}

/// In the organization's folder first, then beside the document; the current folder does
/// not matter.
#[test]
fn paths_are_relative_to_the_organization_or_the_document() {
    let organization = organization();
    let line = "mkdir -p deep/one deep/two far shared; cp ca* deep/one; mv ca-config.json shared/config.json; \
                mv ca.pem shared/root.pem; mv ca-key.pem shared/root.key; rm server* client* member*";
    organization.shell(line).unwrap().ok().unwrap();
    organization
        .write("deep/own.json", document("beside the document", &[]))
        .unwrap();
    organization
        .write("deep/two/own.json", document("in the folder", &[]))
        .unwrap();
    let text = json!({"organizations": [
        {"name": "one", "folder": "one", "certificates": [
            {"request": "own.json", "profile": "client", "output": "a"},
            {"request": "../two/own.json", "profile": "client", "output": "sub.b.pem"}]},
        {"name": "two", "folder": "two", "ca": "../shared/root.pem", "ca_key": "file:../../shared/root.key",
         "config": "../shared/config.json", "certificates": [
            {"request": "own.json", "profile": "client", "output": "tls.crt"},
            {"request": organization.join("deep/own.json"), "profile": "client", "output": organization.join("far/x")}]},
    ]});
    organization.write("deep/jobs.json", text.to_string()).unwrap();
    for from in [".", "far", "/"] {
        let line = format!(
            "cd {from}; rcfssl renew -force -jobs {}",
            organization.join("deep/jobs.json").display()
        );
        organization.shell(&line).unwrap().ok().unwrap();
    }
    let step = renewed(&organization, "-jobs deep/jobs.json");
    assert_eq!(sum(&step), [0, 0, 4, 0]);
    for (folder, certificate, key, cn) in [
        ("deep/one", "a.pem", "a-key.pem", "beside the document"),
        ("deep/one", "sub.b.pem", "sub.b-key.pem", "in the folder"),
        ("deep/two", "tls.crt", "tls.key", "in the folder"),
        ("far", "x.pem", "x-key.pem", "beside the document"),
    ] {
        let line = format!(
            "cd {folder}; openssl verify -CAfile {} {certificate} && openssl x509 -noout -subject -in {certificate}; \
             test \"$(openssl x509 -noout -pubkey -in {certificate})\" = \"$(openssl pkey -pubout -in {key})\"",
            organization.join("shared/root.pem").display()
        );
        let step = organization.shell(&line).unwrap().ok().unwrap();
        assert!(step.out().contains(&format!("CN = {cn}\n")), "{}", step.out());
    }
}

#[test]
fn a_ca_may_come_from_the_environment() {
    let organization = with_requests();
    let text = organization.read("jobs.json").unwrap();
    let text = text.replace(r#""name""#, r#""ca": "env:CA", "ca_key": "env:KEY", "name""#);
    organization.write("jobs.json", text).unwrap();
    let line =
        "export CA=\"$(cat ca.pem)\" KEY=\"$(cat ca-key.pem)\"; rm ca-key.pem; rcfssl renew -jobs jobs.json";
    organization.shell(line).unwrap().ok().unwrap();
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

#[test]
fn one_organization_that_fails_does_not_stop_the_others() {
    let organization = with_requests();
    organization.shell("mkdir none jobs").unwrap().ok().unwrap();
    let certificates = |output: &str| {
        json!([{"request": "server.json", "profile": "server", "output": output},
               {"request": "client.json", "profile": "client", "output": format!("{output}2")}])
    };
    let text = json!({"organizations": [
        {"name": "without authority", "folder": "../none", "certificates": certificates("a")},
        {"name": "not there", "folder": "../nowhere", "certificates": certificates("a")},
        {"name": "with a broken configuration", "folder": "..", "config": "broken.json", "certificates": certificates("b")},
        {"name": "good", "folder": "..", "certificates": [
            {"request": "none.json", "profile": "server", "output": "c"},
            {"request": "bad.json", "profile": "server", "output": "d"},
            {"request": "server.json", "profile": "default", "output": "e"},
            {"request": "server.json", "profile": "server", "output": "f"}]},
    ]});
    organization.write("jobs/jobs.json", text.to_string()).unwrap();
    organization.write("broken.json", "{").unwrap();
    organization.write("bad.json", "{\n\"CN\": 7}").unwrap();
    let step = renew(&organization, "-jobs jobs/jobs.json");
    assert_eq!(step.status, 1);
    let errors = logged(&step, "ERROR");
    // A problem of a whole organization is reported once, with the paths that were tried.
    let expected = [
        (
            "organization \"without authority\": open jobs/../none/ca.pem: ",
            "no such file or directory (also tried jobs/ca.pem)",
        ),
        (
            "organization \"not there\": ",
            "nowhere/ca.pem: no such file or directory",
        ),
        ("organization \"with a broken configuration\": ", "broken.json"),
        ("jobs/../c.pem: ", "none.json: no such file or directory"),
        ("jobs/../d.pem: ", "bad.json, line 2"),
        ("jobs/../e.pem: ", ""),
    ];
    assert_eq!(errors.len(), expected.len(), "{errors:?}");
    for (error, (begin, part)) in errors.iter().zip(expected) {
        assert!(error.starts_with(begin) && error.contains(part), "{error}");
    }
    assert_eq!(sum(&step), [1, 0, 0, 9], "{}", step.err());
    organization.check_pair("f.pem", "f-key.pem").unwrap();
    // The report for programs has a row for each certificate.
    let report = renew(&organization, "-json -jobs jobs/jobs.json").json().unwrap();
    assert_eq!(report["certificates"].as_array().unwrap().len(), 10);
    assert_eq!(
        report["certificates"][1]["reason"],
        report["certificates"][0]["reason"]
    );
}

/// One CA and one configuration for many folders; files in a folder take precedence.
#[test]
fn defaults_are_looked_for_in_the_folder_and_beside_the_document() {
    let organization = with_requests();
    let line = "mkdir one two three; cp ca.pem ca-key.pem two; mv ca-config.json shared.json; \
                sed s/8760h/100h/g shared.json > two/ca-config.json; cp server.json one";
    organization.shell(line).unwrap().ok().unwrap();
    let of = |folder: &str, profile: &str| {
        json!({"name": folder, "folder": folder, "certificates": [
            {"request": "server.json", "profile": profile, "output": "x"}]})
    };
    let jobs = |organizations: Value| {
        let text = json!({"organizations": organizations});
        organization.write("jobs.json", text.to_string()).unwrap();
    };
    // Without any configuration, a named profile is an error, and the default one is built
    // in.
    jobs(json!([of("one", "server"), of("three", "default")]));
    let step = renew(&organization, "-jobs jobs.json");
    assert_eq!(step.status, 1);
    assert_eq!(
        logged(&step, "ERROR"),
        [
            "organization \"one\": profile \"server\" needs a configuration: neither one/ca-config.json nor \
          ca-config.json exists"
        ]
    );
    let hint = "hint: organization \"three\": there is no configuration, so the built-in default profile is used: neither \
                three/ca-config.json nor ca-config.json exists\n";
    assert!(step.err().contains(hint), "{}", step.err());
    organization
        .shell("mv shared.json ca-config.json; rm -f three/x*")
        .unwrap()
        .ok()
        .unwrap();
    let config = organization.read("ca-config.json").unwrap();
    let config = config.replace(
        r#"{"expiry": "8760h"}"#,
        r#"{"expiry": "77h", "usages": ["server auth"]}"#,
    );
    organization.write("ca-config.json", config).unwrap();
    jobs(json!([
        of("one", "server"),
        of("two", "server"),
        of("three", "default")
    ]));
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [3, 0, 0, 0]);
    for (folder, hours) in [("one", 8760), ("two", 100), ("three", 77)] {
        let certificate = organization.certificate(&format!("{folder}/x.pem")).unwrap();
        assert_eq!(
            certificate.validity[1] - certificate.validity[0],
            hours * 3600,
            "{folder}"
        );
    }
    // A problem with the shared one is reported once for each organization.
    organization.shell("rm ca-key.pem").unwrap().ok().unwrap();
    let errors = logged(&renew(&organization, "-force -jobs jobs.json"), "ERROR");
    assert_eq!(
        errors,
        ["one", "three"].map(|name| format!(
            "organization \"{name}\": open {name}/ca-key.pem: no such file or directory (also tried ca-key.pem)"
        ))
    );
}

#[test]
fn top_level_settings_apply_to_all() {
    let organization = with_requests();
    let text = json!({"before": "9000h", "rekey": true, "exec": "echo all $RCFSSL_NAME", "organizations": [
        {"name": "one", "folder": ".", "certificates": [
            {"request": "server.json", "profile": "server", "output": "a"},
            {"request": "server.json", "profile": "server", "output": "b", "before": "1h"}]},
        {"name": "two", "folder": ".", "rekey": false, "exec": "echo own $RCFSSL_NAME", "certificates": [
            {"request": "server.json", "profile": "server", "output": "c"}]},
    ]});
    organization.write("jobs.json", text.to_string()).unwrap();
    renewed(&organization, "-jobs jobs.json");
    let keys = || ["a", "b", "c"].map(|name| organization.read(&format!("{name}-key.pem")).unwrap());
    let old = keys();
    let step = renewed(&organization, "-jobs jobs.json");
    assert_eq!(sum(&step), [0, 2, 1, 0], "{}", step.out());
    let new = keys();
    assert_eq!([0, 1, 2].map(|at| new[at] == old[at]), [false, true, true]);
    assert!(
        step.out().contains("all a\n") && step.out().contains("own c\n"),
        "{}",
        step.out()
    );
    organization
        .write(
            "jobs.json",
            r#"{"before": "soon", "organizations": [{"name": "o", "folder": "."}]}"#,
        )
        .unwrap();
    let step = renew(&organization, "-jobs jobs.json");
    assert!(
        step.err().starts_with("jobs.json, line 1: before: "),
        "{}",
        step.err()
    );
}
