//! `rcfssljson -p12`: openssl, Java and rcfssl can read its output.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use rcfssl_tests::made::{Made, authority, pem, server};
use rcfssl_tests::openssl::in_folder;
use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, needs};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse";

/// A workplace with a CA and a password file.
fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    place.write("pw", format!("{PASSWORD}\n")).unwrap();
    place
        .write("ca.json", r#"{"CN":"Root","key":{"algo":"ecdsa","size":256}}"#)
        .unwrap();
    run(&place, "rcfssl gencert -initca ca.json | rcfssljson -bare ca");
    place
}

fn run(place: &Workplace, line: &str) -> Step {
    place.shell(line).unwrap().ok().unwrap()
}

/// A request document.
fn request(algorithm: &str, size: u32) -> String {
    json!({ "CN": "leaf", "hosts": ["leaf.example"], "key": { "algo": algorithm, "size": size } }).to_string()
}

/// A leaf with its key, as `leaf.json`, and unpacked to `leaf.pem` and so on.
fn issue(place: &Workplace, algorithm: &str, size: u32) {
    place.write("request.json", request(algorithm, size)).unwrap();
    run(
        place,
        "rcfssl gencert -ca ca.pem -ca-key ca-key.pem request.json > leaf.json",
    );
}

/// openssl's output for a file, with further arguments.
fn openssl(
    place: &Workplace,
    file: &str,
    password: &str,
    arguments: &[&str],
) -> rcfssl_tests::Result<String> {
    let password = format!("pass:{password}");
    let fixed = ["pkcs12", "-in", file, "-passin", &password];
    in_folder(&place.path(), &[&fixed[..], arguments].concat())
}

/// The output of `keytool -list -v`.
fn keytool(place: &Workplace, file: &str, password: &str) -> Step {
    let line = format!("keytool -J-Duser.language=en -list -v -keystore {file} -storepass '{password}' 2>&1");
    place.shell(&line).unwrap()
}

/// The public half of a private key, from openssl.
fn public(place: &Workplace, key: &str) -> String {
    in_folder(&place.path(), &["pkey", "-in", key, "-pubout"]).unwrap()
}

#[test]
fn keys_of_every_kind_are_packed() {
    let place = place();
    for (algorithm, size) in [
        ("rsa", 2048),
        ("rsa", 3072),
        ("ecdsa", 256),
        ("ecdsa", 384),
        ("ecdsa", 521),
        ("ed25519", 0),
    ] {
        issue(&place, algorithm, size);
        for format in ["traditional", "pkcs8"] {
            run(
                &place,
                &format!(
                    "rcfssl gencert -key-format {format} -ca ca.pem -ca-key ca-key.pem request.json | \
                     rcfssljson -bare -p12 pw leaf"
                ),
            );
            let key = openssl(&place, "leaf.p12", PASSWORD, &["-nocerts", "-noenc"]).unwrap();
            place.write("key-again.pem", key).unwrap();
            // openssl does not know cfssl's own label for Ed25519 keys.
            let key = place.read("leaf-key.pem").unwrap();
            place.write("leaf-key.pem", key.replace("Ed25519 ", "")).unwrap();
            assert_eq!(
                public(&place, "key-again.pem"),
                public(&place, "leaf-key.pem"),
                "{algorithm} {format}"
            );
            let certificate = openssl(&place, "leaf.p12", PASSWORD, &["-nokeys"]).unwrap();
            let text = place.read("leaf.pem").unwrap();
            assert!(certificate.contains(text.trim_end()), "{algorithm} {format}");
            // rcfssl reads it, too.
            let line = format!("rcfssl bundle -flavor force -cert leaf.p12 -password '{PASSWORD}'");
            let bundle = run(&place, &line).json().unwrap();
            assert_eq!(bundle["crt"], text.trim_end(), "{algorithm} {format}");
            assert_ne!(bundle["key"], "");
        }
    }
}

