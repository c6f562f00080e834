//! `-metadata`: which platforms trust which roots, and the resulting most ubiquitous chain.

use rcfssl_tests::made::{Made, authority, good_for, server};
use serde_json::{Value, json};

use crate::{bundle, bundled, place, text};

/// An old and a new root, the new one cross-signed; a leaf under an intermediate of the new
/// one.
struct Crossed {
    old: Made,
    new: Made,
    new_by_old: Made,
    one: Made,
    leaf: Made,
}

fn crossed() -> Crossed {
    let old = Made::root("Old").unwrap();
    let new = Made::root("New").unwrap();
    let new_by_old = old.cross_sign(&new, |_| {}).unwrap();
    let one = new.sign(authority("One")).unwrap();
    let leaf = one.sign(server("leaf.example").unwrap()).unwrap();
    Crossed {
        old,
        new,
        new_by_old,
        one,
        leaf,
    }
}

impl Crossed {
    fn place(&self, metadata: &Value) -> rcfssl_tests::Workplace {
        let place = place(&[
            ("leaf.pem", &[&self.leaf]),
            ("roots.pem", &[&self.old, &self.new]),
            ("between.pem", &[&self.one, &self.new_by_old]),
            ("stores/old.pem", &[&self.old]),
            ("stores/new.pem", &[&self.new]),
            ("stores/both.pem", &[&self.old, &self.new]),
        ]);
        place.write("metadata.json", metadata.to_string()).unwrap();
        place
    }

    fn short(&self) -> String {
        text(&[&self.leaf, &self.one])
    }

    fn long(&self) -> String {
        text(&[&self.leaf, &self.one, &self.new_by_old])
    }
}

const ALL: &str = "-cert leaf.pem -ca-bundle roots.pem -int-bundle between.pem -metadata metadata.json";

fn platform(name: &str, weight: i64, store: &str) -> Value {
    json!({
        "name": name, "weight": weight, "hash_algo": "SHA2", "key_algo": "ECDSA256",
        "keystore": format!("stores/{store}.pem"),
    })
}

#[test]
fn the_chain_with_the_most_weight_is_chosen_and_other_platforms_are_reported() {
    let crossed = crossed();
    for (old, new, chain, root, untrusted) in [
        (10, 1, crossed.long(), &crossed.old, "Modern"),
        (1, 10, crossed.short(), &crossed.new, "Legacy"),
    ] {
        let place = crossed.place(&json!([
            platform("Legacy", old, "old"),
            platform("Modern", new, "new"),
            platform("Everybody", 5, "both"),
        ]));
        let json = bundled(&place, ALL);
        assert_eq!(
            (&json["bundle"], &json["root"]),
            (&json!(chain), &json!(text(&[root])))
        );
        assert_eq!(json["status"]["untrusted_root_stores"], json!([untrusted]));
        let told = format!("The bundle may not be trusted by the following platform(s): {untrusted}.");
        let messages = json["status"]["messages"].as_array().unwrap();
        assert!(messages.contains(&json!(told)), "{messages:?}");
        assert_eq!(json["status"]["code"], 2);
        // The optimal chain is the short one, whoever trusts it; the platforms that do not
        // are reported.
        let json = bundled(&place, &format!("{ALL} -flavor optimal"));
        assert_eq!(json["bundle"], crossed.short());
        let json = bundled(&place, &format!("{ALL} -flavor force"));
        assert_eq!(json["status"]["untrusted_root_stores"], Value::Null);
    }
}

#[test]
fn a_platform_must_support_the_chain() {
    let crossed = crossed();
    // This platform supports only RSA and does not count here, whatever its weight.
    let mut rsa = platform("RSA only", 1000, "old");
    rsa["key_algo"] = json!("RSA");
    let place = crossed.place(&json!([rsa, platform("Modern", 1, "new")]));
    let json = bundled(&place, ALL);
    assert_eq!(json["bundle"], crossed.short());
    assert_eq!(json["status"]["untrusted_root_stores"], json!(["RSA only"]));
}

#[test]
fn metadata_silences_the_warning_about_missing_metadata() {
    let crossed = crossed();
    let place = crossed.place(&json!([platform("Everybody", 1, "both")]));
    let step = bundle(&place, ALL);
    assert_eq!(
        step.log(),
        [
            "[INFO] Platform metadata is loaded: Everybody 2",
            "[INFO] bundling certificate for CN=leaf.example",
            "[INFO] the anchoring root is CN=New",
        ]
    );
    assert_eq!(step.json().unwrap()["status"]["untrusted_root_stores"], json!([]));
}

#[test]
fn of_equal_chains_the_later_expiry_wins() {
    let root = &Made::root("Root").unwrap();
    let one = &root.sign(authority("One")).unwrap();
    let longer = &root.cross_sign(one, |params| good_for(params, -1, 700)).unwrap();
    let leaf = &one.sign(server("leaf.example").unwrap()).unwrap();
    let place = place(&[
        ("leaf.pem", &[leaf]),
        ("root.pem", &[root]),
        ("both.pem", &[one, longer]),
    ]);
    for flavor in ["optimal", "ubiquitous"] {
        let arguments = format!("-cert leaf.pem -ca-bundle root.pem -int-bundle both.pem -flavor {flavor}");
        let chosen = &bundled(&place, &arguments)["bundle"];
        // In both chains the leaf expires first, and optimal compares nothing else.
        let any = [text(&[leaf, longer]), text(&[leaf, one])];
        let expected = if flavor == "optimal" { &any[..] } else { &any[..1] };
        assert!(expected.iter().any(|text| chosen == text), "{flavor}: {chosen}");
    }
}

#[test]
fn invalid_metadata_is_ignored() {
    let crossed = crossed();
    let good = platform("Everybody", 1, "both");
    let missing_store = json!([platform("Gone", 1, "gone")]);
    let mut no_digest = good.clone();
    no_digest["hash_algo"] = json!("MD5");
    let place = crossed.place(&json!([]));
    for text in [
        "".to_owned(),
        "{".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        json!([no_digest]).to_string(),
        missing_store.to_string(),
    ] {
        place.write("metadata.json", &text).unwrap();
        let step = bundle(&place, ALL);
        assert_eq!(step.status, 0, "{text}: {step}");
        let fallback = "[WARNING] No metadata, Ubiquitous falls back to Optimal.".to_owned();
        assert!(step.log().contains(&fallback), "{text}: {step}");
    }
    std::fs::remove_file(place.join("metadata.json")).unwrap();
    assert_eq!(bundle(&place, ALL).status, 0);
}
