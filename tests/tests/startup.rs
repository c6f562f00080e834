//! Startup of a process: aws-lc must not gather jitter entropy, which takes three times as
//! long as all of cfssl's work. This is checked in the linked binary and by counting
//! instructions; a clock would measure the load of the machine.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "functions of tests"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rcfssl_tests::skip::{missing, skipped};
use rcfssl_tests::{binaries, repository};
use regex::Regex;
use serde_json::Value;

/// Startup, a P-256 key and a signature take about one million instructions, or three in an
/// unoptimized build. With the jitter source they take far more than a hundred.
const MOST: u64 = 10_000_000;

/// What cargo knows of this workspace's packages.
fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(cargo)
        .current_dir(repository())
        .args([
            "metadata",
            "--format-version",
            "1",
            "--locked",
            "--filter-platform",
            &platform,
        ])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The folders of the aws-lc-sys that cargo uses for this workspace.
fn sources() -> Vec<PathBuf> {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .filter(|package| package["name"] == "aws-lc-sys")
        .map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            manifest.parent().unwrap().to_owned()
        })
        .collect()
}

/// The digest with which the jitter source checks its own SHA-3 before use. It remains in a
/// stripped binary, and nothing else contains it.
fn mark(source: &Path) -> Vec<u8> {
    let file = source.join("aws-lc/third_party/jitterentropy/jitterentropy-library/src/jitterentropy-sha3.c");
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let array = Regex::new(r"exp_256\[\] = \{([^}]*)\}").unwrap();
    let octet = Regex::new("0x([0-9A-Fa-f]{2})").unwrap();
    let array = array
        .captures(&text)
        .expect("the self-test's digest, in this version too");
    let octets = octet.captures_iter(&array[1]);
    octets
        .map(|octet| u8::from_str_radix(&octet[1], 16).unwrap())
        .collect()
}

#[test]
fn the_jitter_source_is_not_linked() {
    let sources = sources();
    assert!(!sources.is_empty());
    for source in sources {
        let mark = mark(&source);
        assert_eq!(mark.len(), 32, "a SHA3-256 digest");
        for name in ["rcfssl", "rcfssljson"] {
            let binary = binaries::folder().unwrap().join(name);
            let bytes = std::fs::read(&binary).unwrap();
            assert!(
                !bytes.windows(mark.len()).any(|window| window == mark),
                "{} has aws-lc's jitter entropy: it was built without AWS_LC_SYS_NO_JITTER_ENTROPY=1",
                binary.display()
            );
        }
    }
}

/// Its scheduler calls `pow`, so that each start, of a command too, would load libm.
#[test]
fn the_multi_thread_runtime_is_not_compiled() {
    let metadata = metadata();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let is_tokio = |node: &&Value| {
        let id = node["id"].as_str().unwrap();
        id.contains("#tokio@") || id.contains("/tokio#")
    };
    let features: Vec<_> = nodes
        .iter()
        .filter(is_tokio)
        .map(|node| &node["features"])
        .collect();
    assert_eq!(features.len(), 1, "{features:?}");
    let features = features[0].as_array().unwrap();
    assert!(features.contains(&Value::from("rt")), "{features:?}");
    assert!(
        !features.contains(&Value::from("rt-multi-thread")),
        "{features:?}"
    );
}

#[test]
fn a_start_takes_few_instructions() {
    if missing(&["valgrind"]).is_some() {
        return skipped("there is no valgrind to count instructions").unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let request = folder.path().join("request.json");
    std::fs::write(&request, r#"{"CN":"start","key":{"algo":"ecdsa","size":256}}"#).unwrap();
    let counts = folder.path().join("counts");
    let output = Command::new("valgrind")
        .arg("--tool=callgrind")
        .arg(format!("--callgrind-out-file={}", counts.display()))
        .arg(binaries::folder().unwrap().join("rcfssl"))
        .args(["gencert", "-initca"])
        .arg(&request)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(output.stdout.starts_with(b"{\"cert\":"), "{stderr}");
    let counts = std::fs::read_to_string(&counts).unwrap();
    let total = counts
        .lines()
        .find_map(|line| line.strip_prefix("totals: "))
        .unwrap();
    let total: u64 = total.trim().parse().unwrap();
    assert!((100_000..MOST).contains(&total), "{total} instructions");
}
