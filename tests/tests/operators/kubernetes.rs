//! The CronJob.

use std::path::PathBuf;
use std::process::Command;

use rcfssl_tests::{needs_root, repository, skip};
use serde_json::{Value, json};

use crate::{check, example, machine, run};

/// The folder in which `tests/run.sh` installs Python and `kubernetes-validate`.
pub fn tool(name: &str) -> Option<PathBuf> {
    let folder =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository().join("target"), PathBuf::from);
    let path = repository().join(folder).join("kubernetes/bin").join(name);
    path.exists().then_some(path)
}

/// Skips the test with a message if they are missing.
macro_rules! needs_tool {
    ($name:literal) => {
        match tool($name) {
            Some(path) => path,
            None => {
                skip::skipped("tests/run.sh has not installed kubernetes-validate").unwrap();
                return;
            }
        }
    };
}

/// The manifest as parsed by Kubernetes.
fn manifest(python: &PathBuf) -> Value {
    let program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let mut command = Command::new(python);
    let output = command
        .args(["-c", program])
        .arg(example("rcfssl-renew.yaml"))
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn kubernetes_accepts_the_manifest() {
    let validate = needs_tool!("kubernetes-validate");
    let check = |path: &PathBuf, version: &str| {
        let mut command = Command::new(&validate);
        let output = command
            .args(["--strict", "-k", version])
            .arg(path)
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    for version in ["1.25", "1.30", "1.33"] {
        for manifest in ["rcfssl-renew.yaml", "rcfssl-serve.yaml"] {
            let (is_valid, said) = check(&example(manifest), version);
            assert!(is_valid, "{manifest} {version}: {said}");
        }
    }
    // It reports errors.
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.yaml");
    for (from, to) in [
        ("readOnlyRootFilesystem", "readOnlyRootFileSystem"),
        ("schedule:", "shedule:"),
        ("backoffLimit: 2", "backoffLimit: two"),
    ] {
        std::fs::write(&broken, crate::read("rcfssl-renew.yaml").replace(from, to)).unwrap();
        assert!(!check(&broken, "1.33").0, "{to}");
    }
}

/// As an unprivileged user, with a read-only root file system that contains only the binary
/// and its libraries.
#[test]
fn its_container_renews_in_its_volume() {
    needs_root!();
    let python = needs_tool!("python");
    let manifest = manifest(&python);
    let pod = &manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let [container] = pod["containers"].as_array().unwrap().as_slice() else {
        panic!("{pod}");
    };
    assert_eq!(
        container["securityContext"],
        json!({"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": {"drop": ["ALL"]}})
    );
    assert_eq!(
        container["volumeMounts"],
        json!([{"name": "pki", "mountPath": "/pki"}])
    );
    let [user, group] = ["runAsUser", "runAsGroup"].map(|key| pod["securityContext"][key].as_u64().unwrap());
    let command: Vec<&str> = container["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let organization = machine();
    let script = |arguments: &str| {
        format!(
            "chown -R {user}:{group} /etc/rcfssl
             root=/etc/root
             mkdir -p $root/usr/local/bin $root/pki
             cp /usr/local/bin/rcfssl $root/usr/local/bin
             for file in $(ldd /usr/local/bin/rcfssl | grep -o '/[^ ]*'); do
                 mkdir -p $root$(dirname $file); cp $file $root$file
             done
             mount --bind $root $root; mount --bind /etc/rcfssl $root/pki; mount -o remount,bind,ro $root
             cd /
             exec setpriv --no-new-privs env -i PATH=/usr/local/bin:/usr/sbin:/sbin:/usr/bin \
             chroot --userspec={user}:{group} --groups= $root {} {arguments}",
            command.join(" ")
        )
    };
    let step = run(&organization, &script("")).ok().unwrap();
    assert!(
        step.out().contains("made       /pki/acme/client.pem  until "),
        "{}",
        step.out()
    );
    check(&organization);
    let step = run(&organization, &script("")).ok().unwrap();
    assert!(step.out().contains("1 untouched"), "{}", step.out());
    let step = run(&organization, &script("-force -rekey -backup")).ok().unwrap();
    assert!(step.out().contains("1 renewed"), "{}", step.out());
    check(&organization);
    let line = format!("find ../pki ! -user {user} -o ! -group {group}");
    assert_eq!(organization.shell(&line).unwrap().out(), "");
}
