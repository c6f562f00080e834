//! `-jobs`: which certificates of an organization are created, renewed or left alone.

use rcfssl_tests::Organization;
use serde_json::{Value, json};

use crate::{document, logged, organization, renew, renewed, sum};

/// A jobs document for one organization in the folder.
pub fn jobs(organization: &Organization, certificates: Value) {
    let document = json!({"organizations": [{"name": "org", "folder": ".", "certificates": certificates}]});
    organization.write("jobs.json", document.to_string()).unwrap();
}

/// An organization with requests for a server and a client, and the jobs document for them.
pub fn with_requests() -> Organization {
    let organization = Organization::new().unwrap();
    for (name, hosts) in [("server", &["a.example", "10.0.0.1"][..]), ("client", &[])] {
        organization
            .write(&format!("{name}.json"), document(name, hosts))
            .unwrap();
    }
    jobs(
        &organization,
        json!([
            {"request": "server.json", "profile": "server", "output": "server"},
            {"request": "client.json", "profile": "client", "output": "client"},
        ]),
    );
    organization
}

/// The line for a certificate.
pub fn line(step: &rcfssl_tests::workplace::Step, file: &str) -> String {
    let out = step.out();
    let mut lines = out.lines().filter(|line| line.contains(&format!("/{file} ")));
    lines.next().unwrap_or_else(|| panic!("{file}: {out}")).to_owned()
}

#[test]
fn missing_certificates_are_created_as_by_gencert() {
    let organization = with_requests();
    let step = renewed(&organization, "-jobs jobs.json");
    assert_eq!(sum(&step), [2, 0, 0, 0]);
    let shown = line(&step, "server.pem");
    assert!(
        shown.starts_with("made  ") && shown.ends_with("  missing, profile server, new key"),
        "{shown}"
    );
    let modes: Vec<(String, u32)> = organization
        .tree()
        .unwrap()
        .files
        .into_iter()
        .filter(|(name, _)| name.contains("server") || name.contains("client"))
        .map(|(name, file)| (name, file.permissions))
        .collect();
    let expected = [
        ("client-key.pem", 0o600),
        ("client.json", 0o644),
        ("client.pem", 0o644),
        ("server-key.pem", 0o600),
        ("server.json", 0o644),
        ("server.pem", 0o644),
    ];
    assert_eq!(modes, expected.map(|(name, mode)| (name.to_owned(), mode)));
    for (profile, name) in [("server", "server"), ("client", "client")] {
        let document = organization.read(&format!("{name}.json")).unwrap();
        organization.sign(profile, "wanted", &document).unwrap();
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
        let [new, wanted] =
            [name, "wanted"].map(|name| organization.certificate(&format!("{name}.pem")).unwrap());
        assert_eq!((&new.subject, new.names()), (&wanted.subject, wanted.names()));
        let all_but_its_key = |certificate: &rcfssl_tests::organization::Certificate| {
            let mut extensions = certificate.extensions.clone();
            extensions.remove("2.5.29.14");
            extensions
        };
        assert_eq!(all_but_its_key(&new), all_but_its_key(&wanted));
        assert_eq!(new.validity[1] - new.validity[0], 8760 * 3600);
    }
}

#[test]
fn a_second_run_changes_nothing_and_reports_that() {
    let organization = with_requests();
    renewed(&organization, "-jobs jobs.json");
    organization.shell("touch server.csr").unwrap().ok().unwrap();
    let mut before = organization.stamps().unwrap();
    for flags in ["", "-rekey", "-backup", "-exec 'touch ran'"] {
        let step = renewed(&organization, &format!("{flags} -jobs jobs.json"));
        assert_eq!(sum(&step), [0, 0, 2, 0], "{flags}");
        assert!(line(&step, "server.pem").starts_with("untouched  "));
        let after = organization.stamps().unwrap();
        before.insert(".".to_owned(), after["."].clone());
        assert_eq!(after, before, "{flags}");
    }
    let before = organization.stamps().unwrap();
    renewed(&organization, "-dry-run -jobs jobs.json");
    assert_eq!(organization.stamps().unwrap(), before);
}

/// A change to the existing files; the reason shown, whether the certificate is created or
/// renewed, and whether the key stays.
const REASONS: [(&str, &str, &str, bool); 12] = [
    ("rm server.pem", "made", "missing", true),
    ("rm server.pem server-key.pem", "made", "missing", false),
    ("echo nothing > server.pem", "made", "unreadable", true),
    (
        "head -c 500 server.pem > x; mv x server.pem",
        "made",
        "unreadable",
        true,
    ),
    (
        "cp of-other.pem server.pem; cp of-other-key.pem server-key.pem",
        "made",
        "issued by another CA",
        true,
    ),
    (
        "cp of-twin.pem server.pem; cp of-twin-key.pem server-key.pem",
        "made",
        "issued by another CA",
        true,
    ),
    ("rm server-key.pem", "made", "key missing", false),
    (
        "cp client-key.pem server-key.pem",
        "made",
        "key does not match",
        true,
    ),
    (
        "sed -i s/CN.:/CN\\\":\\\"new\\\",\\\"x\\\":/ server.json; sed -i 's/,\"x\":[^,]*//' server.json",
        "renewed",
        "subject changed",
        true,
    ),
    (
        "sed -i s/10.0.0.1/10.0.0.2/ server.json",
        "renewed",
        "hosts changed",
        true,
    ),
    (
        "sed -i 's/\"key encipherment\", \"server auth\"/\"server auth\"/' ca-config.json",
        "renewed",
        "usages changed",
        true,
    ),
    (
        "sed -i s/profile.:.server/profile\\\":\\\"peer/ jobs.json",
        "renewed",
        "usages changed",
        true,
    ),
];

