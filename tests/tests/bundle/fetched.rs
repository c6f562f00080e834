//! Missing issuers: fetched from the URLs in certificates, and saved in the folder of
//! `-int-dir`.

use std::fs;

use rcfssl_tests::Workplace;
use rcfssl_tests::made::{Access, Made, access, authority, server};
use rcfssl_tests::servers::Web;
use rcgen::CertificateParams;

use crate::{bundle, bundled, place, put, refused, text};

fn found_at(mut params: CertificateParams, urls: &[&str]) -> CertificateParams {
    let locations: Vec<_> = urls.iter().map(|url| (Access::Issuers, *url)).collect();
    params.custom_extensions = vec![access(&locations)];
    params
}

/// A leaf under a root and an intermediate that is available only at `/int`.
struct Far {
    web: Web,
    root: Made,
    int: Made,
    leaf: Made,
    place: Workplace,
}

fn far() -> Far {
    let web = Web::open().unwrap();
    let root = Made::root("Root").unwrap();
    let int = root.sign(authority("Int. One")).unwrap();
    let leaf = leaf(&int, &[&web.url("/int")]);
    let place = place(&[("root.pem", &[&root]), ("leaf.pem", &[&leaf])]);
    Far {
        web,
        root,
        int,
        leaf,
        place,
    }
}

fn leaf(issuer: &Made, urls: &[&str]) -> Made {
    let params = found_at(server("far.example").unwrap(), urls);
    issuer.sign(params).unwrap()
}

const FAR: &str = "-cert leaf.pem -ca-bundle root.pem";

#[test]
fn an_issuer_is_fetched_in_either_format_and_saved() {
    let far = far();
    let why = refused(&far.place, FAR);
    assert_eq!(
        why,
        r#"{"code":1220,"message":"x509: certificate signed by unknown authority"}"#
    );
    for page in [far.int.der.clone(), far.int.pem().into_bytes()] {
        far.web.put("/int", page);
        for flavor in ["optimal", "ubiquitous"] {
            let json = bundled(&far.place, &format!("{FAR} -flavor {flavor} -int-dir kept"));
            assert_eq!(json["bundle"], text(&[&far.leaf, &far.int]));
            assert_eq!(json["root"], text(&[&far.root]));
            let kept: Vec<_> = fs::read_dir(far.place.join("kept")).unwrap().flatten().collect();
            let name = kept[0].file_name().into_string().unwrap();
            assert!(name.starts_with("IntOne_") && name.ends_with(".crt"), "{name}");
            assert_eq!(kept.len(), 1);
            assert_eq!(fs::read_to_string(kept[0].path()).unwrap(), far.int.pem());
        }
    }
}

#[test]
fn issuers_are_followed_to_the_root() {
    let web = Web::open().unwrap();
    let root = &Made::root("Root").unwrap();
    let one = &root
        .sign(found_at(authority("One"), &[&web.url("/root")]))
        .unwrap();
    let two = &one
        .sign(found_at(
            authority("Two"),
            &[
                "ldap://directory.invalid/x",
                &web.url("/nothing"),
                &web.url("/one"),
            ],
        ))
        .unwrap();
    let leaf = &leaf(two, &[&web.url("/junk"), &web.url("/two")]);
    for (path, made) in [("/root", root), ("/one", one), ("/two", two)] {
        web.put(path, made.der.clone());
    }
    web.put("/junk", "<html>");
    let place = place(&[("root.pem", &[root]), ("leaf.pem", &[leaf])]);
    let json = bundled(&place, &format!("{FAR} -int-dir kept"));
    assert_eq!(json["bundle"], text(&[leaf, two, one]));
    assert_eq!(fs::read_dir(place.join("kept")).unwrap().count(), 2);
    // Part of the chain may be in the file.
    put(&place, "two.pem", &[two]);
    let json = bundled(&place, &format!("{FAR} -int-bundle two.pem"));
    assert_eq!(json["bundle"], text(&[leaf, two, one]));
    put(&place, "both.pem", &[leaf, two]);
    let json = bundled(&place, "-cert both.pem -ca-bundle root.pem");
    assert_eq!(json["bundle"], text(&[leaf, two, one]));
}

#[test]
fn nothing_is_fetched_if_the_input_suffices() {
    let far = far();
    put(&far.place, "int.pem", &[&far.int]);
    put(&far.place, "chain.pem", &[&far.leaf, &far.int]);
    // cfssl asks for the chain; the result is the same.
    bundled(&far.place, &format!("{FAR} -int-bundle int.pem"));
    bundled(&far.place, "-cert chain.pem -ca-bundle root.pem");
    far.web.asked();
    for arguments in [
        "-cert leaf.pem -int-bundle int.pem -ca-bundle root.pem",
        "-cert chain.pem -ca-bundle root.pem",
        "-cert leaf.pem -flavor force",
    ] {
        let step = far.place.call(&format!("cfssl bundle {arguments}")).unwrap();
        assert_eq!((step.status, far.web.asked()), (0, vec![]), "{step}");
    }
}

#[test]
fn redirects_are_followed() {
    let far = far();
    far.web.redirect("/int", &far.web.url("/elsewhere"));
    far.web.put("/elsewhere", far.int.der.clone());
    assert_eq!(bundled(&far.place, FAR)["bundle"], text(&[&far.leaf, &far.int]));
    far.web.redirect("/int", &far.web.url("/int"));
    refused(&far.place, FAR);
}

