//! Runs Debian's cfssl and rcfssl side by side on documents made by chance, and tells
//! where they differ. Exit status 1 when they do.
//!
//! ```sh
//! cargo run --release -p rcfssl-tests --bin differential -- --count 20000
//! ```

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use rcfssl_tests::differential::campaign::{self, Difference, Plan};
use rcfssl_tests::differential::kept;
use rcfssl_tests::differential::sides::Sides;
use rcfssl_tests::{Context, Result, bail, ensure};

const USAGE: &str = "\
usage: differential [--seed N] [--count N | --trial N] [--keep] [--folder DIR]
       differential --record
  --seed N      the seed; a fresh one where it is not given
  --count N     how many trials; 1000 where it is not given
  --trial N     only the trial of this number
  --keep        writes each difference into fixtures/differential, to be named there
  --record      asks Debian's cfssl again for the answers to the trials kept there,
                of which some were edited by hand
  --folder DIR  writes each difference as a folder in DIR, to be run by hand
The binaries are built, unless RCFSSL_TEST_BIN names their folder.";

struct Options {
    plan: Plan,
    keep: bool,
    record: bool,
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    match options().and_then(|options| run(&options)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}

fn options() -> Result<Options> {
    let mut plan = Plan {
        seed: campaign::fresh_seed(),
        first: 0,
        count: 1000,
    };
    let (mut keep, mut record, mut folder) = (false, false, None);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value\n{USAGE}"))
        };
        let number = |text: String| text.parse::<u64>().with_context(|| format!("{word} {text}"));
        match word.as_str() {
            "--seed" => plan.seed = number(value()?)?,
            "--count" => plan.count = number(value()?)?,
            "--trial" => (plan.first, plan.count) = (number(value()?)?, 1),
            "--keep" => keep = true,
            "--record" => record = true,
            "--folder" => folder = Some(PathBuf::from(value()?)),
            _ => bail!("{USAGE}"),
        }
    }
    Ok(Options {
        plan,
        keep,
        record,
        folder,
    })
}

fn run(options: &Options) -> Result<bool> {
    ensure!(Sides::has_debian(), "install Debian's package golang-cfssl");
    let sides = Sides::new()?;
    if options.record {
        let paths = kept::record(&sides)?;
        paths.iter().for_each(|path| println!("{}", path.display()));
        return Ok(true);
    }
    let plan = options.plan;
    println!("seed {}", plan.seed);
    let started = std::time::Instant::now();
    let report = campaign::run(plan, &sides, |done| {
        if done % 100 == 0 {
            let mut error = std::io::stderr();
            // Nobody may be there to read it.
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
