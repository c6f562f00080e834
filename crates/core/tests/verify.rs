//! Certification paths: which ones are found, and why others are rejected.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod made;

use std::sync::Arc;

use made::{Made, NOW, ca_params, leaf_params, params};
use rcfssl_core::verify::{Path, Pool, Purpose, Verifier, check_host};
use rcgen::{
    BasicConstraints, CidrSubnet, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    KeyUsagePurpose, NameConstraints, SanType,
};
use time::Duration;

fn pool(certificates: &[&Made]) -> Pool {
    certificates.iter().map(|m| Arc::clone(&m.certificate)).collect()
}

fn paths_for(
    purpose: Purpose,
    leaf: &Made,
    roots: &[&Made],
    intermediates: &[&Made],
) -> Result<Vec<Path>, String> {
    let verifier = Verifier {
        roots: &pool(roots),
        intermediates: &pool(intermediates),
        now: NOW,
        purpose,
        host: None,
    };
    verifier
        .paths(&leaf.certificate)
        .map_err(|refusal| rcfssl_core::Error::from(refusal).to_string())
}

fn paths(leaf: &Made, roots: &[&Made], intermediates: &[&Made]) -> Result<Vec<Path>, String> {
    paths_for(Purpose::Any, leaf, roots, intermediates)
}

fn names(path: &Path) -> Vec<String> {
    path.iter().map(|certificate| certificate.common_name()).collect()
}

#[test]
fn chains_of_every_length_are_found() {
    let root = Made::root(ca_params("root"));
    let one = root.sign(ca_params("one"));
    let two = one.sign(ca_params("two"));
    let of_root = root.sign(leaf_params("leaf"));
    let of_one = one.sign(leaf_params("leaf"));
    let of_two = two.sign(leaf_params("leaf"));
    let unrelated = Made::root(ca_params("unrelated"));
    let others = [&one, &unrelated, &two];
    for (leaf, want) in [
        (&root, &["root"][..]),
        (&of_root, &["leaf", "root"]),
        (&of_one, &["leaf", "one", "root"]),
        (&of_two, &["leaf", "two", "one", "root"]),
    ] {
        let found = paths(leaf, &[&root], &others).unwrap();
        assert_eq!(found.iter().map(names).collect::<Vec<_>>(), [want]);
    }
    assert_eq!(
        paths(&of_two, &[&root], &[&two]).unwrap_err(),
        r#"{"code":1220,"message":"x509: certificate signed by unknown authority"}"#
    );
    assert!(paths(&of_one, &[], &others).is_err());
}

#[test]
fn cross_signed_roots_give_two_paths_and_no_loop() {
    let old = Made::root(ca_params("old"));
    let new = Made::root(ca_params("new"));
    let new_by_old = old.cross_sign(&new, |_| {});
    let old_by_new = new.cross_sign(&old, |_| {});
    let one = new.sign(ca_params("one"));
    let leaf = one.sign(leaf_params("leaf"));
    let found = paths(&leaf, &[&old, &new], &[&one, &new_by_old, &old_by_new]).unwrap();
    let found: Vec<_> = found.iter().map(names).collect();
    assert_eq!(
        found,
        [&["leaf", "one", "new"][..], &["leaf", "one", "new", "old"]],
        "in Go's order: roots first"
    );
}

#[test]
fn expired_and_not_yet_valid_certificates_are_refused() {
    let root = Made::root(ca_params("root"));
    let mut gone = ca_params("one");
    gone.not_after = NOW - Duration::days(1);
    let gone = root.sign(gone);
    let leaf = gone.sign(leaf_params("leaf"));
    let refused = paths(&leaf, &[&root], &[&gone]).unwrap_err();
    assert_eq!(
        refused,
        r#"{"code":1211,"message":"x509: certificate has expired or is not yet valid: current time 2026-11-22T12:00:00Z is after 2026-11-21T12:00:00Z"}"#
    );
    let mut future = leaf_params("leaf");
    future.not_before = NOW + Duration::days(1);
    let future = root.sign(future);
    assert!(
        paths(&future, &[&root], &[])
            .unwrap_err()
            .contains("is before 2026-11-23T12:00:00Z")
    );
    // One valid path is enough.
    let renewed = root.cross_sign(&gone, |params| params.not_after = NOW + Duration::days(9));
    assert_eq!(paths(&leaf, &[&root], &[&gone, &renewed]).unwrap().len(), 1);
}

