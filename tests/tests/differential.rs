//! Debian's cfssl and rcfssl do the same with random documents, and rcfssl still passes the
//! trials that once had differences.
//!
//! `RCFSSL_DIFFERENTIAL_SEED` and `RCFSSL_DIFFERENTIAL_COUNT` choose the documents.

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::OnceLock;

use rcfssl_tests::differential::campaign::{self, Plan};
use rcfssl_tests::differential::kept;
use rcfssl_tests::differential::sides::Sides;
use rcfssl_tests::{Context, Result, anyhow, binaries, ensure, skip};

const COUNT: u64 = 500;

#[test]
fn random_documents_give_the_same_results() -> Result<()> {
    if !Sides::has_debian() {
        return skip::skipped("there is no /usr/bin/cfssl (package golang-cfssl)");
    }
    if let Some(program) = skip::missing(&["bash", "openssl"]) {
        return skip::skipped(&format!("there is no {program}"));
    }
    let plan = Plan {
        seed: number("RCFSSL_DIFFERENTIAL_SEED")?.unwrap_or_else(campaign::fresh_seed),
        first: 0,
        count: number("RCFSSL_DIFFERENTIAL_COUNT")?.unwrap_or(COUNT),
    };
    // Printed directly, because the test harness shows only the output of failed tests.
    let line = format!("differential: seed {}, {} trials\n", plan.seed, plan.count);
    std::io::stderr().write_all(line.as_bytes())?;
    let report = campaign::run(plan, sides()?, |_| {})?;
    ensure!(report.is_good(), "{report}");
    Ok(())
}

/// Keys are read once for all tests.
fn sides() -> Result<&'static Sides> {
    static SIDES: OnceLock<Result<Sides, String>> = OnceLock::new();
    let sides = SIDES.get_or_init(|| Sides::new().map_err(|error| format!("{error:#}")));
    sides.as_ref().map_err(|error| anyhow!("{error}"))
}

fn number(variable: &str) -> Result<Option<u64>> {
    match std::env::var(variable) {
        Ok(text) => Ok(Some(text.parse().with_context(|| format!("{variable}={text}"))?)),
        Err(_) => Ok(None),
    }
}

/// Each saved trial is a separate test with its name.
macro_rules! kept {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() -> Result<()> {
                replay(stringify!($name))
            }
        )*
    };
}

kept! {
    certinfo_reads_extensions_in_version_3_alone
    certinfo_shows_mapped_addresses_short
    certinfo_shows_requests_of_dsa_and_md5
    hints_stay_on_their_line
    ocspsign_looks_at_the_issuer_before_the_status
    selfsign_takes_no_hosts_from_the_flag
    sign_keeps_names_out_of_subject_that_the_whitelist_does
    sign_refuses_characters_that_a_string_may_not_hold
    sign_refuses_half_a_character
    sign_refuses_keys_with_other_tags
    sign_refuses_names_with_other_tags
    sign_refuses_points_off_their_curve
    sign_refuses_rsa_keys_that_are_none
    sign_writes_mapped_addresses_short
}

fn replay(name: &str) -> Result<()> {
    let kept = kept::read(name)?;
    let differences = sides()?.check(&kept.trial, &kept.want)?;
    ensure!(
        differences.is_empty(),
        "{}\n{}",
        differences.join("\n"),
        kept.trial
    );
    Ok(())
}

#[test]
fn every_kept_trial_is_run() -> Result<()> {
    assert_eq!(kept::names()?, NAMES);
    Ok(())
}

#[test]
fn a_program_that_differs_is_detected() -> Result<()> {
    let kept = kept::read("certinfo_shows_mapped_addresses_short")?;
    let folder = tempfile::tempdir()?;
    let (script, binary) = (folder.path().join("cfssl"), binaries::folder()?.join("rcfssl"));
    let real = format!("'{}' \"$@\"", binary.display());
    for (found, line) in [
        (false, real.clone()),
        (true, format!("{real}; exit 3")),
        (true, format!("{real} | sed s/a.example/b.example/")),
        (true, format!("echo more >&2; {real}")),
        (true, format!("echo more > file; {real}")),
    ] {
        fs::write(&script, format!("#!/bin/sh\n{line}\n"))?;
        fs::set_permissions(&script, Permissions::from_mode(0o755))?;
        let sides = Sides::with(vec![("cfssl", script.clone())])?;
        let differences = sides.check(&kept.trial, &kept.want)?;
        assert_eq!(found, !differences.is_empty(), "{line}: {differences:?}");
    }
    Ok(())
}
