//! rcfssl answers as a server like real cfssl: `fixtures/replay` contains the recorded
//! cases and the program that replays them.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use rcfssl_tests::{Context, Result, binaries, ensure, repository, skip};

/// The programs that the cases call, besides the binaries and coreutils.
const PROGRAMS: [&str; 4] = ["bash", "curl", "openssl", "python3"];

/// Cases in which rcfssl differs, on purpose or not yet. Each line has a name and a reason.
/// A listed case must still differ, so that the list only shrinks.
const DIFFERENT: &str = "different.txt";

#[test]
fn startup_flags_and_tls_give_the_same_results() -> Result<()> {
    check("serve")
}

#[test]
fn endpoints_give_the_same_results() -> Result<()> {
    check("api")
}

#[test]
fn odd_requests_give_the_same_results() -> Result<()> {
    check("misc")
}

#[test]
fn several_cas_at_one_address_give_the_same_results() -> Result<()> {
    check("multi")
}

#[test]
fn ocsp_responses_are_the_same() -> Result<()> {
    check("ocsp")
}

#[test]
fn forwarding_servers_give_the_same_results() -> Result<()> {
    check("remote")
}

#[test]
fn databases_give_the_same_results() -> Result<()> {
    check("db")
}

fn check(group: &str) -> Result<()> {
    if let Some(program) = skip::missing(&PROGRAMS) {
        return skip::skipped(&format!("there is no {program}"));
    }
    let cases = repository().join("fixtures/replay/server");
    let binaries = binaries::folder()?;
    let mut command = Command::new("python3");
    command.arg("-B").arg(cases.join("run.py"));
    command.args(["check", "--most", "12", "--jobs", "2", "--group", group]);
    command.arg("--cfssl").arg(binaries.join("rcfssl"));
    command.arg("--cfssljson").arg(binaries.join("rcfssljson"));
    let links = tempfile::tempdir()?;
    let multirootca = links.path().join("multirootca");
    std::os::unix::fs::symlink(binaries.join("rcfssl"), &multirootca)?;
    command.arg("--multirootca").arg(&multirootca);
    if !skip::is_root() {
        command.args(["--skip-needs", "443"]);
    }
    let output = command.output().context("python3")?;
    let said = String::from_utf8_lossy(&output.stdout);
    let summary = said.lines().last().unwrap_or_default();
    ensure!(
        summary.ends_with(" cases alike"),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let failed: BTreeSet<&str> = named(&said, "FAIL").chain(named(&said, "TROUBLE")).collect();
    let listed = std::fs::read_to_string(cases.join(DIFFERENT))?;
    let skipped: Vec<&str> = said.lines().filter(|line| line.starts_with("skipped")).collect();
    let expected = expected(&listed, &cases, group)?;
    let new: Vec<_> = failed.difference(&expected).collect();
    ensure!(
        new.is_empty(),
        "{said}\nnot alike and not in {DIFFERENT}: {new:?}"
    );
    let alike: Vec<_> = expected.difference(&failed).collect();
    ensure!(
        alike.is_empty() || !skipped.is_empty(),
        "alike by now, so take them off {DIFFERENT}: {alike:?}"
    );
    Ok(())
}

/// The names after a word in the program's output.
fn named<'a>(said: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    said.lines()
        .filter_map(move |line| line.strip_prefix(word)?.trim_start().split(' ').next())
}

/// The listed names of this group.
fn expected<'a>(listed: &'a str, cases: &Path, group: &str) -> Result<BTreeSet<&'a str>> {
    let recorded = std::fs::read_to_string(cases.join(format!("{group}.expected.json")))?;
    let recorded: serde_json::Value = serde_json::from_str(&recorded)?;
    let lines = listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let names = lines.filter_map(|line| line.split(' ').next());
    Ok(names.filter(|name| !recorded[name].is_null()).collect())
}