#[test]
fn only_cas_sign() {
    let root = Made::root(ca_params("root"));
    let not_ca = root.sign(leaf_params("one"));
    let leaf = not_ca.sign(leaf_params("leaf"));
    let refused = paths(&leaf, &[&root], &[&not_ca]).unwrap_err();
    assert_eq!(
        refused,
        r#"{"code":1220,"message":"x509: certificate signed by unknown authority (possibly because of \"x509: invalid signature: parent certificate cannot sign this kind of certificate\" while trying to verify candidate authority certificate \"one\")"}"#
    );
    let mut crl_only = ca_params("one");
    crl_only.key_usages = vec![KeyUsagePurpose::CrlSign];
    let crl_only = root.sign(crl_only);
    let leaf = crl_only.sign(leaf_params("leaf"));
    assert!(
        paths(&leaf, &[&root], &[&crl_only])
            .unwrap_err()
            .contains("cannot sign this kind")
    );
    let impostor = Made::root(ca_params("root"));
    let forged = impostor.sign(leaf_params("leaf"));
    assert!(
        paths(&forged, &[&root], &[])
            .unwrap_err()
            .contains("x509: ECDSA verification failure")
    );
}

#[test]
fn path_lengths_are_enforced() {
    let mut short = ca_params("root");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let root = Made::root(short);
    let one = root.sign(ca_params("one"));
    let leaf = one.sign(leaf_params("leaf"));
    assert_eq!(
        paths(&leaf, &[&root], &[&one]).unwrap_err(),
        r#"{"code":1213,"message":"x509: too many intermediates for path length constraint"}"#
    );
    let direct = root.sign(leaf_params("leaf"));
    assert!(paths(&direct, &[&root], &[]).is_ok());
}

#[test]
fn purposes_nest() {
    let root = Made::root(ca_params("root"));
    let mut clients = ca_params("one");
    clients.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let clients = root.sign(clients);
    let leaf = clients.sign(leaf_params("leaf"));
    assert!(paths(&leaf, &[&root], &[&clients]).is_ok(), "any purpose will do");
    assert_eq!(
        paths_for(Purpose::ServerAuth, &leaf, &[&root], &[&clients]).unwrap_err(),
        r#"{"code":1214,"message":"x509: certificate specifies an incompatible key usage"}"#
    );
    let mut any = ca_params("two");
    any.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    let any = root.sign(any);
    let leaf = any.sign(leaf_params("leaf"));
    assert!(paths_for(Purpose::ServerAuth, &leaf, &[&root], &[&any]).is_ok());
}

