//! `-exec`: the command after each certificate that changed.

use crate::{document, logged, organization, renew, renewed, sum};

#[test]
fn it_runs_after_each_certificate_that_changed() {
    let organization = organization();
    organization
        .sign_from_to("server", "due", &document("due", &["x.example"]), [-300, 10])
        .unwrap();
    // The command finds the new certificate in its place, with its key.
    let command = "echo \"$RCFSSL_NAME $RCFSSL_CERT $RCFSSL_KEY $(pwd)\" >> ../log; \
                   test \"$(openssl x509 -noout -pubkey -in \"$RCFSSL_CERT\")\" = \
                   \"$(openssl pkey -pubout -in \"$RCFSSL_KEY\")\"";
    let line = format!("-rekey -exec '{command}' .");
    assert_eq!(sum(&renewed(&organization, &line)), [0, 1, 3, 0]);
    let folder = organization.path().canonicalize().unwrap();
    let folder = folder.display();
    let shown = |name: &str| format!("{name} {folder}/{name}.pem {folder}/{name}-key.pem {folder}\n");
    // The folder was named as `.`, which may appear in the path.
    let log =
        |organization: &rcfssl_tests::Organization| organization.read("../log").unwrap().replace("/./", "/");
    assert_eq!(log(&organization), shown("due"));
    renewed(&organization, &line);
    assert_eq!(log(&organization), shown("due"), "nothing changed, and it ran");
    renewed(&organization, &format!("-force {line}"));
    let all: String = ["due", "client", "due", "member", "server"].map(shown).concat();
    assert_eq!(log(&organization), all);
}

#[test]
fn its_failure_is_reported_and_counted() {
    let organization = organization();
    let step = renew(&organization, "-force -exec 'test $RCFSSL_NAME = client' .");
    assert_eq!(step.status, 1);
    assert_eq!(sum(&step), [0, 3, 0, 0]);
    assert!(
        step.out().contains(" 0 failed, 2 commands failed ("),
        "{}",
        step.out()
    );
    assert_eq!(
        logged(&step, "ERROR"),
        [
            "./member.pem: the command failed: exit status: 1",
            "./server.pem: the command failed: exit status: 1"
        ]
    );
    for name in ["client", "member", "server"] {
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
    }
    let step = renew(&organization, "-force -exec 'kill -TERM $$' client.pem");
    assert!(step.out().contains("1 command failed"), "{}", step.out());
    assert!(
        step.err().contains("the command failed: signal: 15"),
        "{}",
        step.err()
    );
}

#[test]
fn it_does_not_run_after_a_refusal() {
    let organization = organization();
    organization
        .shell("cp client-key.pem server-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    let step = renew(
        &organization,
        "-force -exec 'echo ran $RCFSSL_NAME' server.pem client.pem",
    );
    assert_eq!(step.status, 1);
    let ran: Vec<String> = step
        .out()
        .lines()
        .filter(|line| line.starts_with("ran"))
        .map(str::to_owned)
        .collect();
    assert_eq!(ran, ["ran client"]);
}

#[test]
fn names_are_passed_unchanged() {
    let organization = organization();
    organization
        .shell("mkdir 'a \"b\" $c'; for e in .pem -key.pem; do mv server$e 'a \"b\" $c/s v'$e; done")
        .unwrap()
        .ok()
        .unwrap();
    let line = "-force -ca ca.pem -ca-key ca-key.pem -config ca-config.json \
                -exec 'test -s \"$RCFSSL_CERT\" && printf %s \"$RCFSSL_NAME\" > name' 'a \"b\" $c/s v.pem'";
    renewed(&organization, line);
    assert_eq!(organization.read("name").unwrap(), "s v");
}

/// A report for programs is not mixed with the output of commands.
#[test]
fn its_output_is_separate_from_the_report() {
    let organization = organization();
    let step = renewed(
        &organization,
        "-force -json -exec 'echo words; cat; echo more >&2' .",
    );
    let report: serde_json::Value = serde_json::from_slice(&step.stdout).unwrap();
    assert_eq!(report["certificates"].as_array().unwrap().len(), 3);
    assert_eq!(step.err().matches("words\nmore\n").count(), 3, "{}", step.err());
    let step = renewed(&organization, "-force -exec 'echo words' client.pem");
    assert!(step.out().starts_with("words\nrenewed"), "{}", step.out());
}

/// Commands do not get the password of the CA key.
#[test]
fn it_gets_no_passwords_and_keys() {
    let organization = organization();
    let text = serde_json::json!({"organizations": [{"name": "o", "folder": ".", "ca_key": "env:JOBS_KEY",
        "certificates": [{"request": "x.json", "profile": "client", "output": "x"}]}]});
    organization.write("jobs.json", text.to_string()).unwrap();
    organization.write("x.json", document("x", &[])).unwrap();
    let config = organization.read("ca-config.json").unwrap();
    let config = config.replacen(
        '{',
        r#"{"auth_keys": {"k": {"type": "standard", "key": "env:AUTH_KEY"}}, "#,
        1,
    );
    let config = config.replacen(r#"{"expiry""#, r#"{"auth_key": "k", "expiry""#, 1);
    organization.write("ca-config.json", config).unwrap();
    organization
        .shell("openssl ec -aes128 -passout pass:secret -in ca-key.pem -out closed.pem")
        .unwrap()
        .ok()
        .unwrap();
    let exported = "export CFSSL_CA_PK_PASSWORD=secret AUTH_KEY=0123 KEPT=kept ONE_KEY=\"$(cat closed.pem)\" \
                    JOBS_KEY=\"$(cat ca-key.pem)\"; rm ca-key.pem;";
    for arguments in [
        "-force -ca-key env:ONE_KEY client.pem",
        "-force -ca-key closed.pem client.pem",
        "-force -jobs jobs.json",
    ] {
        let line =
            format!("{exported} rcfssl renew -exec 'env > ../seen' {arguments}; cp env-key ca-key.pem");
        organization
            .shell("cp -n ca-key.pem env-key")
            .unwrap()
            .ok()
            .unwrap();
        organization.shell(&line).unwrap().ok().unwrap();
        let seen = organization.read("../seen").unwrap();
        assert!(
            seen.contains("KEPT=kept") && seen.contains("RCFSSL_CERT="),
            "{seen}"
        );
        for name in ["CFSSL_CA_PK_PASSWORD", "AUTH_KEY"] {
            assert!(!seen.contains(name), "{arguments}: {seen}");
        }
        let own = if arguments.contains("jobs") {
            "JOBS_KEY"
        } else {
            "ONE_KEY"
        };
        let is_own = arguments.contains("env:") || arguments.contains("jobs");
        assert!(!is_own || !seen.contains(own), "{arguments}: {seen}");
    }
}
