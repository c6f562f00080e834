//! Measures rcfssl against Debian's cfssl: whole processes in turn, and issuing in
//! one process against the bare cryptography that it needs.
//!
//!     cargo run --release -p rcfssl-bench -- [--quick] [--bin DIR] [--json FILE] [--certificates N] [ROW…]
//!
//! `--bin` names the folder of the binaries to measure (`target/release` where it
//! is not given); `--quick` takes a tenth of the runs. ROW picks rows by a part of
//! their names: `renew` those in which one run of `renew -jobs` makes many
//! certificates, 10,000 where `--certificates` does not say. All of it is in a folder
//! in `TMPDIR`: what is flushed to disk takes the time that this disk takes.

mod inside;
mod machine;
mod measure;
mod renewals;
mod report;
mod rows;
mod statistics;

use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use measure::Place;
use report::Report;

/// What the command line asks for.
struct Options {
    quick: bool,
    binaries: PathBuf,
    json: Option<PathBuf>,
    certificates: Option<NonZero<usize>>,
    rows: Vec<String>,
}

fn main() -> Result<()> {
    let options = options(std::env::args().skip(1))?;
    let cfssl = machine::find_cfssl()?;
    let place = Place::new(&options.binaries, &cfssl)?;
    let mut report = Report::new(machine::describe(&place)?);
    report.print_head();
    for row in rows::all() {
        if !options.wants(row.name) {
            continue;
        }
        let runs = if options.quick {
            (row.runs / 10).max(5)
        } else {
            row.runs
        };
        let measured = measure::measure(&place, &row, runs).with_context(|| row.name.to_owned())?;
        report.add(&row, &measured);
    }
    for authority in inside::Authority::ALL {
        if options.wants(authority.name()) {
            report.add_inside(inside::measure(authority, options.quick)?);
        }
    }
    for authority in inside::Authority::ALL {
        let name = renewals::name(authority);
        if options.wants(name) {
            let measured = renewals::measure(&place, authority, options.certificates());
            report.add_renewals(measured.with_context(|| name)?);
        }
    }
    report.finish(options.json.as_deref())
}

impl Options {
    fn certificates(&self) -> usize {
        let usual = if self.quick { 1_000 } else { 10_000 };
        self.certificates.map_or(usual, NonZero::get)
    }

    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| row.contains(part.as_str()))
    }
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut options = Options {
        quick: false,
        binaries: top.join("target/release"),
        json: None,
        certificates: None,
        rows: Vec::new(),
    };
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .with_context(|| format!("{argument} wants a value"))
        };
        match argument.as_str() {
            "--quick" => options.quick = true,
            "--bin" => options.binaries = value()?.into(),
            "--json" => options.json = Some(value()?.into()),
            "--certificates" => options.certificates = Some(value()?.parse().context("--certificates")?),
            flag if flag.starts_with('-') => bail!("{flag} is not known"),
            row => options.rows.push(row.to_owned()),
        }
    }
    Ok(options)
}
