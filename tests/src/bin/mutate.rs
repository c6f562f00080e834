//! Gives hostile certificates, requests, keys, containers, lists, OCSP messages and
//! documents to the readers of the libraries, and files, jobs documents and API requests
//! to the built programs. Reports panics and inputs that take too long or too much
//! memory; the exit status is 1 if there are any.
//!
//! ```sh
//! cargo run -p rcfssl-tests --bin mutate -- --seed 1 --seconds 3600
//! ```

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use rcfssl_tests::mutate::run::{self, Plan};
use rcfssl_tests::mutate::worker::{self, Limits};
use rcfssl_tests::mutate::{Case, Programs};
use rcfssl_tests::{Result, binaries};

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
    /// The folder with the programs that some cases are for; they are built where this
    /// does not say.
    #[arg(long)]
    binaries: Option<PathBuf>,
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
    let binaries = match &options.binaries {
        Some(folder) => folder.as_path(),
        None => binaries::folder()?,
    };
    if options.worker {
        worker::run(options.seed, options.first, limits, &options.folder, binaries)?;
        return Ok(true);
    }
    if let Some(file) = &options.case {
        let (_, case) = Case::read(file)?;
        let folder = tempfile::tempdir()?;
        let programs = Programs::new(binaries, folder.path(), limits)?;
        let found = worker::read(&case, &programs, limits)?;
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
        binaries: binaries.to_owned(),
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
        "seed {}: {} cases ({}), {} findings",
        plan.seed,
        outcome.cases,
        outcome.by_kind(),
        outcome.findings.len()
    );
    Ok(outcome.findings.is_empty())
}
