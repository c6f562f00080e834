//! Which chains are found, and which one is chosen.

use rcfssl_tests::made::{Access, Made, access, authority, good_for, named, server};
use rcfssl_tests::openssl::in_folder;
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa};
use serde_json::json;

use crate::{bundle, bundled, place, put, refused, text};

/// Leaf, intermediates and root.
struct Line {
    root: Made,
    one: Made,
    two: Made,
}

fn line() -> Line {
    let root = Made::root("Root").unwrap();
    let one = root.sign(authority("One")).unwrap();
    let two = one.sign(authority("Two")).unwrap();
    Line { root, one, two }
}

#[test]
fn chains_of_two_to_four_certificates_are_found() {
    let Line { root, one, two } = &line();
    let of = |issuer: &Made| issuer.sign(server("leaf.example").unwrap()).unwrap();
    let (of_root, of_one, of_two) = (of(root), of(one), of(two));
    for (leaf, between) in [(&of_root, &[][..]), (&of_one, &[one][..]), (&of_two, &[two, one])] {
        let upwards: Vec<&Made> = [leaf].into_iter().chain(between.iter().copied()).collect();
        let turned: Vec<&Made> = upwards.iter().rev().copied().collect();
        let place = place(&[
            ("root.pem", &[root]),
            ("leaf.pem", &[leaf]),
            ("upwards.pem", &upwards),
            ("turned.pem", &turned),
            ("others.pem", &[one, two]),
        ]);
        for flavor in ["optimal", "ubiquitous", "nonsense"] {
            for cert in ["leaf.pem -int-bundle others.pem", "upwards.pem", "turned.pem"] {
                let json = bundled(
                    &place,
                    &format!("-flavor {flavor} -ca-bundle root.pem -cert {cert}"),
                );
                assert_eq!(json["bundle"], text(&upwards), "{flavor} {cert}");
                assert_eq!(json["root"], text(&[root]));
                assert_eq!(json["crt"], text(&[leaf]));
            }
        }
        // openssl verifies with the bundle alone.
        let chain = format!("{}\n", text(&upwards));
        place.write("chain.pem", chain).unwrap();
        let verify = [
            "verify",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "chain.pem",
            "leaf.pem",
        ];
        in_folder(&place.path(), &verify).unwrap();
    }
}

#[test]
fn a_certificate_that_is_trusted_itself_is_a_chain_of_one() {
    let Line { root, one, .. } = &line();
    let leaf = &root.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[("leaf.pem", &[leaf]), ("one.pem", &[one]), ("root.pem", &[root])]);
    // 1.6.5 crashes there, and 1.2.0 prints an empty bundle, so there is no comparison.
    for name in ["leaf", "one"] {
        let step = place
            .call(&format!("cfssl bundle -cert {name}.pem -ca-bundle {name}.pem"))
            .unwrap();
        assert_eq!((step.status, step.out().as_str()), (1, ""));
        assert_eq!(
            step.log().pop().unwrap(),
            "the certificate is itself one of the roots, so there is no chain to bundle"
        );
    }
    // A server that staples OCSP responses keeps the last certificate of a short chain.
    let mut params = server("leaf.example").unwrap();
    params.custom_extensions = vec![access(&[(Access::Ocsp, "http://ocsp.example/")])];
    let stapled = &root.sign(params).unwrap();
    put(&place, "stapled.pem", &[stapled]);
    for (roots, chain) in [("stapled", &[stapled][..]), ("root", &[stapled, root])] {
        let json = bundled(&place, &format!("-cert stapled.pem -ca-bundle {roots}.pem"));
        assert_eq!(json["bundle"], text(chain));
        assert_eq!(json["ocsp"], json!(["http://ocsp.example/"]));
        assert_eq!(json["ocsp_support"], true);
    }
    // A self-signed certificate is bundled only by force, even if it is trusted.
    assert_eq!(
        refused(&place, "-cert root.pem -ca-bundle root.pem"),
        r#"{"code":1100,"message":"Certificate is self signed"}"#
    );
    let forced = bundled(&place, "-cert root.pem -flavor force");
    assert_eq!(
        (&forced["bundle"], &forced["root"]),
        (&json!(text(&[root])), &json!(""))
    );
}