#[test]
fn the_algorithms_are_modern() {
    let place = place();
    issue(&place, "ecdsa", 256);
    run(
        &place,
        "mkdir out; umask 0; rcfssljson -bare -p12 pw -f leaf.json out/leaf",
    );
    let told = place
        .shell(&format!(
            "openssl pkcs12 -in out/leaf.p12 -passin 'pass:{PASSWORD}' -info -noout 2>&1"
        ))
        .unwrap()
        .out();
    for line in [
        "MAC: sha256, Iteration 262144",
        "MAC length: 32, salt length: 16",
        "PKCS7 Encrypted data: PBES2, PBKDF2, AES-256-CBC, Iteration 131072, PRF hmacWithSHA256",
        "Shrouded Keybag: PBES2, PBKDF2, AES-256-CBC, Iteration 131072, PRF hmacWithSHA256",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let bags = openssl(&place, "out/leaf.p12", PASSWORD, &["-noenc"]).unwrap();
    // The name of the file, for the key and for its certificate.
    assert_eq!(bags.matches("friendlyName: leaf\n").count(), 2, "{bags}");
    assert_eq!(bags.matches("localKeyID: 01").count(), 2, "{bags}");
    let file = &place.tree().unwrap().files["out/leaf.p12"];
    assert_eq!(file.permissions, 0o600);
    // Each time with a new salt.
    run(&place, "rcfssljson -bare -p12 pw -f leaf.json again");
    assert_ne!(place.tree().unwrap().files["again.p12"].bytes, file.bytes);
}

#[test]
fn java_reads_it_and_signs_with_the_key() {
    needs!("keytool");
    let place = place();
    for (algorithm, size) in [("rsa", 2048), ("ecdsa", 256), ("ecdsa", 384), ("ed25519", 0)] {
        issue(&place, algorithm, size);
        run(&place, "rcfssljson -bare -p12 pw -f leaf.json leaf");
        let listed = keytool(&place, "leaf.p12", PASSWORD);
        assert_eq!(listed.status, 0, "{algorithm} {listed}");
        for line in [
            "Your keystore contains 1 entry",
            "Alias name: leaf\n",
            "Entry type: PrivateKeyEntry",
            "Certificate chain length: 1",
            "Owner: CN=leaf\n",
        ] {
            assert!(listed.out().contains(line), "{algorithm} {line}: {listed}");
        }
        run(
            &place,
            &format!(
                "keytool -certreq -keystore leaf.p12 -storepass '{PASSWORD}' -alias leaf -file java.csr 2>&1"
            ),
        );
        in_folder(&place.path(), &["req", "-in", "java.csr", "-verify", "-noout"]).unwrap();
    }
    let refused = keytool(&place, "leaf.p12", "wrong password");
    assert!(
        refused.status != 0 && refused.out().contains("password was incorrect"),
        "{refused}"
    );
}

#[test]
fn a_wrong_password_is_refused() {
    let place = place();
    issue(&place, "ecdsa", 256);
    run(&place, "rcfssljson -bare -p12 pw -f leaf.json leaf");
    for wrong in ["", "Correct horse", "correct horse ", "correct horse\n"] {
        assert!(
            openssl(&place, "leaf.p12", wrong, &["-noenc"]).is_err(),
            "{wrong:?}"
        );
    }
    let step = place
        .shell("rcfssl bundle -flavor force -cert leaf.p12 -password wrong")
        .unwrap();
    assert_eq!(step.status, 1, "{step}");
}

/// Root, two intermediates and a leaf with its key, and the output of `bundle`.
fn bundle(place: &Workplace) -> ([Made; 4], Value) {
    let root = Made::root("Top").unwrap();
    let one = root.sign(authority("One")).unwrap();
    let two = one.sign(authority("Two")).unwrap();
    let leaf = two.sign(server("leaf.example").unwrap()).unwrap();
    place.write("top.pem", root.pem()).unwrap();
    place
        .write("chain.pem", leaf.pem() + &two.pem() + &one.pem())
        .unwrap();
    place.write("key.pem", leaf.key_pem()).unwrap();
    let step = run(
        place,
        "rcfssl bundle -cert chain.pem -key key.pem -ca-bundle top.pem | tee bundle.json",
    );
    ([root, one, two, leaf], step.json().unwrap())
}

#[test]
fn the_chain_of_a_bundle_is_included() {
    let place = place();
    let ([_, one, two, leaf], document) = bundle(&place);
    run(&place, "rcfssljson -bare -p12 pw -f bundle.json bare");
    // The API's response with a new certificate and its bundle.
    let answer = json!({ "success": true, "errors": [], "messages": [], "result": {
        "certificate": leaf.pem(),
        "private_key": leaf.key_pem(),
        "certificate_request": "",
        "result": { "bundle": document },
    }});
    place.write("answer.json", answer.to_string()).unwrap();
    run(&place, "rcfssljson -p12 pw -f answer.json api");
    for file in ["bare.p12", "api.p12"] {
        let certificates = openssl(&place, file, PASSWORD, &["-nokeys"]).unwrap();
        let at: Vec<usize> = [&leaf, &two, &one]
            .map(|made| certificates.find(made.pem().trim_end()).unwrap())
            .to_vec();
        assert!(at.is_sorted(), "{file}: {at:?}");
        // Each once, without the root.
        assert_eq!(certificates.matches("BEGIN CERTIFICATE").count(), 3, "{file}");
        assert_eq!(certificates.matches("friendlyName").count(), 1, "{file}");
    }
    assert!(place.read("api-bundle.pem").unwrap().starts_with(&leaf.pem()));
    needs!("keytool");
    for (file, alias) in [("bare.p12", "bare"), ("api.p12", "api")] {
        let listed = keytool(&place, file, PASSWORD).out();
        assert!(listed.contains("Certificate chain length: 3"), "{listed}");
        assert!(listed.contains(&format!("Alias name: {alias}\n")), "{listed}");
        let last = listed.split("Certificate[3]:").nth(1).unwrap();
        assert!(
            last.contains("Owner: CN=One") && last.contains("Issuer: CN=Top"),
            "{last}"
        );
    }
}

#[test]
fn missing_input_is_reported_before_anything_is_written() {
    let place = place();
    issue(&place, "ecdsa", 256);
    let whole: Value = serde_json::from_str(&place.read("leaf.json").unwrap()).unwrap();
    let with = |changes: Value| {
        let mut document = whole.clone();
        let changes = changes.as_object().unwrap().clone();
        document.as_object_mut().unwrap().extend(changes);
        document
    };
    let without = |key: &str| {
        let mut document = whole.clone();
        document.as_object_mut().unwrap().remove(key);
        document
    };
    let other = Made::root("Other").unwrap();
    let encrypted = in_folder(
        &place.path(),
        &["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x"],
    )
    .unwrap();
    let lacks = "-p12 needs a private key and a certificate: the input has no";
    let unreadable = "-p12 cannot read the private key of the input:";
    let unpacked = "-p12 cannot pack the input:";
    for (document, told) in [
        (without("key"), format!("{lacks} private key")),
        (with(json!({"key": ""})), format!("{lacks} private key")),
        (without("cert"), format!("{lacks} certificate")),
        (with(json!({"cert": ""})), format!("{lacks} certificate")),
        (with(json!({"cert": "no PEM"})), format!("{lacks} certificate")),
        (json!({}), format!("{lacks} private key")),
        (
            with(json!({"key": "no PEM"})),
            format!(r#"{unreadable} {{"code":2002,"message":"Failed to decode private key"}}"#),
        ),
        (
            with(json!({"key": pem("PRIVATE KEY", b"junk")})),
            format!(r#"{unreadable} {{"code":2003,"message":"Failed to parse private key"}}"#),
        ),
        (
            with(json!({ "key": encrypted })),
            format!(r#"{unreadable} {{"code":2100,"message":"Private key is encrypted."}}"#),
        ),
        (
            with(json!({"cert": pem("CERTIFICATE", b"junk")})),
            format!("{unpacked} it contains something that is not a certificate"),
        ),
        (
            with(json!({"cert": other.pem()})),
            format!("{unpacked} its private key does not match its certificate"),
        ),
        (
            with(json!({"cert": 5})),
            r#"Failed to parse input: "cert" must be a string, not number"#.to_owned(),
        ),
    ] {
        place.write("in.json", document.to_string()).unwrap();
        let step = place.call("rcfssljson -bare -p12 pw -f in.json x").unwrap();
        assert_eq!(
            (step.status, step.err().trim_end()),
            (1, told.as_str()),
            "{document}"
        );
        let left = place.tree().unwrap();
        assert!(!left.files.keys().any(|name| name.starts_with('x')), "{told}");
    }
    // Without the flag, the same inputs are unpacked as usual.
    place.write("in.json", without("key").to_string()).unwrap();
    run(&place, "rcfssljson -bare -f in.json x");
    assert!(place.join("x.pem").exists() && !place.join("x.p12").exists());
}

#[test]
fn the_password_is_the_first_line_of_its_file() {
    let place = place();
    issue(&place, "ecdsa", 256);
    for (file, password) in [
        ("secret", "secret"),
        ("secret\n", "secret"),
        ("secret\r\n", "secret"),
        ("secret\nnot this\n", "secret"),
        (" sp ace \n", " sp ace "),
        ("pässwörd\n", "pässwörd"),
    ] {
        place.write("pw", file).unwrap();
        run(&place, "rcfssljson -bare -p12 pw -f leaf.json x");
        openssl(&place, "x.p12", password, &["-noenc"]).unwrap_or_else(|error| panic!("{file:?}: {error}"));
    }
    // The password need not be in a regular file.
    run(&place, "rcfssljson -bare -p12 <(printf secret) -f leaf.json x");
    openssl(&place, "x.p12", "secret", &["-noenc"]).unwrap();
}

#[test]
fn an_invalid_password_file_is_reported_without_the_password() {
    let place = place();
    issue(&place, "ecdsa", 256);
    place.write("empty", "").unwrap();
    place.write("blank", "\nsecret\n").unwrap();
    place.write("latin1", b"secret\xe4\n").unwrap();
    for (file, told) in [
        ("no", "open no: no such file or directory"),
        (".", "read .: is a directory"),
        ("empty", "the first line of empty is empty"),
        ("blank", "the first line of blank is empty"),
        ("latin1", "the first line of latin1 is not UTF-8"),
    ] {
        let step = place
            .call(&format!("rcfssljson -bare -p12 {file} -f leaf.json x"))
            .unwrap();
        assert_eq!(step.status, 1, "{step}");
        assert_eq!(step.err(), format!("Failed to read password: {told}\n"));
        assert!(!place.join("x.pem").exists(), "{file}");
    }
}

#[test]
fn with_stdout_it_is_printed_as_base64_and_no_file_is_written() {
    let place = place();
    issue(&place, "ecdsa", 256);
    let before = place.tree().unwrap();
    let step = run(&place, "rcfssljson -bare -stdout -p12 pw -f leaf.json x");
    assert_eq!(place.tree().unwrap(), before);
    let last = step.out().lines().last().unwrap().to_owned();
    place.write("x.b64", last + "\n").unwrap();
    run(&place, "base64 -d x.b64 > x.p12");
    openssl(&place, "x.p12", PASSWORD, &["-noenc"]).unwrap();
}

#[test]
fn the_file_is_written_like_the_others() {
    let place = place();
    issue(&place, "ecdsa", 256);
    // The default name is cert.
    run(&place, "rcfssljson -bare -p12 pw -f leaf.json");
    let bags = openssl(&place, "cert.p12", PASSWORD, &["-noenc"]).unwrap();
    assert_eq!(bags.matches("friendlyName: cert\n").count(), 2);
    // An existing file keeps its mode, with a hint if others can read it.
    let step = run(
        &place,
        "touch x.p12; chmod 640 x.p12; rcfssljson -bare -p12 pw -f leaf.json x",
    );
    let hint = "hint: x.p12 holds a private key and kept its mode 0640, which lets others read it";
    assert!(step.err().contains(hint), "{step}");
    assert_eq!(place.tree().unwrap().files["x.p12"].permissions, 0o640);
    // It is written last: the other files stay if it cannot be written.
    let step = place
        .shell("mkdir y.p12; rcfssljson -bare -p12 pw -f leaf.json y")
        .unwrap();
    assert_eq!(
        (step.status, step.err().as_str()),
        (1, "open y.p12: is a directory\n")
    );
    assert!(place.join("y.pem").exists() && place.join("y-key.pem").exists());
}

#[test]
fn the_flag_is_rcfssljsons_alone() {
    let place = place();
    let help = place.call("rcfssljson -h").unwrap();
    assert!(
        help.status == 0 && help.err().contains("-p12 PASSWORDFILE\n"),
        "{help}"
    );
    for line in [
        "rcfssl gencert -p12 pw ca.json",
        "rcfssl bundle -p12 pw -cert ca.pem",
    ] {
        let step = place.call(line).unwrap();
        let told = "flag provided but not defined: -p12\n";
        assert!(step.status == 2 && step.err().ends_with(told), "{step}");
    }
}
