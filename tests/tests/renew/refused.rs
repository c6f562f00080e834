//! What is refused, with the reason; one refusal does not affect other certificates.

use rcfssl_tests::Organization;

use crate::{
    document, logged, organization, organization_with_a_server_that_is_due, refused, renew, renewed, sum,
};

#[test]
fn a_key_that_does_not_match() {
    let organization = organization();
    organization
        .shell("cp client-key.pem server-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(
        refused(&organization, "-force server.pem"),
        "server.pem: the key server-key.pem does not match the certificate"
    );
    assert_eq!(
        refused(&organization, "-force -rekey server.pem"),
        "server.pem: the key server-key.pem does not match the certificate"
    );
}

#[test]
fn a_certificate_of_another_ca() {
    let organization = organization();
    organization.authority("other", r#"{"CN": "Other"}"#).unwrap();
    // With the same name and another key.
    organization
        .authority("twin", r#"{"CN": "Root", "key": {"algo": "ecdsa", "size": 256}}"#)
        .unwrap();
    let line = "for ca in other twin; do echo '{\"CN\":\"x\"}' | rcfssl gencert -ca $ca.pem -ca-key $ca-key.pem \
                -config ca-config.json -profile server - | rcfssljson -bare of-$ca; done; rm other* twin*";
    organization.shell(line).unwrap().ok().unwrap();
    assert_eq!(
        refused(&organization, "-force of-other.pem"),
        "of-other.pem: it was issued by another CA"
    );
    assert_eq!(
        refused(&organization, "-force of-twin.pem"),
        "of-twin.pem: it was issued by another CA with the same name"
    );
    // In a folder, certificates of other CAs are left alone.
    let before = organization.stamps().unwrap();
    let step = renew(&organization, "-force .");
    assert_eq!(step.status, 1);
    assert_eq!(sum(&step), [0, 3, 0, 1]);
    assert_eq!(
        logged(&step, "ERROR"),
        ["./of-twin.pem: it was issued by another CA with the same name"]
    );
    assert!(!step.out().contains("of-other"), "{}", step.out());
    let after = organization.stamps().unwrap();
    for file in [
        "of-other.pem",
        "of-other-key.pem",
        "of-twin.pem",
        "of-twin-key.pem",
    ] {
        assert_eq!(after[file], before[file], "{file}");
    }
}

#[test]
fn the_ca_itself_is_left_alone() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    assert!(!renewed(&organization, "-force -rekey .").out().contains("ca.pem"));
    assert_eq!(
        refused(&organization, "-force ca.pem"),
        "ca.pem: it is the CA's own certificate: renew it with gencert -renewca"
    );
    // Under another name as well, with its key beside it.
    organization
        .shell("cp ca.pem root.pem; cp ca-key.pem root-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    assert!(
        !renewed(&organization, "-force -rekey .")
            .out()
            .contains("root.pem")
    );
    let after = organization.stamps().unwrap();
    assert_eq!(
        [&after["ca.pem"], &after["ca-key.pem"]],
        [&before["ca.pem"], &before["ca-key.pem"]]
    );
}

/// A CA that began long ago and expires in this many days, with a server certificate that
/// is 300 days old.
fn with_an_authority_that_ends(days: i64, server_ends: i64) -> Organization {
    let organization = Organization::new().unwrap();
    let path = organization.path();
    // openssl accepts dates for certificates only in its `ca` command.
    let date = |days: i64| {
        let moment = time::OffsetDateTime::now_utc() + time::Duration::days(days);
        let (date, time) = (moment.date(), moment.time());
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}Z",
            date.year(),
            u8::from(date.month()),
            date.day(),
            time.hour(),
            time.minute(),
            time.second()
        )
    };
    organization
        .write(
            "../ca.cnf",
            "[ca]\ndefault_ca = root\n[root]\ndatabase = ../index\nnew_certs_dir = ..\nserial = ../serial\n\
             default_md = sha256\npolicy = any\nx509_extensions = root_extensions\n[any]\ncommonName = supplied\n\
             [root_extensions]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n\
             subjectKeyIdentifier = hash\n",
        )
        .unwrap();
    let line = format!(
        "touch ../index; echo 77 > ../serial; openssl req -new -key ca-key.pem -subj /CN=Root -out ../ca.csr && \
         openssl ca -batch -selfsign -notext -config ../ca.cnf -keyfile ca-key.pem -in ../ca.csr -out ca.pem \
         -startdate {} -enddate {}",
        date(-1000),
        date(days)
    );
    organization.shell(&line).unwrap().ok().unwrap();
    organization
        .sign_from_to("server", "a", &document("a", &["a.example"]), [-300, server_ends])
        .unwrap();
    assert!(path.join("a.pem").exists());
    organization
}

