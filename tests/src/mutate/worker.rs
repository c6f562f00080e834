//! The process that reads the cases, one after another, and says what it finds. It may
//! end at any of them: who started it goes on behind that one.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::panic;
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::corpus::{self, Seed};
use super::{Case, change, readers};
use crate::differential::random::Random;
use crate::{Context, Result};

/// What a process may take in all, in bytes: more ends it.
const ADDRESS_SPACE: u64 = 6 << 30;

/// What one case may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Seconds of one processor.
    pub seconds: f64,
    /// Bytes of memory, over what was in use.
    pub memory: u64,
}

/// The name of the file that holds the case at hand.
pub const AT_HAND: &str = "case";

/// How often the number of the case is told.
const TELL: u64 = 500;

/// What is told, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// This many cases were read.
    At(u64),
    /// A case that was a finding.
    Finding {
        /// Its number.
        number: u64,
        /// What happened.
        what: String,
    },
}

impl Told {
    fn line(&self) -> String {
        match self {
            Told::At(number) => format!("at {number}"),
            Told::Finding { number, what } => format!("finding {number} {}", what.replace('\n', " ")),
        }
    }

    /// Reads such a line.
    pub fn read(line: &str) -> Option<Self> {
        if let Some(number) = line.strip_prefix("at ") {
            return Some(Told::At(number.parse().ok()?));
        }
        let (number, what) = line.strip_prefix("finding ")?.split_once(' ')?;
        Some(Told::Finding {
            number: number.parse().ok()?,
            what: what.to_owned(),
        })
    }
}

thread_local! {
    static PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Reads cases from one on, for ever.
///
/// # Errors
/// Where the corpus cannot be read or nothing can be told.
pub fn run(seed: u64, first: u64, limits: Limits, folder: &Path) -> Result<()> {
    let limit = Rlimit {
        current: Some(ADDRESS_SPACE),
        maximum: Some(ADDRESS_SPACE),
    };
    setrlimit(Resource::As, limit)?;
    panic::set_hook(Box::new(|info| {
        PANIC.with(|panic| *panic.borrow_mut() = info.to_string());
    }));
    let seeds = corpus::load()?;
    let mut at_hand = AtHand::new(folder)?;
    let mut out = std::io::stdout().lock();
    for number in first.. {
        let case = made(&seeds, seed, number);
        at_hand.set(&case, number)?;
        if let Some(what) = read(&case, limits)? {
            writeln!(out, "{}", Told::Finding { number, what }.line())?;
        }
        if number % TELL == 0 {
            writeln!(out, "{}", Told::At(number).line())?;
        }
        out.flush()?;
    }
    Ok(())
}

/// The case of a number.
pub fn made(seeds: &[Seed], seed: u64, number: u64) -> Case {
    change::case(seeds, &mut Random::of_trial(seed, number))
}

/// Reads one case, and says what is wrong with that, if anything.
///
/// # Errors
/// Where the system does not tell what was used.
pub fn read(case: &Case, limits: Limits) -> Result<Option<String>> {
    let (time, memory) = (seconds()?, peak()?);
    let done = panic::catch_unwind(|| readers::read(case));
    let (time, memory) = (seconds()? - time, peak()?.saturating_sub(memory));
    if done.is_err() {
        return Ok(Some(PANIC.with(|panic| panic.borrow().clone())));
    }
    let length = case.bytes.len();
    if time > limits.seconds {
        return Ok(Some(format!("slow: {time:.1} s for {length} bytes")));
    }
    if memory > limits.memory {
        return Ok(Some(format!("large: {} MiB for {length} bytes", memory >> 20)));
    }
    Ok(None)
}

/// The file with the case at hand.
struct AtHand {
    path: PathBuf,
}

impl AtHand {
    fn new(folder: &Path) -> Result<Self> {
        Ok(AtHand {
            path: folder.join(AT_HAND),
        })
    }

    fn set(&mut self, case: &Case, number: u64) -> Result<()> {
        fs::write(&self.path, case.to_file(number)).context("the case at hand cannot be kept")
    }
}

/// What this thread has computed, in seconds.
fn seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: u64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds as f64 / 1e9)
}

/// The most memory that this process ever had, in bytes.
fn peak() -> Result<u64> {
    let text = fs::read_to_string("/proc/self/status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("the system does not tell how much memory is in use")?
        .parse()?;
    Ok(kilobytes << 10)
}