#[test]
fn each_reason_for_issuing_is_detected_and_reported() {
    let organization = with_requests();
    organization.authority("other", r#"{"CN": "Other"}"#).unwrap();
    organization
        .authority("twin", r#"{"CN": "Root", "key": {"algo": "ecdsa", "size": 256}}"#)
        .unwrap();
    let make = "for ca in other twin; do rcfssl gencert -ca $ca.pem -ca-key $ca-key.pem -config ca-config.json \
                -profile server server.json | rcfssljson -bare of-$ca; done; rm *.csr; \
                mkdir ../kept; rcfssl renew -jobs jobs.json; cp * ../kept";
    organization.shell(make).unwrap().ok().unwrap();
    for (change, word, reason, keeps_key) in REASONS {
        organization
            .shell(&format!("rm *; cp ../kept/* .; {change}"))
            .unwrap()
            .ok()
            .unwrap();
        let key = organization.read("server-key.pem").ok();
        let step = renewed(&organization, "-jobs jobs.json");
        let shown = line(&step, "server.pem");
        assert!(shown.starts_with(word), "{change}: {shown}");
        assert!(
            shown.contains(&format!("  {reason}, profile ")),
            "{change}: {shown}"
        );
        let end = if keeps_key { "same key" } else { "new key" };
        assert!(shown.ends_with(end), "{change}: {shown}");
        assert!(line(&step, "client.pem").starts_with("untouched"), "{change}");
        organization.check_pair("server.pem", "server-key.pem").unwrap();
        if keeps_key {
            assert_eq!(organization.read("server-key.pem").ok(), key, "{change}");
        }
        let step = renewed(&organization, "-jobs jobs.json");
        assert_eq!(sum(&step), [0, 0, 2, 0], "{change}");
    }
}

#[test]
fn a_constraint_that_changed_is_found() {
    let organization = with_requests();
    let config = organization.read("ca-config.json").unwrap();
    let with = |text: &str| config.replace(r#""client auth"]}"#, &format!(r#""client auth"]{text}}}"#));
    organization
        .write("client.json", document("client", &[]))
        .unwrap();
    renewed(&organization, "-jobs jobs.json");
    organization
        .write(
            "ca-config.json",
            with(r#", "ca_constraint": {"is_ca": true, "max_path_len": 1}"#),
        )
        .unwrap();
    let shown = line(&renewed(&organization, "-jobs jobs.json"), "client.pem");
    assert!(
        shown.contains("  CA constraint changed, profile client"),
        "{shown}"
    );
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [0, 0, 2, 0]);
}

#[test]
fn irrelevant_differences_change_nothing() {
    let organization = with_requests();
    renewed(&organization, "-jobs jobs.json");
    let line = "sed -i 's/\"a.example\",\"10.0.0.1\"/\"10.0.0.1\",\"a.example\"/; s/256/384/' server.json; \
                sed -i s/8760h/4000h/g ca-config.json; grep -q '10.0.0.1\",\"a' server.json";
    organization.shell(line).unwrap().ok().unwrap();
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [0, 0, 2, 0]);
}

/// An existing key is never discarded unless the user asks for it, whatever its file
/// contains.
#[test]
fn an_unreadable_key_is_not_overwritten() {
    let organization = with_requests();
    organization.write("server-key.pem", "precious").unwrap();
    let step = renew(&organization, "-jobs jobs.json");
    assert_eq!(sum(&step), [1, 0, 0, 1], "{}", step.err());
    assert_eq!(organization.read("server-key.pem").unwrap(), "precious");
    assert!(!organization.join("server.pem").exists());
    renewed(&organization, "-rekey -jobs jobs.json");
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

/// A request without its hosts: clients would reject the certificate.
#[test]
fn a_job_that_would_drop_every_san_is_refused_unless_it_allows_that() {
    let organization = organization();
    organization
        .write("server.json", document("server", &[]))
        .unwrap();
    let job = |drop_hosts: Value| {
        let mut job = json!({"request": "server.json", "profile": "server", "output": "server"});
        if !drop_hosts.is_null() {
            job["drop_hosts"] = drop_hosts;
        }
        jobs(&organization, json!([job]));
    };
    let live = organization.certificate("server.pem").unwrap();
    for drop_hosts in [Value::Null, json!(false)] {
        job(drop_hosts);
        for flags in ["", "-dry-run", "-force -rekey"] {
            let step = renew(&organization, &format!("{flags} -jobs jobs.json"));
            assert_eq!(step.status, 1, "{flags}");
            assert_eq!(
                logged(&step, "ERROR"),
                [
                    "./server.pem: the live certificate has SANs (server.example, 10.0.0.1) and the request has no \
                     hosts: add them to the request, or allow it with \"drop_hosts\": true"
                ]
            );
        }
        assert_eq!(organization.certificate("server.pem").unwrap().der, live.der);
    }
    job(json!(true));
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [0, 1, 0, 0]);
    assert_eq!(organization.certificate("server.pem").unwrap().names(), None);
    // Dropping some of the names is allowed.
    let member = json!([{"request": "member.json", "profile": "peer", "output": "member"}]);
    organization
        .write("member.json", document("member", &["10.0.0.1"]))
        .unwrap();
    jobs(&organization, member);
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [0, 1, 0, 0]);
}
