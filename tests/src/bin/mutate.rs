//! Gives hostile certificates, requests, keys, containers, lists and documents to the
//! readers of the libraries, and tells of panics and of what takes too long or too much.
//! Exit status 1 where there is any.
//!
//! ```sh
//! cargo run -p rcfssl-tests --bin mutate -- --seed 1 --seconds 3600
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rcfssl_tests::Result;
use rcfssl_tests::mutate::Case;
use rcfssl_tests::mutate::run::{self, Plan};
use rcfssl_tests::mutate::worker::{self, Limits};

/// Gives mutated inputs to the readers of the libraries.
#[derive(Parser)]
struct Options {
    /// Decides all cases, but for their random signatures.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How long to run.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The first case.
    #[arg(long, default_value_t = 0)]
    first: u64,
    /// The seconds of one processor that a case may take.
    #[arg(long, default_value_t = 15.0)]
    limit_seconds: f64,
    /// The MiB of memory that a case may take.
    #[arg(long, default_value_t = 192)]
    limit_memory: u64,
    /// Where findings are kept, as files.
    #[arg(long, default_value = "target/mutate")]
    folder: PathBuf,
    /// Reads one case that was kept, and nothing else.
    #[arg(long, value_name = "FILE")]
    case: Option<PathBuf>,
    /// Reads cases until it is stopped: what this program starts itself as.
    #[arg(long, hide = true)]
    worker: bool,
}

fn main() -> ExitCode {
    match start(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn start(options: &Options) -> Result<bool> {
    let limits = Limits {
        seconds: options.limit_seconds,
        memory: options.limit_memory << 20,
    };
    if options.worker {
        worker::run(options.seed, options.first, limits, &options.folder)?;
        return Ok(true);
    }
    if let Some(file) = &options.case {
        let (_, case) = Case::read(file)?;
        let found = worker::read(&case, limits)?;
        println!("{}", found.as_deref().unwrap_or("nothing found"));
        return Ok(found.is_none());
    }
    let plan = Plan {
        program: std::env::current_exe()?,
        seed: options.seed,
        first: options.first,
        time: Duration::from_secs(options.seconds),
        limits,
        folder: options.folder.clone(),
    };
    let outcome = run::run(&plan, &mut |finding| {
        let file = finding.file.as_ref().map(|file| format!(" [{}]", file.display()));
        println!(
            "case {}: {}{}",
            finding.number,
            finding.what,
            file.unwrap_or_default()
        );
    })?;
    println!(
        "seed {}: {} cases, {} findings",
        plan.seed,
        outcome.cases,
        outcome.findings.len()
    );
    Ok(outcome.findings.is_empty())
}
