//! Runs Debian's cfssl and rcfssl side by side on random documents, and reports the
//! differences. The exit status is 1 if there are any.
//!
//! ```sh
//! cargo run --release -p rcfssl-tests --bin differential -- --count 20000
//! ```

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

use rcfssl_tests::differential::campaign::{self, Difference, Plan};
use rcfssl_tests::differential::kept;
use rcfssl_tests::differential::sides::Sides;
use rcfssl_tests::{Result, ensure};

/// Runs Debian's cfssl and rcfssl side by side on random documents. The binaries are built,
/// unless RCFSSL_TEST_BIN names their folder.
#[derive(Parser)]
struct Options {
    /// Seed (default: a fresh one)
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Number of trials
    #[arg(long, value_name = "N", default_value_t = 1000)]
    count: u64,
    /// Run only the trial with this number
    #[arg(long, value_name = "N", conflicts_with = "count")]
    trial: Option<u64>,
    /// Save each difference in fixtures/differential, to be named there
    #[arg(long)]
    keep: bool,
    /// Record the answers of Debian's cfssl to the saved trials again, after they have been
    /// edited
    #[arg(long)]
    record: bool,
    /// Write each difference to a folder in DIR, to be run by hand
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl Options {
    fn plan(&self) -> Plan {
        let (first, count) = self.trial.map_or((0, self.count), |trial| (trial, 1));
        Plan {
            seed: self.seed.unwrap_or_else(campaign::fresh_seed),
            first,
            count,
        }
    }
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool> {
    ensure!(Sides::has_debian(), "install Debian's package golang-cfssl");
    let sides = Sides::new()?;
    if options.record {
        let paths = kept::record(&sides)?;
        paths.iter().for_each(|path| println!("{}", path.display()));
        return Ok(true);
    }
    let plan = options.plan();
    println!("seed {}", plan.seed);
    let started = std::time::Instant::now();
    let report = campaign::run(plan, &sides, |done| {
        if done % 100 == 0 {
            let mut error = std::io::stderr();
            // Standard error may be closed.
            let _ = write!(
                error,
                "\r{done} of {} in {} s ",
                plan.count,
                started.elapsed().as_secs()
            );
        }
    })?;
    eprintln!();
    println!("{report}");
    println!("seconds: {}", started.elapsed().as_secs());
    for difference in &report.found {
        write(options, difference, &sides)?;
    }
    Ok(report.is_good())
}

fn write(options: &Options, difference: &Difference, sides: &Sides) -> Result<()> {
    let trial = &difference.trial;
    let name = format!("found-{}", trial.id.replace('/', "-"));
    if let Some(folder) = &options.folder {
        let folder = folder.join(&name);
        trial.write(&folder, |name| Ok(sides.surroundings.pki(name)?.to_vec()))?;
        println!("written: {}", folder.display());
    }
    if options.keep {
        println!("kept: {}", kept::keep(&name, trial, sides)?.display());
    }
    Ok(())
}