#[test]
fn constrained_cas_sign_only_for_their_names() {
    let root = Made::root(ca_params("root"));
    let constrained = |permitted, excluded| {
        let mut params = ca_params("one");
        params.name_constraints = Some(NameConstraints {
            permitted_subtrees: permitted,
            excluded_subtrees: excluded,
        });
        root.sign(params)
    };
    let with = |by: &Made, names: Vec<SanType>| {
        let mut params = leaf_params("leaf");
        params.subject_alt_names = names;
        by.sign(params)
    };
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let mail = |name: &str| SanType::Rfc822Name(name.try_into().unwrap());
    let uri = |name: &str| SanType::URI(name.try_into().unwrap());
    let ip = |octets: [u8; 4]| SanType::IpAddress(octets.into());
    let one = constrained(
        vec![
            GeneralSubtree::DnsName("example".into()),
            GeneralSubtree::Rfc822Name("mail.example".into()),
            GeneralSubtree::IpAddress(CidrSubnet::from_v4_prefix([10, 0, 0, 0], 8)),
        ],
        vec![GeneralSubtree::DnsName("bad.example".into())],
    );
    let good = with(
        &one,
        vec![
            dns("a.example"),
            mail("joe@mail.example"),
            ip([10, 1, 2, 3]),
            uri("https://elsewhere/"),
        ],
    );
    assert_eq!(paths(&good, &[&root], &[&one]).map(|found| found.len()), Ok(1));
    for (name, why) in [
        (
            dns("a.org"),
            r#"DNS name \"a.org\" is not permitted by any constraint"#,
        ),
        (
            dns("x.bad.example"),
            r#"DNS name \"x.bad.example\" is excluded by constraint \"bad.example\""#,
        ),
        (
            mail("joe@example"),
            r#"email address \"joe@example\" is not permitted by any constraint"#,
        ),
        (
            ip([11, 0, 0, 1]),
            r#"IP address \"11.0.0.1\" is not permitted by any constraint"#,
        ),
    ] {
        let leaf = with(&one, vec![name]);
        let refused = paths(&leaf, &[&root], &[&one]).unwrap_err();
        assert!(refused.starts_with(r#"{"code":1212,"#), "{refused}");
        assert!(refused.contains(why), "{refused}");
    }
}

#[test]
fn critical_extensions_must_be_understood() {
    let root = Made::root(ca_params("root"));
    let mut odd = leaf_params("leaf");
    let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
    extension.set_criticality(true);
    odd.custom_extensions = vec![extension];
    let odd = root.sign(odd);
    assert_eq!(
        paths(&odd, &[&root], &[]).unwrap_err(),
        r#"{"code":1200,"message":"x509: unhandled critical extension"}"#
    );
}

#[test]
fn many_possible_issuers_do_not_cost_much_time() {
    let root = Made::root(ca_params("root"));
    let leaf = root.sign(leaf_params("leaf"));
    let impostors: Vec<Made> = (0..120).map(|_| Made::root(ca_params("root"))).collect();
    let refused = paths(&leaf, &[], &impostors.iter().collect::<Vec<_>>()).unwrap_err();
    assert!(
        refused.contains("signature check attempts limit reached"),
        "{refused}"
    );
    // The right one has the key identifier named in the leaf, and is tried first.
    let all: Vec<&Made> = impostors.iter().chain([&root]).collect();
    assert!(paths(&leaf, &all, &[]).is_ok());
}

#[test]
fn hosts_are_those_of_the_alternative_names() {
    let root = Made::root(ca_params("root"));
    let mut named = leaf_params("a.example");
    named
        .subject_alt_names
        .push(SanType::DnsName("*.b.example".try_into().unwrap()));
    named
        .subject_alt_names
        .push(SanType::IpAddress([10, 0, 0, 1].into()));
    let named = root.sign(named).certificate;
    for good in [
        "a.example",
        "A.EXAMPLE.",
        "x.b.example",
        "10.0.0.1",
        "[10.0.0.1]",
        "::ffff:10.0.0.1",
    ] {
        assert_eq!(check_host(&named, good), Ok(()), "{good}");
    }
    for (host, why) in [
        (
            "b.example",
            "x509: certificate is valid for a.example, *.b.example, not b.example",
        ),
        (
            "10.0.0.2",
            "x509: certificate is valid for 10.0.0.1, not 10.0.0.2",
        ),
    ] {
        assert_eq!(check_host(&named, host).unwrap_err(), why);
    }
    let nameless = root.sign(params("c.example")).certificate;
    for (host, why) in [
        (
            "c.example",
            "x509: certificate relies on legacy Common Name field, use SANs instead",
        ),
        (
            "d.example",
            "x509: certificate is not valid for any names, but wanted to match d.example",
        ),
        (
            "10.0.0.1",
            "x509: cannot validate certificate for 10.0.0.1 because it doesn't contain any IP SANs",
        ),
    ] {
        assert_eq!(check_host(&nameless, host).unwrap_err(), why);
    }
}
