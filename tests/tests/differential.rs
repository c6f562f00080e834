//! Debian's cfssl and rcfssl do the same with documents made by chance, and rcfssl
//! does it still with those that once came out differently.
//!
//! `RCFSSL_DIFFERENTIAL_SEED` and `RCFSSL_DIFFERENTIAL_COUNT` say which documents, and
//! how many.

use std::io::Write;

use rcfssl_tests::differential::campaign::{self, Plan};
use rcfssl_tests::differential::kept;
use rcfssl_tests::differential::sides::Sides;
use rcfssl_tests::{Context, Result, ensure, skip};

const COUNT: u64 = 500;

#[test]
fn documents_made_by_chance_come_out_alike() -> Result<()> {
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
    // Said past the harness, which shows only what failed.
    let line = format!("differential: seed {}, {} trials\n", plan.seed, plan.count);
    std::io::stderr().write_all(line.as_bytes())?;
    let report = campaign::run(plan, &Sides::new()?, |_| {})?;
    ensure!(report.is_good(), "{report}");
    Ok(())
}

fn number(variable: &str) -> Result<Option<u64>> {
    match std::env::var(variable) {
        Ok(text) => Ok(Some(text.parse().with_context(|| format!("{variable}={text}"))?)),
        Err(_) => Ok(None),
    }
}

/// Each kept trial is a test of its own, by its name.
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

kept! {}

fn replay(name: &str) -> Result<()> {
    let kept = kept::read(name)?;
    let differences = Sides::new()?.check(&kept.trial, &kept.want)?;
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
