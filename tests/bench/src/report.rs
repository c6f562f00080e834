//! The results as a table and as JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::inside::Rates;
use crate::machine::Machine;
use crate::measure::Measured;
use crate::renewals::{Renewals, Taken};
use crate::responders::Load;
use crate::rows::Row;

/// The measurements so far.
#[derive(Debug, Serialize)]
pub struct Report {
    machine: Machine,
    rows: Vec<Line>,
    rates: Vec<Rates>,
    renewals: Vec<Renewals>,
    responders: Vec<Load>,
}

#[derive(Debug, Serialize)]
struct Line {
    name: &'static str,
    unit: &'static str,
    target: Option<f64>,
    #[serde(flatten)]
    measured: Measured,
}

impl Report {
    /// An empty report.
    pub fn new(machine: Machine) -> Self {
        Report {
            machine,
            rows: Vec::new(),
            rates: Vec::new(),
            renewals: Vec::new(),
            responders: Vec::new(),
        }
    }

    /// Prints the text above the table.
    pub fn print_head(&self) {
        println!("{}\n", self.machine);
        println!("| what, whole process | unit | rcfssl | cfssl | ratio | at most |");
        println!("|---|---|---|---|---|---|");
    }

    /// Adds a row and prints it: medians, with quartiles in brackets.
    pub fn add(&mut self, row: &Row, measured: &Measured) {
        let shown =
            |q: &crate::statistics::Quartiles| format!("{:.2} ({:.2}–{:.2})", q.median, q.lower, q.upper);
        let target = match self.machine.is_dynamic() {
            true => row.dynamic_target,
            false => Some(row.target),
        };
        let promised = match target {
            None => String::new(),
            Some(target) if measured.ratio <= target => format!("{target:.2}"),
            Some(target) => format!("{target:.2} MISSED"),
        };
        println!(
            "| {} | {} | {} | {} | {:.3} | {promised} |",
            row.name,
            row.kind.unit(),
            shown(&measured.ours),
            shown(&measured.theirs),
            measured.ratio,
        );
        self.rows.push(Line {
            name: row.name,
            unit: row.kind.unit(),
            target,
            measured: Measured { ..*measured },
        });
    }

    /// Adds rates inside one process.
    pub fn add_inside(&mut self, rates: Rates) {
        if self.rates.is_empty() {
            println!("\n| certificates a second | one core | at least | bare cryptography | all cores |");
            println!("|---|---|---|---|---|");
        }
        let mark = if rates.one_core >= rates.target {
            ""
        } else {
            " MISSED"
        };
        println!(
            "| {} | {:.0} | {:.0}{mark} | {:.0} ({:.0} % of it) | {:.0} on {} |",
            rates.name,
            rates.one_core,
            rates.target,
            rates.limit,
            100.0 * rates.one_core / rates.limit,
            rates.all_cores,
            rates.cores
        );
        self.rates.push(rates);
    }

    /// Adds renewals of many certificates; the ratio is that to the loop.
    pub fn add_renewals(&mut self, renewals: Renewals) {
        if self.renewals.is_empty() {
            println!("\n| many certificates | how many | time | a second | CPU time | peak memory | ratio |");
            println!("|---|---|---|---|---|---|---|");
        }
        let Renewals {
            name,
            certificates,
            looped,
            ..
        } = renewals;
        let ratio = format!("{:.3}", renewals.ratio());
        let lines = [
            ("made, new keys", certificates, &renewals.made, ""),
            ("renewed, same keys", certificates, &renewals.renewed, ""),
            ("untouched", certificates, &renewals.untouched, ""),
            ("made, new keys", looped, &renewals.few, ratio.as_str()),
            (
                "the same by a shell loop over cfssl",
                looped,
                &renewals.cfssl,
                "1",
            ),
        ];
        for (what, count, taken, ratio) in lines {
            let Taken {
                seconds,
                cpu_seconds,
                megabytes,
            } = taken;
            let rate = count as f64 / seconds;
            println!(
                "| {name}, {what} | {count} | {seconds:.2} s | {rate:.0} | {cpu_seconds:.2} s | {megabytes:.1} MB | {ratio} |"
            );
        }
        self.renewals.push(renewals);
    }

    /// Adds OCSP responders under load; the multiple is that of real cfssl's rate.
    pub fn add_responders(&mut self, loads: Vec<Load>) {
        println!(
            "\n| OCSP responders, c = 64 | responses a second | CPU for one | p99 | times cfssl's rate | at least |"
        );
        println!("|---|---|---|---|---|---|");
        for load in &loads {
            let promised = match load.at_least {
                None => String::new(),
                Some(least) if load.times >= least => format!("{least:.0}"),
                Some(least) => format!("{least:.0} MISSED"),
            };
            println!(
                "| {} | {:.0} | {:.1} µs | {:.2} ms | {:.2} | {promised} |",
                load.name, load.rate, load.cpu_microseconds, load.p99_milliseconds, load.times
            );
        }
        self.responders = loads;
    }

    /// Writes the JSON file, if requested.
    pub fn finish(&self, json: Option<&Path>) -> Result<()> {
        let Some(path) = json else { return Ok(()) };
        let text = serde_json::to_string_pretty(self)?;
        fs::write(path, text + "\n").with_context(|| path.display().to_string())
    }
}
