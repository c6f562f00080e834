//! Hints other than traps, and errors with a reason.

use rcfssl_tests::needs;
use rcfssl_tests::openssl::in_folder;

use super::{line, place};

#[test]
fn encrypted_keys_that_cannot_be_opened_are_explained() {
    let place = place();
    for make in [
        "pkcs8 -topk8 -in ca-key.pem -passout pass:secret -out pkcs8.pem",
        "ec -in ca-key.pem -aes128 -passout pass:secret -out legacy.pem",
    ] {
        in_folder(&place.path(), &make.split(' ').collect::<Vec<_>>()).unwrap();
    }
    for key in ["pkcs8.pem", "legacy.pem"] {
        let sign = format!("rcfssl gencert -ca ca.pem -ca-key {key} leaf.json");
        let again = format!("rcfssl gencert -initca -ca-key {key} root.json");
        for (line, hint) in [
            (sign.clone(), "put its password into CFSSL_CA_PK_PASSWORD"),
            (
                format!("CFSSL_CA_PK_PASSWORD=wrong {sign}"),
                "the password in CFSSL_CA_PK_PASSWORD is wrong",
            ),
            (
                format!("CFSSL_CA_PK_PASSWORD=secret {again}"),
                "no password is used here",
            ),
        ] {
            let step = place.shell(&line).unwrap();
            assert_eq!(step.status, 1, "{line}");
            assert!(
                step.err().contains("hint: the key is encrypted"),
                "{line}: {}",
                step.err()
            );
            assert!(step.err().contains(hint), "{line}: {}", step.err());
        }
        let line = format!("CFSSL_CA_PK_PASSWORD=secret {sign}");
        place.shell(&line).unwrap().ok().unwrap();
    }
}

