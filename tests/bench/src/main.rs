//! Measures rcfssl against Debian's cfssl: whole processes alternately, and issuing in one
//! process compared with the bare cryptography that it needs.
//!
//!     cargo run --release -p rcfssl-bench -- --help
//!
//! Everything happens in a folder in `TMPDIR`, so the time for flushing depends on its
//! disk.

mod databases;
mod inside;
mod machine;
mod measure;
mod renewals;
mod report;
mod responders;
mod rows;
mod statistics;

use std::num::NonZero;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;

use measure::Place;
use report::Report;

/// Measures rcfssl against Debian's cfssl
#[derive(Parser)]
struct Options {
    /// Make a tenth of the runs
    #[arg(long)]
    quick: bool,
    /// Folder of the binaries to measure (default: target/release)
    #[arg(long, value_name = "DIR")]
    bin: Option<PathBuf>,
    /// Also write the figures to FILE
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Number of certificates for the rows of `renew` (default: 10,000)
    #[arg(long, value_name = "N")]
    certificates: Option<NonZero<usize>>,
    /// Measure only the rows whose names contain one of these words
    #[arg(value_name = "ROW")]
    rows: Vec<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let cfssl = machine::find_cfssl()?;
    let place = Place::new(&options.binaries(), &cfssl)?;
    let mut report = Report::new(machine::describe(&place)?);
    report.print_head();
    let all = rows::all();
    let reads_databases = |row: &rows::Row| row.name.contains(databases::WORD) && options.wants(row.name);
    if all.iter().any(reads_databases) {
        databases::prepare(place.work(), "leaf.csr")?;
    }
    for row in all {
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
    if options.wants(responders::NAME) {
        let (rounds, seconds) = if options.quick { (1, 2) } else { (5, 5) };
        let loads = responders::measure(&place, rounds, seconds);
        report.add_responders(loads.context(responders::NAME)?);
    }
    report.finish(options.json.as_deref())
}

impl Options {
    fn certificates(&self) -> usize {
        let usual = if self.quick { 1_000 } else { 10_000 };
        self.certificates.map_or(usual, NonZero::get)
    }

    fn binaries(&self) -> PathBuf {
        let built = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release");
        self.bin.clone().unwrap_or_else(built)
    }

    fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|part| row.contains(part.as_str()))
    }
}