#[test]
fn a_redirect_may_lead_to_https() {
    let mut far = far();
    let site = far.root.sign(server("site.example").unwrap()).unwrap();
    let secure = far.web.open_tls(&[&site]).unwrap();
    far.web.redirect("/int", &secure("/over-tls"));
    far.web.put("/over-tls", far.int.der.clone());
    // The server's certificate is verified.
    let step = far
        .place
        .call(&format!("cfssl bundle {FAR} -loglevel 0"))
        .unwrap();
    let why = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    assert!(step.status == 1 && step.err().contains(why), "{step}");
    assert_eq!(far.web.asked(), ["/int"]);
    far.place.set("SSL_CERT_FILE", "root.pem");
    let step = far.place.call(&format!("cfssl bundle {FAR}")).unwrap();
    let json = step.ok().unwrap().json().unwrap();
    assert_eq!(json["bundle"], text(&[&far.leaf, &far.int]));
    assert_eq!(far.web.asked(), ["/int", "/over-tls"]);
    // Redirected back to plain HTTP: the certificate's own signature is what counts.
    far.web.redirect("/over-tls", &far.web.url("/plain"));
    far.web.put("/plain", far.int.der.clone());
    let step = far.place.call(&format!("cfssl bundle {FAR}")).unwrap();
    assert_eq!(step.status, 0, "{step}");
}

#[test]
fn a_proxy_from_the_environment_is_used() {
    let mut far = far();
    let leaf = leaf(&far.int, &["http://issuer.invalid/int"]);
    put(&far.place, "leaf.pem", &[&leaf]);
    let proxy = far.web.url("");
    far.place.set("http_proxy", &proxy);
    // Go does not use a tunnel here, so there is no comparison.
    let line = format!("cfssl bundle {FAR}");
    let step = far.place.call(&line).unwrap();
    let hint = "hint: Get \"http://issuer.invalid/int\": the proxy refused a tunnel (CONNECT): ";
    assert!(step.status == 1 && step.err().contains(hint), "{step}");
    far.web.tunnel("issuer.invalid:80");
    far.web.put("/int", far.int.der.clone());
    let json = far.place.call(&line).unwrap().ok().unwrap().json().unwrap();
    assert_eq!(json["bundle"], text(&[&leaf, &far.int]));
    assert_eq!(
        far.web.asked(),
        ["issuer.invalid:80", "issuer.invalid:80", "/int"]
    );
}

#[test]
fn a_dead_end_is_an_unknown_authority() {
    let far = far();
    let stranger = Made::root("Int. One").unwrap();
    for page in [
        b"".to_vec(),
        b"no certificate".to_vec(),
        far.leaf.der.clone(),
        stranger.der.clone(),
        (far.int.pem() + &far.int.pem()).into_bytes(),
        [far.int.der.clone(), b"trailing".to_vec()].concat(),
    ] {
        far.web.put("/int", page);
        let why = refused(&far.place, FAR);
        assert!(why.starts_with(r#"{"code":1220,"#), "{why}");
    }
    // Two certificates that name each other as issuer.
    let web = &far.web;
    let one = far
        .root
        .sign(found_at(authority("One"), &[&web.url("/two")]))
        .unwrap();
    let two = one.sign(found_at(authority("Two"), &[&web.url("/one")])).unwrap();
    web.put("/one", two.der.clone());
    web.put("/two", one.der.clone());
    put(&far.place, "leaf.pem", &[&leaf(&one, &[&web.url("/one")])]);
    refused(&far.place, FAR);
}

#[test]
fn the_number_of_fetches_is_limited() {
    let far = far();
    let urls: Vec<String> = (0..200)
        .map(|number| far.web.url(&format!("/{number}")))
        .collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    put(&far.place, "leaf.pem", &[&leaf(&far.int, &urls)]);
    let step = far.place.call(&format!("cfssl bundle {FAR}")).unwrap();
    assert_eq!((step.status, far.web.asked().len()), (1, 8), "{step}");
}

#[test]
fn given_intermediates_are_saved() {
    let root = &Made::root("Root").unwrap();
    let int = &root.sign(authority("../Int. One")).unwrap();
    let leaf = &int.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[("root.pem", &[root]), ("chain.pem", &[leaf, int])]);
    let step = place
        .call("cfssl bundle -cert chain.pem -ca-bundle root.pem -int-dir a/b")
        .unwrap();
    let log = step.log();
    assert_eq!(
        log[..2],
        [
            "[INFO] intermediate stash directory a/b doesn't exist, creating",
            "[INFO] intermediate stash directory a/b created"
        ]
    );
    // The name in the certificate cannot lead to another folder.
    let kept: Vec<_> = fs::read_dir(place.join("a/b")).unwrap().flatten().collect();
    let name = kept[0].file_name().into_string().unwrap();
    assert!(kept.len() == 1 && name.starts_with("_IntOne_"), "{name}");
    assert_eq!(log[3], format!("[INFO] stashed new intermediate {name}"));
    let harmless = &root.sign(authority("Int. One")).unwrap();
    let leaf = &harmless.sign(server("leaf.example").unwrap()).unwrap();
    put(&place, "chain.pem", &[leaf, harmless]);
    let step = bundle(&place, "-cert chain.pem -ca-bundle root.pem -int-dir a/b");
    assert_eq!(step.status, 0, "{step}");
}

#[test]
fn a_read_only_folder_does_not_matter() {
    let far = far();
    far.web.put("/int", far.int.der.clone());
    far.place.write("file", "").unwrap();
    // A file in place of the folder is reported and otherwise ignored.
    let step = bundle(&far.place, &format!("{FAR} -int-dir file"));
    assert_eq!(step.status, 0, "{step}");
    assert!(
        step.err().contains("[ERROR] failed to write new intermediate: "),
        "{step}"
    );
    let step = bundle(&far.place, &format!("{FAR} -int-dir file/below"));
    assert_eq!(step.status, 0, "{step}");
}
