//! Renews certificates of a running cluster, from the jobs document of the walk-through.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rcfssl_tests::cluster::{Cluster, PROGRAMS};
use rcfssl_tests::organization::{Certificate, check_pair};
use rcfssl_tests::{Result, Workplace, fixtures, skip};

const NAMES: [&str; 5] = ["server", "member-1", "member-2", "member-3", "client"];

/// The example with a CA beside its documents and all of its certificates.
fn example() -> Result<Workplace> {
    let place = Workplace::new()?;
    let line = format!(
        "cp -r {}/jobs/. . && cp {0}/documents/ca-csr.json . && cd etcd && \
         rcfssl gencert -initca ../ca-csr.json | rcfssljson -bare ca && cd .. && rcfssl renew -jobs jobs.json",
        fixtures().display()
    );
    let step = place.shell(&line)?.ok()?;
    assert!(
        step.out().contains("5 made, 0 renewed, 0 untouched, 0 failed"),
        "{}",
        step.out()
    );
    Ok(place)
}

/// The certificates and their keys.
fn files(place: &Workplace) -> Result<BTreeMap<&'static str, (Certificate, String)>> {
    let one = |name| {
        let key = place.read(&format!("etcd/{name}-key.pem"))?;
        Ok((
            name,
            (Certificate::read(&place.join(format!("etcd/{name}.pem")))?, key),
        ))
    };
    NAMES.into_iter().map(one).collect()
}

/// The members, by IDs that are never reused.
fn members(cluster: &Cluster) -> Result<Vec<String>> {
    let listed = cluster.etcdctl(&["member", "list"])?.ok()?.out();
    let mut members: Vec<String> = listed.lines().map(str::to_owned).collect();
    members.sort();
    assert_eq!(members.len(), 3, "{listed}");
    assert!(
        members.iter().all(|line| line.contains(", started, ")),
        "{listed}"
    );
    Ok(members)
}

/// The cluster uses the current certificates and works.
fn is_well(place: &Workplace, cluster: &Cluster) -> Result<()> {
    for name in NAMES {
        check_pair(
            &place.join("etcd"),
            &format!("{name}.pem"),
            &format!("{name}-key.pem"),
        )?;
    }
    // curl and etcdctl use the client's new pair.
    assert_eq!(cluster.health()?.ok()?.out().trim(), r#"{"health":"true"}"#);
    let endpoints = cluster.etcdctl(&["endpoint", "health", "--cluster"])?.ok()?;
    let report = endpoints.out() + &endpoints.err();
    assert_eq!(report.matches("is healthy").count(), 3, "{report}");
    for (address, file) in Cluster::addresses() {
        let there = Certificate::read(&place.join(format!("etcd/{file}")))?;
        assert!(
            cluster.served(&address)? == there.der,
            "{address} does not serve the new {file}"
        );
    }
    Ok(())
}

/// Writes to the cluster until it is stopped; returns the number of writes.
fn keep_writing(cluster: &Cluster, stop: &AtomicBool) -> Result<usize> {
    let mut count = 0;
    while !stop.load(Ordering::Relaxed) {
        let value = count.to_string();
        let put = || cluster.etcdctl(&["put", "count", &value]);
        // A client that reads the pair between its two renames tries again.
        if put()?.status != 0 {
            put()?.ok()?;
        }
        count += 1;
    }
    Ok(count)
}

#[test]
fn a_cluster_stays_healthy_while_its_certificates_are_renewed() -> Result<()> {
    if !skip::is_root() {
        return skip::skipped("network namespaces need root");
    }
    if let Some(program) = skip::missing(&PROGRAMS) {
        return skip::skipped(&format!("there is no {program}"));
    }
    let place = example()?;
    let mut cluster = Cluster::start(&place.join("etcd"))?;
    let joined = members(&cluster)?;
    is_well(&place, &cluster)?;
    for (arguments, new_keys) in [
        ("-force -jobs jobs.json", &["client"][..]),
        ("-force -rekey -jobs jobs.json", &NAMES),
        ("-force etcd", &[]),
        ("-force -rekey etcd", &NAMES),
    ] {
        let before = files(&place)?;
        let stop = AtomicBool::new(false);
        let written = std::thread::scope(|scope| {
            let writer = scope.spawn(|| keep_writing(&cluster, &stop));
            let renewed = place.shell(&format!("sleep 0.3; rcfssl renew {arguments}; sleep 0.3"));
            stop.store(true, Ordering::Relaxed);
            let written = writer.join().unwrap();
            let step = renewed?.ok()?;
            assert!(
                step.out().contains("5 renewed, 0 untouched, 0 failed"),
                "{}",
                step.out()
            );
            written
        })?;
        assert!(written > 0);
        let last = cluster.etcdctl(&["get", "--print-value-only", "count"])?.ok()?;
        assert_eq!(last.out().trim(), (written - 1).to_string());
        for (name, (certificate, key)) in files(&place)? {
            let (old, old_key) = &before[name];
            assert_ne!(certificate.serial, old.serial, "{arguments}: {name}");
            assert_eq!(key != *old_key, new_keys.contains(&name), "{arguments}: {name}");
        }
        is_well(&place, &cluster)?;
        assert_eq!(members(&cluster)?, joined, "{arguments}");
    }
    // Restarted members are accepted by those that were not restarted.
    for member in 0..3 {
        cluster.restart(member)?;
        cluster.wait_until_healthy()?;
    }
    is_well(&place, &cluster)?;
    assert_eq!(members(&cluster)?, joined);
    Ok(())
}