#[test]
fn force_keeps_the_input_if_each_is_signed_by_the_next() {
    let Line { root, one, two } = &line();
    let leaf = &two.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("leaf.pem", &[leaf]),
        ("chain.pem", &[leaf, two, one]),
        ("whole.pem", &[leaf, two, one, root]),
        ("reversed.pem", &[root, one, two, leaf]),
        ("gap.pem", &[leaf, one, root]),
        ("mixed.pem", &[leaf, one, two]),
    ]);
    for (file, chain) in [
        ("leaf", &[leaf][..]),
        ("chain", &[leaf, two, one]),
        ("whole", &[leaf, two, one, root]),
        ("reversed", &[leaf, two, one, root]),
    ] {
        let json = bundled(&place, &format!("-cert {file}.pem -flavor force"));
        assert_eq!(
            (&json["bundle"], &json["root"]),
            (&json!(text(chain)), &json!(""))
        );
        assert_eq!(json["status"]["rebundled"], false);
    }
    // Other files are not even opened.
    let json = bundled(
        &place,
        "-cert leaf.pem -flavor force -ca-bundle no -int-bundle no -int-dir none",
    );
    assert_eq!(json["bundle"], text(&[leaf]));
    for file in ["gap", "mixed"] {
        let why = refused(&place, &format!("-cert {file}.pem -flavor force"));
        assert!(why.starts_with(r#"{"code":1200,"#), "{why}");
    }
}

#[test]
fn a_cross_signed_root_gives_a_short_and_a_long_chain() {
    let old = &Made::root("Old").unwrap();
    let new = &Made::root("New").unwrap();
    let new_by_old = &old.cross_sign(new, |_| {}).unwrap();
    let old_by_new = &new.cross_sign(old, |_| {}).unwrap();
    let one = &new.sign(authority("One")).unwrap();
    let leaf = &one.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("leaf.pem", &[leaf]),
        ("old.pem", &[old]),
        ("new.pem", &[new]),
        ("both.pem", &[old, new]),
        ("between.pem", &[one, new_by_old, old_by_new]),
        ("long.pem", &[leaf, one, new_by_old]),
    ]);
    let short = [leaf, one];
    let long = [leaf, one, new_by_old];
    for flavor in ["optimal", "ubiquitous"] {
        for (roots, cert, chain, root) in [
            ("both", "leaf.pem -int-bundle between.pem", &short[..], new),
            ("new", "leaf.pem -int-bundle between.pem", &short, new),
            ("old", "leaf.pem -int-bundle between.pem", &long, old),
            ("old", "long.pem", &long, old),
        ] {
            let arguments = format!("-flavor {flavor} -ca-bundle {roots}.pem -cert {cert}");
            let json = bundled(&place, &arguments);
            assert_eq!(json["bundle"], text(chain), "{arguments}");
            assert_eq!(json["root"], text(&[root]), "{arguments}");
        }
    }
    // The bundle reports that the chain differs from the input.
    let json = bundled(&place, "-flavor optimal -ca-bundle both.pem -cert long.pem");
    assert_eq!(
        (&json["bundle"], &json["status"]["rebundled"]),
        (&json!(text(&short)), &json!(true))
    );
}