#[test]
fn an_expired_ca() {
    let organization = with_an_authority_that_ends(-1, 10);
    for flags in ["", "-force", "-strict"] {
        let reason = refused(&organization, &format!("{flags} a.pem"));
        assert!(reason.starts_with("a.pem: the CA expired at 20"), "{reason}");
        assert!(reason.ends_with(": renew it with gencert -renewca"), "{reason}");
    }
}

#[test]
fn a_ca_that_expires_sooner_limits_the_certificate() {
    let organization = with_an_authority_that_ends(100, 20);
    let end = organization.certificate("ca.pem").unwrap().validity[1];
    let reason = refused(&organization, "-strict a.pem");
    assert!(
        reason.starts_with("a.pem: the certificate expires at 20")
            && reason.contains("but its CA already at"),
        "{reason}"
    );
    let step = renewed(&organization, "a.pem");
    let [warning] = logged(&step, "WARNING").try_into().unwrap();
    assert!(
        warning.starts_with("a.pem: its lifetime is limited to that of the CA, which expires at 20"),
        "{warning}"
    );
    assert!(
        warning.ends_with(": renew the CA with gencert -renewca"),
        "{warning}"
    );
    assert_eq!(organization.certificate("a.pem").unwrap().validity[1], end);
    organization.check_pair("a.pem", "a-key.pem").unwrap();
    // A second run cannot gain anything.
    let step = renewed(&organization, "-before 300d a.pem");
    assert_eq!(sum(&step), [0, 0, 1, 0]);
    let [warning] = logged(&step, "WARNING").try_into().unwrap();
    assert!(
        warning.contains("the certificate cannot last longer"),
        "{warning}"
    );
}

#[test]
fn a_certificate_that_is_not_a_ca() {
    let organization = organization();
    assert_eq!(
        refused(
            &organization,
            "-force -ca client.pem -ca-key client-key.pem server.pem"
        ),
        "server.pem: client.pem is not a CA certificate"
    );
    assert_eq!(
        refused(&organization, "-force -ca-key client-key.pem server.pem"),
        "server.pem: the key client-key.pem does not match the certificate ./ca.pem"
    );
    // One message for the folder, not one for each certificate in it.
    assert_eq!(
        refused(&organization, "-force -ca none.pem ."),
        ".: open none.pem: no such file or directory"
    );
}

#[test]
fn files_that_cannot_be_read() {
    let organization = organization();
    organization
        .shell("echo garbage > server-key.pem; mkdir x-key.pem; touch empty.pem")
        .unwrap()
        .ok()
        .unwrap();
    assert_eq!(
        refused(&organization, "-force none.pem"),
        "none.pem: open none.pem: no such file or directory"
    );
    assert!(refused(&organization, "-force server.pem").contains("server-key.pem"));
    assert_eq!(
        refused(&organization, "-force empty.pem"),
        "empty.pem: it contains no certificate"
    );
    assert_eq!(
        refused(&organization, "-force ca-config.json"),
        "ca-config.json: it contains no certificate"
    );
    assert_eq!(
        refused(&organization, "-force client-key.pem"),
        "client-key.pem: it contains no certificate"
    );
}

/// An unreadable certificate with its key beside it was a certificate once.
#[test]
fn a_malformed_certificate_in_a_folder_is_reported() {
    let organization = organization();
    organization
        .shell("head -c 300 server.pem > x && mv x server.pem; : > client.pem; sed -i s/M/N/g member.pem")
        .unwrap()
        .ok()
        .unwrap();
    let step = renew(&organization, ".");
    assert_eq!(sum(&step), [0, 0, 0, 3], "{}{}", step.out(), step.err());
    assert_eq!(step.status, 1);
}

