//! The process that reads the cases, one after another, and says what it finds. It may
//! end at any of them: who started it goes on behind that one.

use std::cell::RefCell;
use std::fs;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use rustix::process::{Resource, Rlimit, setrlimit};

use super::corpus::{self, Corpus};
use super::programs::Programs;
use super::{Case, Kind, change, readers};
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
const TELL: u64 = 50;

/// Cases by kind, in the order of [`Kind::ALL`].
pub type Counts = [u64; Kind::ALL.len()];

/// What is told, a line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// The number of the case at hand, and how many of each kind this process has read.
    At(u64, Counts),
    /// A case that was a finding.
    Finding {
        /// Its number.
        number: u64,
        /// What happened.
        what: String,
    },
}

impl Message {
    fn line(&self) -> String {
        match self {
            Message::At(number, counts) => {
                format!("at {number} {}", counts.map(|count| count.to_string()).join(" "))
            }
            Message::Finding { number, what } => format!("finding {number} {}", what.replace('\n', " ")),
        }
    }

    /// Reads such a line.
    pub fn read(line: &str) -> Option<Self> {
        if let Some(numbers) = line.strip_prefix("at ") {
            let (number, counts) = numbers.split_once(' ')?;
            let counts: Vec<u64> = counts.split(' ').filter_map(|count| count.parse().ok()).collect();
            return Some(Message::At(number.parse().ok()?, counts.try_into().ok()?));
        }
        let (number, what) = line.strip_prefix("finding ")?.split_once(' ')?;
        Some(Message::Finding {
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
pub fn run(seed: u64, first: u64, limits: Limits, folder: &Path, binaries: &Path) -> Result<()> {
    let limit = Rlimit {
        current: Some(ADDRESS_SPACE),
        maximum: Some(ADDRESS_SPACE),
    };
    setrlimit(Resource::As, limit)?;
    panic::set_hook(Box::new(|info| {
        PANIC.with(|panic| *panic.borrow_mut() = info.to_string());
    }));
    let corpus = corpus::load()?;
    let programs = Programs::new(binaries, &folder.join("programs"), limits)?;
    let mut counts = [0; Kind::ALL.len()];
    let mut at_hand = AtHand::new(folder)?;
    let mut out = std::io::stdout().lock();
    for number in first.. {
        let case = made(&corpus, seed, number);
        at_hand.set(&case, number)?;
        if let Some(count) = counts.get_mut(case.kind as usize) {
            *count += 1;
        }
        if let Some(what) = read(&case, &programs, limits)? {
            writeln!(out, "{}", Message::Finding { number, what }.line())?;
        }
        if number % TELL == 0 {
            writeln!(out, "{}", Message::At(number, counts).line())?;
        }
        out.flush()?;
    }
    Ok(())
}

/// The case of a number.
pub fn made(corpus: &Corpus, seed: u64, number: u64) -> Case {
    change::case(corpus, &mut Random::of_trial(seed, number))
}

/// Reads one case, and says what is wrong with that, if anything.
///
/// # Errors
/// Where the system does not tell what was used.
pub fn read(case: &Case, programs: &Programs, limits: Limits) -> Result<Option<String>> {
    let (time, memory) = (seconds()?, peak(OWN)?);
    let done = panic::catch_unwind(AssertUnwindSafe(|| readers::read(case, programs)));
    let (time, memory) = (seconds()? - time, peak(OWN)?.saturating_sub(memory));
    match done {
        Err(_) => return Ok(Some(PANIC.with(|panic| panic.borrow().clone()))),
        Ok(Err(error)) => return Ok(Some(format!("{error:#}"))),
        Ok(Ok(())) => {}
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

/// The file of this process in `/proc`.
pub const OWN: &str = "/proc/self/status";

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

/// The most memory that a process ever had, in bytes, by its file in `/proc`.
pub fn peak(status: &str) -> Result<u64> {
    let text = fs::read_to_string(status)?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: u64 = line
        .and_then(|line| line.split_whitespace().next())
        .context("the system does not tell how much memory is in use")?
        .parse()?;
    Ok(kilobytes << 10)
}