/// Our own flag for an intermediate CA is always strict.
#[test]
fn an_intermediate_needs_a_ca_that_may_issue_it() {
    let place = place();
    place
        .write(
            "flat.json",
            r#"{"CN": "Flat", "ca": {"pathlen": 0, "pathlenzero": true}}"#,
        )
        .unwrap();
    place
        .write("one.json", r#"{"CN": "One", "ca": {"pathlen": 1}}"#)
        .unwrap();
    for name in ["flat", "one"] {
        let line = format!("rcfssl gencert -initca {name}.json | rcfssljson -bare {name}");
        place.shell(&line).unwrap().ok().unwrap();
    }
    let line = line("GENCERT leaf.json | rcfssljson -bare leaf");
    place.shell(&line).unwrap().ok().unwrap();
    for (flags, error) in [
        (
            "-signed-by-ca -ca ca.pem -ca-key ca-key.pem",
            "-signed-by-ca needs -initca",
        ),
        (
            "-signed-by-ca -renewca -ca ca.pem -ca-key ca-key.pem",
            "-signed-by-ca needs -initca",
        ),
        (
            "-initca -signed-by-ca -ca-key ca-key.pem",
            "-signed-by-ca needs -ca",
        ),
        ("-initca -signed-by-ca -ca ca.pem", "-signed-by-ca needs -ca-key"),
        (
            "-initca -signed-by-ca -ca leaf.pem -ca-key leaf-key.pem",
            "the certificate given with -ca is not a CA certificate",
        ),
        (
            "-initca -signed-by-ca -ca flat.pem -ca-key flat-key.pem",
            "the CA must not sign another CA: its path length is 0",
        ),
        (
            "-initca -signed-by-ca -ca one.pem -ca-key one-key.pem",
            "the path length 1 must be lower than that of the CA, which is 1",
        ),
        (
            "-initca -signed-by-ca -ca ca.pem -ca-key ca-key.pem -config config.json -profile odd",
            "the profile does not issue CA certificates: it has no ca_constraint",
        ),
    ] {
        let step = place.call(&format!("rcfssl gencert {flags} one.json")).unwrap();
        assert_eq!((step.status, step.out().as_str()), (1, ""), "{flags}");
        let said: Vec<String> = step.err().lines().map(str::to_owned).collect();
        assert!(said.contains(&error.to_owned()), "{flags}: {said:?}");
        assert!(!step.err().contains("generating key"), "{flags}");
    }
}

#[test]
fn flags_after_the_arguments_are_hinted_at() {
    let place = place();
    place.write("serials", "1\n").unwrap();
    let step = place
        .call("rcfssl gencrl serials ca.pem ca-key.pem 3600 -pem")
        .unwrap();
    assert_eq!(step.status, 0);
    assert_eq!(
        step.err(),
        "hint: -pem comes after the arguments, where flags are ignored\n"
    );
    let step = place.call("rcfssl genkey leaf.json -").unwrap();
    assert_eq!((step.status, step.out().as_str()), (1, ""));
    assert_eq!(
        step.err(),
        "only the request document is expected as an argument\n\
         hint: the request document is already named: remove the -, which means standard input\n"
    );
    let step = place
        .call("rcfssl gencrl -crl-number=-5 serials ca.pem ca-key.pem")
        .unwrap();
    assert_eq!((step.status, step.out().as_str()), (1, ""));
}

/// Mere remarks are never errors.
#[test]
fn the_cas_own_subject_is_hinted_at() {
    let place = place();
    for trap in ["GENCERT same.json", "GENCERT -strict same.json"] {
        let step = place.call(&line(trap)).unwrap().ok().unwrap();
        let hint = "hint: the certificate has the same subject as its CA: openssl and others consider it self-signed; give it another CN";
        assert_eq!(step.err().lines().last(), Some(hint));
        place.write("same-out.json", step.out()).unwrap();
        place
            .shell("rcfssljson -bare same < same-out.json")
            .unwrap()
            .ok()
            .unwrap();
        let refused = in_folder(&place.path(), &["verify", "-CAfile", "ca.pem", "same.pem"]);
        assert!(
            refused
                .unwrap_err()
                .to_string()
                .contains("self-signed certificate")
        );
    }
}

/// A certificate that expires with its CA or a few minutes later needs no hint, and neither
/// does one that was not signed.
#[test]
fn a_day_after_the_ca_is_close_enough() {
    let place = place();
    let root = r#"{"CN": "Short", "key": {"algo": "ecdsa", "size": 256}, "ca": {"expiry": "100h"}}"#;
    place.write("short.json", root).unwrap();
    place
        .shell("rcfssl gencert -initca short.json | rcfssljson -bare short")
        .unwrap()
        .ok()
        .unwrap();
    let gencert = |expiry: &str, more: &str| {
        let config =
            format!(r#"{{"signing": {{"default": {{"expiry": "{expiry}", "usages": ["signing"]}}}}}}"#);
        place.write("short-config.json", config).unwrap();
        let files = "-ca short.pem -ca-key short-key.pem -config short-config.json";
        place.call(&format!("rcfssl gencert {files} {more}")).unwrap()
    };
    for expiry in ["100h", "120h"] {
        let step = gencert(expiry, "-strict leaf.json").ok().unwrap();
        assert!(!step.err().contains("hint"), "{expiry}: {}", step.err());
    }
    let step = gencert("130h", "leaf.json").ok().unwrap();
    assert!(
        step.err().contains("hint: the certificate expires at"),
        "{}",
        step.err()
    );
    assert_eq!(gencert("130h", "-strict leaf.json").status, 1);
    let refused = gencert("130h", "missing.json");
    assert!(!refused.err().contains("expires"), "{}", refused.err());
    let refused = r#"{"CN": "leaf", "key": {"algo": "rsa", "size": 3}}"#;
    place.write("refused.json", refused).unwrap();
    let refused = gencert("130h", "refused.json");
    assert_eq!(refused.status, 1);
    assert!(!refused.err().contains("expires"), "{}", refused.err());
}

/// The key that a forgotten pipe prints.
#[test]
fn a_key_on_a_terminal_is_hinted_at() {
    needs!("script");
    let place = place();
    let on_terminal = |line: &str| place.shell(&format!("script -qec '{line}' /dev/null")).unwrap();
    let hint = "the private key goes to this terminal: add `| rcfssljson -bare NAME`";
    for command in [
        "genkey leaf.json",
        "gencert -initca root.json",
        "selfsign host leaf.json",
    ] {
        let step = on_terminal(&format!("rcfssl {command}"));
        assert_eq!(step.status, 0, "{step}");
        assert!(step.out().contains(hint), "{step}");
        let strict = on_terminal(&format!("rcfssl {} ", command.replacen(' ', " -strict ", 1)));
        assert_eq!(strict.status, 1, "{strict}");
        assert!(
            strict.out().contains(hint) && !strict.out().contains("PRIVATE"),
            "{strict}"
        );
    }
    let quiet = on_terminal("rcfssl genkey -loglevel 3 leaf.json");
    assert!(!quiet.out().contains("hint"), "{quiet}");
}

/// cfssl's message is followed by the file, the position, and the line with a mark.
#[test]
fn errors_in_documents_are_shown_with_their_position() {
    let place = place();
    place
        .write("bad.json", "{\n  \"CN\": \"leaf\"\n  \"hosts\": []\n}\n")
        .unwrap();
    for (line, text, shown) in [
        (
            "rcfssl genkey bad.json",
            "invalid character '\"' after object key:value pair",
            ["bad.json, line 3, column 3:", "    \"hosts\": []", "    ^"],
        ),
        (
            "rcfssl genkey - < bad.json",
            "invalid character '\"' after object key:value pair",
            ["standard input, line 3, column 3:", "    \"hosts\": []", "    ^"],
        ),
    ] {
        let step = place.shell(line).unwrap();
        assert_eq!((step.status, step.out().as_str()), (1, ""), "{line}");
        let err = step.err();
        let lines: Vec<&str> = err.lines().collect();
        assert!(lines[0].contains(text), "{err}");
        let hints = shown.map(|line| format!("hint: {line}"));
        assert_eq!(lines[1..], hints, "{err}");
    }
    // Of a long line only the part around the error is shown; rcfssljson does the same.
    let long = format!("{{\"CN\": \"{}\" x}}", "a b".repeat(100));
    place.write("long.json", long).unwrap();
    for line in ["rcfssl genkey long.json", "rcfssljson -bare -f long.json x"] {
        let step = place.call(line).unwrap();
        assert_eq!(step.status, 1);
        let err = step.err();
        let hints: Vec<&str> = err
            .lines()
            .filter_map(|line| line.strip_prefix("hint: "))
            .collect();
        assert_eq!(hints.len(), 3, "{err}");
        assert_eq!(hints[0], "long.json, line 1, column 311:");
        let mark = hints[2].chars().position(|c| c == '^').unwrap();
        assert_eq!(hints[1].chars().nth(mark), Some('x'), "{err}");
    }
}