#[test]
fn one_refusal_does_not_stop_the_others() {
    let organization = organization_with_a_server_that_is_due();
    for name in ["b", "c", "d"] {
        organization
            .sign_from_to("client", name, &document(name, &[]), [-300, 20])
            .unwrap();
    }
    organization
        .shell("cp c-key.pem b-key.pem; echo > d-key.pem")
        .unwrap()
        .ok()
        .unwrap();
    let step = renew(&organization, "d.pem b.pem none.pem a.pem c.pem");
    assert_eq!(step.status, 1);
    assert_eq!(sum(&step), [0, 2, 0, 3], "{}", step.err());
    let errors = logged(&step, "ERROR");
    let files: Vec<&str> = errors
        .iter()
        .map(|error| error.split(':').next().unwrap())
        .collect();
    assert_eq!(files, ["d.pem", "b.pem", "none.pem"]);
    for name in ["a", "c"] {
        organization
            .check_pair(&format!("{name}.pem"), &format!("{name}-key.pem"))
            .unwrap();
        assert_eq!(
            organization
                .certificate(&format!("{name}.pem"))
                .unwrap()
                .days_left(),
            364
        );
    }
    let step = renew(&organization, "-force .");
    assert_eq!(sum(&step), [0, 2, 0, 2], "{}", step.err());
}

/// All folders are processed, whatever the result for the first.
#[test]
fn many_folders_in_one_run() {
    let organization = organization();
    let line = "mkdir one two three; cp *.pem ca-config.json one; cp *.pem ca-config.json three; \
                cp server*.pem ca-config.json two; rm one/ca-key.pem";
    organization.shell(line).unwrap().ok().unwrap();
    let step = renew(&organization, "-force one two three none");
    assert_eq!(step.status, 1);
    assert_eq!(sum(&step), [0, 3, 0, 3], "{}", step.err());
    assert_eq!(
        logged(&step, "ERROR"),
        [
            "one: open one/ca-key.pem: no such file or directory",
            "two: open two/ca.pem: no such file or directory",
            "none: open none: no such file or directory"
        ]
    );
}

#[test]
fn wrong_arguments_are_reported() {
    let organization = organization();
    let before = organization.stamps().unwrap();
    for (arguments, status, error) in [
        (
            "",
            1,
            "name the certificates or folders to renew, or a jobs document with -jobs",
        ),
        (
            "-jobs x.json .",
            1,
            "with -jobs, certificates are named in the document only",
        ),
        (
            "-jobs x.json -profile server",
            1,
            "-profile cannot be combined with -jobs",
        ),
        ("-jobs x.json -ca ca.pem", 1, "-ca cannot be combined with -jobs"),
        ("-jobs x.json", 1, "open x.json: no such file or directory"),
        ("-before -1h .", 1, "-before must not be negative"),
        ("-rekye .", 2, "rekye"),
        ("-wait long .", 2, "long"),
        // Go does not parse flags after an argument, and this would have renewed.
        (
            "-force -rekey server.pem -dry-run",
            2,
            "-dry-run is not read as a flag here",
        ),
        ("-force . -before=1h client.pem", 2, "-before=1h is not read"),
        ("-force -- -dry-run", 2, "-dry-run is not read"),
    ] {
        let step = renew(&organization, arguments);
        assert_eq!(step.status, status, "{arguments}");
        assert!(step.err().contains(error), "{arguments}: {}", step.err());
        assert_eq!(step.out(), "", "{arguments}");
    }
    assert_eq!(organization.stamps().unwrap(), before);
}

/// gencert also allows this under -strict, for CAs and certificates created together with
/// the same lifetime.
#[test]
fn strict_allows_a_day_after_the_ca() {
    let organization = with_an_authority_that_ends(100, 20);
    let limited = |hours: i64| {
        let config = format!(
            r#"{{"signing": {{"default": {{"expiry": "1h", "usages": ["crl sign"]}}, "profiles": {{"server":
               {{"expiry": "{hours}h", "usages": ["signing", "key encipherment", "server auth"]}}}}}}}}"#
        );
        organization.write("ca-config.json", config).unwrap();
    };
    limited(100 * 24 + 26);
    let reason = refused(&organization, "-strict a.pem");
    assert!(reason.contains("but its CA already at"), "{reason}");
    limited(100 * 24 + 20);
    renewed(&organization, "-strict a.pem");
    let end = |file| organization.certificate(file).unwrap().validity[1];
    assert_eq!(end("a.pem"), end("ca.pem"));
}
