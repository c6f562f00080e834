//! `-csr`, `-hostname` and `-cn`: names as `gencert` sets them.

use rcfssl_tests::Organization;

use crate::{document, logged, organization, refused, renew, renewed, sum};

/// The certificate that `gencert` issues for a document and flags.
fn made_by_gencert(organization: &Organization, flags: &str, document: &str) {
    organization
        .sign_with(
            &format!("-config ca-config.json {flags}"),
            "server",
            "wanted",
            document,
        )
        .unwrap();
}

/// Checks that the server's certificate has the names that `gencert` would have set.
fn is_as_wanted(organization: &Organization) {
    let [new, wanted] = ["server.pem", "wanted.pem"].map(|file| organization.certificate(file).unwrap());
    assert_eq!(new.subject, wanted.subject);
    assert_eq!(new.names(), wanted.names());
    organization.check_pair("server.pem", "server-key.pem").unwrap();
}

const DOCUMENT: &str = r#"{"CN": "from the document", "hosts": ["a.example", "10.1.1.1", "x@y.example", "http://u.example/"],
  "names": [{"C": "DE", "O": "Org", "OU": "One", "OU": "Two"}, {"O": "Other"}], "serialnumber": "12"}"#;

#[test]
fn a_document_replaces_the_names() {
    let organization = organization();
    organization.write("new.json", DOCUMENT).unwrap();
    made_by_gencert(&organization, "", DOCUMENT);
    let old = organization.certificate("server.pem").unwrap();
    // Its contents change although it is not due.
    let step = renewed(&organization, "-csr new.json server.pem");
    assert!(
        step.out().contains("subject changed, profile server, same key"),
        "{}",
        step.out()
    );
    is_as_wanted(&organization);
    assert_eq!(
        organization.certificate("server.pem").unwrap().public_key,
        old.public_key
    );
    let step = renewed(&organization, "-csr new.json server.pem");
    assert_eq!(sum(&step), [0, 0, 1, 0], "{}", step.out());
}

#[test]
fn flags_override_the_document() {
    let organization = organization();
    organization.write("new.json", DOCUMENT).unwrap();
    let flags = "-cn flag.example -hostname f.example,10.2.2.2,*.g.example";
    made_by_gencert(&organization, flags, DOCUMENT);
    renewed(&organization, &format!("-csr new.json {flags} server.pem"));
    is_as_wanted(&organization);
}

#[test]
fn hosts_alone_leave_the_subject() {
    let organization = organization();
    let old = organization.certificate("server.pem").unwrap();
    let step = renewed(&organization, "-hostname f.example,10.2.2.2 server.pem");
    assert!(
        step.out().contains("hosts changed, profile server"),
        "{}",
        step.out()
    );
    made_by_gencert(
        &organization,
        "-hostname f.example,10.2.2.2",
        &document("server", &[]),
    );
    is_as_wanted(&organization);
    assert_eq!(
        organization.certificate("server.pem").unwrap().subject,
        old.subject
    );
}

#[test]
fn a_common_name_alone_leaves_the_rest() {
    let organization = Organization::new().unwrap();
    let document = |cn: &str| DOCUMENT.replace("from the document", cn);
    organization
        .sign("server", "server", &document("before"))
        .unwrap();
    let step = renewed(&organization, "-cn after server.pem");
    assert!(
        step.out().contains("subject changed, profile server"),
        "{}",
        step.out()
    );
    made_by_gencert(&organization, "", &document("after"));
    is_as_wanted(&organization);
}

#[test]
fn the_request_beside_it_asks_for_the_same() {
    let organization = organization();
    organization.write("new.json", DOCUMENT).unwrap();
    renewed(&organization, "-csr new.json server.pem");
    let line = "openssl req -in server.csr -noout -verify -text";
    let shown = organization.shell(line).unwrap().ok().unwrap().out();
    assert!(
        shown.contains("from the document") && shown.contains("email:x@y.example"),
        "{shown}"
    );
    // With the names of the certificate there is nothing to write.
    let before = organization.stamps().unwrap();
    renewed(&organization, "-force client.pem");
    assert_eq!(organization.stamps().unwrap()["client.csr"], before["client.csr"]);
}

#[test]
fn an_invalid_document_is_reported_with_the_position() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    for (text, error) in [
        ("{\"CN\": \"x\",\n \"hosts\": \"x\"}", "line 2"),
        ("{\"CN\": \"x\",\n\n \"hosts\" []}", "line 3"),
    ] {
        organization.write("../new.json", text).unwrap();
        let step = renew(&organization, "-csr ../new.json server.pem");
        assert_eq!(step.status, 1);
        assert!(step.err().contains(error), "{}", step.err());
    }
    let step = renew(&organization, "-csr none.json server.pem");
    assert_eq!(
        (step.status, step.err()),
        (1, "open none.json: no such file or directory\n".to_owned())
    );
    assert_eq!(organization.stamps().unwrap(), before);
}

#[test]
fn what_gencert_refuses_is_refused() {
    let organization = organization();
    let with_authority = r#"{"CN": "x", "ca": {"expiry": "1h"}}"#;
    organization.write("new.json", with_authority).unwrap();
    assert_eq!(
        refused(&organization, "-csr new.json server.pem"),
        "server.pem: ca section only permitted in initca"
    );
    organization
        .write("new.json", document("x", &["münchen.example"]))
        .unwrap();
    assert_eq!(
        refused(&organization, "-csr new.json server.pem"),
        "server.pem: x509: \"münchen.example\" cannot be encoded as an IA5String"
    );
}

#[test]
fn an_empty_host_is_a_warning_and_an_error_under_strict() {
    let organization = organization();
    organization.write("new.json", document("server", &[""])).unwrap();
    assert!(
        refused(&organization, "-strict -csr new.json server.pem").contains("an empty string in \"hosts\"")
    );
    let step = renewed(&organization, "-csr new.json server.pem");
    assert_eq!(logged(&step, "WARNING").len(), 1, "{}", step.err());
}

#[test]
fn losing_every_san_is_a_warning_and_an_error_under_strict() {
    let organization = organization();
    organization.write("new.json", document("server", &[])).unwrap();
    let told = "server.pem: all SANs of the live certificate are dropped: server.example, 10.0.0.1; the request has no \
                hosts";
    assert_eq!(refused(&organization, "-strict -csr new.json server.pem"), told);
    let step = renewed(&organization, "-csr new.json server.pem");
    assert_eq!(logged(&step, "WARNING"), [told]);
    assert_eq!(organization.certificate("server.pem").unwrap().names(), None);
    // There are none left to lose.
    let step = renewed(&organization, "-strict -force -csr new.json server.pem");
    assert_eq!(step.err(), "");
}
