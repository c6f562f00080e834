//! An etcd cluster with the certificates of the walk-through.

#![allow(clippy::unwrap_used, reason = "functions of tests")]

mod renewal;

use rcfssl_tests::cluster::{Cluster, PROGRAMS};
use rcfssl_tests::{Result, Workplace, fixtures, skip};

/// A CA, the server, three members, a client, and a client of another CA with the same
/// name.
fn certificates(place: &Workplace) {
    for entry in std::fs::read_dir(fixtures().join("documents")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        place.write(name, std::fs::read(&path).unwrap()).unwrap();
    }
    let sign = |authority: &str, profile: &str, document: &str, base: &str| {
        format!(
            "rcfssl gencert -ca={authority}.pem -ca-key={authority}-key.pem -config=ca-config.json \
             -profile={profile} {document}.json | rcfssljson -bare {base}"
        )
    };
    let lines = [
        "rcfssl gencert -initca ca-csr.json | rcfssljson -bare ca -".to_owned(),
        sign("ca", "server", "server", "server"),
        sign("ca", "peer", "member-1", "member-1"),
        sign("ca", "peer", "member-2", "member-2"),
        sign("ca", "peer", "member-3", "member-3"),
        sign("ca", "client", "client", "client"),
        "rcfssl gencert -initca ca-csr.json | rcfssljson -bare other".to_owned(),
        sign("other", "client", "client", "stranger"),
    ];
    for line in lines {
        place.shell(&line).unwrap().ok().unwrap();
    }
}

fn client<'a>(authority: &'a str, cert: &'a str, key: &'a str) -> [&'a str; 7] {
    let url = "https://domain-name:2379/health";
    ["--cacert", authority, "--cert", cert, "--key", key, url]
}

#[test]
fn a_cluster_runs_with_the_certificates_of_the_walk_through() -> Result<()> {
    if !skip::is_root() {
        return skip::skipped("network namespaces need root");
    }
    if let Some(program) = skip::missing(&PROGRAMS) {
        return skip::skipped(&format!("there is no {program}"));
    }
    let place = Workplace::new()?;
    certificates(&place);
    let cluster = Cluster::start(&place.path())?;

    let health = cluster.health()?.ok()?;
    assert_eq!(health.out().trim(), r#"{"health":"true"}"#);

    let endpoints = cluster.etcdctl(&["endpoint", "health", "--cluster"])?.ok()?;
    let report = endpoints.out() + &endpoints.err();
    assert_eq!(report.matches("is healthy").count(), 3, "{report}");

    cluster.etcdctl(&["put", "key", "a value"])?.ok()?;
    assert_eq!(
        cluster
            .etcdctl(&["get", "--print-value-only", "key"])?
            .ok()?
            .out(),
        "a value\n"
    );

    let file = |name: &str| place.join(name).display().to_string();
    let (ca, other) = (file("ca.pem"), file("other.pem"));
    refused(&cluster, &["--cacert", &ca, "https://domain-name:2379/health"])?;
    refused(
        &cluster,
        &client(&ca, &file("stranger.pem"), &file("stranger-key.pem")),
    )?;
    // The server certificate is not valid for clients.
    refused(
        &cluster,
        &client(&ca, &file("server.pem"), &file("server-key.pem")),
    )?;
    // 60: curl cannot verify the server, which another CA certified.
    let step = cluster.curl(&client(&other, &file("client.pem"), &file("client-key.pem")))?;
    assert_eq!(step.status, 60, "{}", step.err());
    Ok(())
}

/// The server ends the handshake; curl's status depends on when the alert arrives.
fn refused(cluster: &Cluster, arguments: &[&str]) -> Result<()> {
    let step = cluster.curl(arguments)?;
    assert!(
        [35, 55, 56].contains(&step.status),
        "{}: {}",
        step.status,
        step.err()
    );
    assert!(!step.out().contains("health"), "{}", step.out());
    Ok(())
}

#[test]
fn a_member_without_a_key_is_reported_with_its_log() -> Result<()> {
    if !skip::is_root() || skip::missing(&PROGRAMS).is_some() {
        return skip::skipped("a cluster needs root, etcd and network namespaces");
    }
    let place = Workplace::new()?;
    certificates(&place);
    std::fs::remove_file(place.join("member-2-key.pem"))?;
    let error = Cluster::start(&place.path()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("member-2 has ended"), "{error}");
    assert!(error.contains("member-2-key.pem: no such file"), "{error}");
    Ok(())
}