#[test]
fn an_expired_intermediate_is_skipped_if_there_is_another() {
    let root = &Made::root("Root").unwrap();
    let mut params = authority("One");
    good_for(&mut params, -20, -3);
    let gone = &root.sign(params).unwrap();
    let renewed = &root.cross_sign(gone, |params| good_for(params, -3, 300)).unwrap();
    let leaf = &gone.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("root.pem", &[root]),
        ("leaf.pem", &[leaf]),
        ("gone.pem", &[gone]),
        ("chain.pem", &[leaf, gone]),
        ("both.pem", &[gone, renewed]),
    ]);
    for flavor in ["optimal", "ubiquitous"] {
        let tail = format!("-ca-bundle root.pem -flavor {flavor}");
        let why = refused(&place, &format!("-cert leaf.pem -int-bundle gone.pem {tail}"));
        assert!(why.starts_with(r#"{"code":1211,"#), "{why}");
        let json = bundled(&place, &format!("-cert leaf.pem -int-bundle both.pem {tail}"));
        assert_eq!(json["bundle"], text(&[leaf, renewed]));
    }
    // The given intermediate is tried on its own and is invalid.
    let why = refused(&place, "-cert chain.pem -ca-bundle root.pem");
    assert!(why.starts_with(r#"{"code":12"#), "{why}");
}

#[test]
fn an_expired_or_not_yet_valid_leaf_is_refused() {
    let root = &Made::root("Root").unwrap();
    let leaf = |from, to| {
        let mut params = server("leaf.example").unwrap();
        good_for(&mut params, from, to);
        root.sign(params).unwrap()
    };
    let (gone, future) = (&leaf(-9, -1), &leaf(1, 9));
    let place = place(&[
        ("root.pem", &[root]),
        ("gone.pem", &[gone]),
        ("future.pem", &[future]),
    ]);
    for (name, relation) in [("gone", "is after"), ("future", "is before")] {
        let why = refused(&place, &format!("-cert {name}.pem -ca-bundle root.pem"));
        let start =
            r#"{"code":1211,"message":"x509: certificate has expired or is not yet valid: current time "#;
        assert!(why.starts_with(start) && why.contains(relation), "{why}");
        bundled(&place, &format!("-cert {name}.pem -flavor force"));
    }
}

#[test]
fn expiring_certificates_are_numbered_from_the_leaf() {
    let root = &Made::root("Root").unwrap();
    let soon = |mut params| {
        good_for(&mut params, -1, 20);
        params
    };
    let one = &root.sign(soon(authority("One"))).unwrap();
    let leaf = &one.sign(soon(server("leaf.example").unwrap())).unwrap();
    let long = &one.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("root.pem", &[root]),
        ("one.pem", &[one]),
        ("leaf.pem", &[leaf]),
        ("long.pem", &[long]),
    ]);
    for (name, words, count) in [
        (
            "leaf",
            "The bundle is expiring within 30 days.The expiring certs are #1 #2 in the chain.",
            2,
        ),
        (
            "long",
            "The bundle is expiring within 30 days.The expiring cert is #2 in the chain.",
            1,
        ),
    ] {
        let json = bundled(
            &place,
            &format!("-cert {name}.pem -int-bundle one.pem -ca-bundle root.pem"),
        );
        let status = &json["status"];
        assert_eq!(status["code"], 3, "{status}");
        assert_eq!(status["expiring_SKIs"].as_array().unwrap().len(), count);
        let messages: Vec<&str> = status["messages"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|message| message.as_str())
            .collect();
        assert!(messages.contains(&words), "{messages:?}");
        // The bundle expires with its first certificate.
        let end = one
            .params
            .not_after
            .format(&time::format_description::well_known::Rfc3339);
        assert_eq!(json["expires"], end.unwrap());
    }
}

#[test]
fn leaf_expires_is_the_leafs_expiry() {
    // 1.2.0 does not include this, so there is no comparison.
    let Line { root, .. } = &line();
    let mut params = server("leaf.example").unwrap();
    good_for(&mut params, -1, 100);
    let leaf = &root.sign(params).unwrap();
    let place = place(&[("root.pem", &[root]), ("leaf.pem", &[leaf])]);
    let json = place
        .call("cfssl bundle -cert leaf.pem -ca-bundle root.pem")
        .unwrap()
        .json()
        .unwrap();
    let end = leaf
        .params
        .not_after
        .format(&time::format_description::well_known::Rfc3339);
    assert_eq!(json["leaf_expires"], end.unwrap());
}

#[test]
fn cas_that_may_not_sign_give_no_chain() {
    let root = &Made::root("Root").unwrap();
    let mut narrow = authority("Narrow");
    narrow.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let narrow = &root.sign(narrow).unwrap();
    let below = &narrow.sign(authority("Below")).unwrap();
    let too_deep = &below.sign(server("leaf.example").unwrap()).unwrap();
    let no_authority = &root.sign(named("Nobody")).unwrap();
    let by_nobody = &no_authority.sign(server("leaf.example").unwrap()).unwrap();
    let stranger = &Made::root("Root").unwrap();
    let place = place(&[
        ("root.pem", &[root]),
        ("stranger.pem", &[stranger]),
        ("too-deep.pem", &[too_deep]),
        ("narrow.pem", &[narrow, below]),
        ("by-nobody.pem", &[by_nobody]),
        ("nobody.pem", &[no_authority]),
        ("one.pem", &[&root.sign(server("leaf.example").unwrap()).unwrap()]),
    ]);
    for (arguments, code) in [
        (
            "-cert too-deep.pem -int-bundle narrow.pem -ca-bundle root.pem",
            1213,
        ),
        (
            "-cert by-nobody.pem -int-bundle nobody.pem -ca-bundle root.pem",
            1220,
        ),
        ("-cert one.pem -ca-bundle stranger.pem", 1220),
        ("-cert too-deep.pem -ca-bundle root.pem", 1220),
    ] {
        let why = refused(&place, arguments);
        assert!(
            why.starts_with(&format!(r#"{{"code":{code},"#)),
            "{arguments}: {why}"
        );
    }
}

#[test]
fn any_usage_is_accepted_where_1_2_0_requires_servers() {
    let root = &Made::root("Root").unwrap();
    let mut params = server("client.example").unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let client = &root.sign(params).unwrap();
    let mut params = server("server.example").unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let for_servers = &root.sign(params).unwrap();
    let place = place(&[
        ("root.pem", &[root]),
        ("client.pem", &[client]),
        ("server.pem", &[for_servers]),
    ]);
    bundled(&place, "-cert server.pem -ca-bundle root.pem");
    let json = place
        .call("cfssl bundle -cert client.pem -ca-bundle root.pem")
        .unwrap();
    assert_eq!(json.ok().unwrap().json().unwrap()["bundle"], text(&[client]));
}

#[test]
fn keys_are_described_and_must_match() {
    let root = &Made::root("Root").unwrap();
    let params = || server("leaf.example").unwrap();
    let place = place(&[("root.pem", &[root])]);
    for (algorithm, kind, size) in [
        (&rcgen::PKCS_ECDSA_P256_SHA256, "256-bit ECDSA", 256),
        (&rcgen::PKCS_ECDSA_P384_SHA384, "384-bit ECDSA", 384),
        (&rcgen::PKCS_ECDSA_P521_SHA512, "521-bit ECDSA", 521),
        (&rcgen::PKCS_RSA_SHA256, "2048-bit RSA", 2048),
    ] {
        let leaf = &root.sign_for(params(), algorithm).unwrap();
        put(&place, "leaf.pem", &[leaf]);
        place.write("key.pem", leaf.key_pem()).unwrap();
        let json = bundled(&place, "-cert leaf.pem -key key.pem -ca-bundle root.pem");
        assert_eq!(
            (&json["key_type"], &json["key_size"]),
            (&json!(kind), &json!(size))
        );
        let label = if size == 2048 { "RSA" } else { "EC" };
        let start = format!("-----BEGIN {label} PRIVATE KEY-----\n");
        assert!(json["key"].as_str().unwrap().starts_with(&start));
        place.write("other.pem", root.key_pem()).unwrap();
        let why = refused(&place, "-cert leaf.pem -key other.pem -ca-bundle root.pem");
        assert!(why.starts_with(r#"{"code":2300,"#), "{why}");
    }
}

#[test]
fn a_bundle_is_one_line_and_is_logged() {
    let Line { root, one, .. } = &line();
    let leaf = &one.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[("root.pem", &[root]), ("int.pem", &[one]), ("leaf.pem", &[leaf])]);
    let step = bundle(&place, "-cert leaf.pem -ca-bundle root.pem -int-bundle int.pem");
    assert!(!step.out().contains('\n') && step.out().starts_with(r#"{"bundle":"-----BEGIN"#));
    assert_eq!(
        step.log(),
        [
            "[INFO] bundling certificate for CN=leaf.example",
            "[WARNING] No metadata, Ubiquitous falls back to Optimal.",
            "[INFO] the anchoring root is CN=Root",
        ]
    );
}
