//! The CA server: its service, its socket and its Deployment.

use rcfssl_tests::{Organization, needs, needs_root, skip};
use serde_json::Value;

use crate::kubernetes::tool;
use crate::{example, machine, read, run};

/// The machine with the CA's files where the service has them.
fn server() -> Organization {
    let organization = machine();
    let line = "cp ../pki/acme/ca*.pem ../pki/acme/ca-config.json ../pki";
    organization.shell(line).unwrap().ok().unwrap();
    organization
}

#[test]
fn systemd_finds_nothing_wrong_with_service_and_socket() {
    needs_root!();
    needs!("systemd-analyze");
    let organization = server();
    let units =
        ["service", "socket"].map(|kind| example(&format!("rcfssl-serve.{kind}")).display().to_string());
    let script = format!("systemd-analyze verify --man=no {} 2>&1", units.join(" "));
    let step = run(&organization, &script).ok().unwrap();
    assert_eq!(step.out(), "");
    // Of 10, which is a service that may do anything.
    let script = format!(
        "systemd-analyze security --offline=yes --threshold=20 {}",
        units[0]
    );
    run(&organization, &script).ok().unwrap();
}

/// The service's command with the socket's address, as a user without rights, started by
/// the first connection; it answers, reloads and stops.
#[test]
fn the_socket_starts_the_service() {
    needs_root!();
    needs!("systemd-socket-activate", "curl");
    let organization = server();
    let setting = |unit: &str, key: &str| {
        let text = read(unit);
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap().to_owned()
    };
    let script = format!(
        "chown -R 65532:65532 /etc/rcfssl
         chmod 600 /etc/rcfssl/ca-key.pem
         cd /
         ip link set lo up
         setpriv --reuid=65532 --regid=65532 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
             env -i PATH=/usr/local/bin:/usr/bin systemd-socket-activate -l {address} /usr/local/bin/{command} 2> /etc/log &
         server=$!
         until curl -s {address}/api/v1/cfssl/health; do sleep 0.1; done
         {reload}
         until grep -q 'reload complete' /etc/log; do sleep 0.1; done
         kill $server
         wait $server",
        address = setting("rcfssl-serve.socket", "ListenStream"),
        command = setting("rcfssl-serve.service", "ExecStart"),
        reload = setting("rcfssl-serve.service", "ExecReload").replace("$MAINPID", "$server"),
    );
    let script = format!(
        "timeout 60 unshare --net bash -c '{}'",
        script.replace('\'', "'\\''")
    );
    let step = run(&organization, &script).ok().unwrap();
    assert!(
        step.out()
            .starts_with(r#"{"success":true,"result":{"healthy":true}"#),
        "{step:?}"
    );
}

/// As no root, with a root file system that cannot be written, within the manifest's
/// command line and probes.
#[test]
fn the_deployments_container_serves() {
    needs_root!();
    let Some(python) = tool("python") else {
        skip::skipped("tests/run.sh has not installed kubernetes-validate").unwrap();
        return;
    };
    let program = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))";
    let output = std::process::Command::new(python)
        .args(["-c", program])
        .arg(example("rcfssl-serve.yaml"))
        .output()
        .unwrap();
    let documents: Value = serde_json::from_slice(&output.stdout).unwrap();
    let pod = &documents[0]["spec"]["template"]["spec"];
    assert_eq!(documents[1]["spec"]["ports"][0]["targetPort"], "https");
    let container = &pod["containers"][0];
    let command: Vec<&str> = container["command"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let user = pod["securityContext"]["runAsUser"].as_u64().unwrap();
    let probe = &container["readinessProbe"]["httpGet"];
    assert_eq!(probe["scheme"], "HTTPS");
    let organization = server();
    let script = format!(
        "root=/etc/root
         mkdir -p $root/usr/local/bin $root/ca $root/tls
         cp /usr/local/bin/rcfssl $root/usr/local/bin
         for file in $(ldd /usr/local/bin/rcfssl | grep -o \"/[^ ]*\"); do
             mkdir -p $root$(dirname $file); cp $file $root$file
         done
         cp /etc/rcfssl/ca.pem /etc/rcfssl/ca-key.pem /etc/rcfssl/ca-config.json $root/ca
         cp /etc/rcfssl/ca.pem $root/tls/tls.crt; cp /etc/rcfssl/ca-key.pem $root/tls/tls.key
         chown -R {user}:{user} $root/ca $root/tls
         mount --bind $root $root; mount -o remount,bind,ro $root
         cd /
         ip link set lo up
         setpriv --no-new-privs env -i PATH=/usr/local/bin:/usr/sbin:/sbin:/usr/bin \
             chroot --userspec={user}:{user} --groups= $root {command} 2> /etc/log &
         server=$!
         until curl -sk https://127.0.0.1:8888{path}; do kill -0 $server || cat /etc/log; sleep 0.1; done
         curl -s http://127.0.0.1:9108/metrics | grep -c rcfssl_requests_total
         kill $server
         wait $server
         head -1 /etc/log",
        command = command.join(" "),
        path = probe["path"].as_str().unwrap(),
    );
    let script = format!("timeout 60 unshare --net bash -c '{script}'");
    let step = run(&organization, &script).ok().unwrap();
    let said = step.out();
    assert!(
        said.starts_with(r#"{"success":true,"result":{"healthy":true}"#),
        "{said}"
    );
    assert!(said.lines().last().unwrap().starts_with("{\"time\":"), "{said}");
}
