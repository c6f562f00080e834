//! A run: processes that read cases, watched, and started again behind a case that ended
//! one.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::corpus::{self, Corpus};
use super::worker::{AT_HAND, Counts, Limits, Message};
use super::{Case, Kind, worker};
use crate::{Context, Result};

/// What to run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The program that reads cases: this one, with `--worker`.
    pub program: PathBuf,
    /// Decides all cases.
    pub seed: u64,
    /// The first case.
    pub first: u64,
    /// How long.
    pub time: Duration,
    /// What one case may cost.
    pub limits: Limits,
    /// Where findings are kept.
    pub folder: PathBuf,
    /// Where the programs are that some cases are for.
    pub binaries: PathBuf,
}

/// A case that was a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its number.
    pub number: u64,
    /// What happened.
    pub what: String,
    /// Where the case is kept; of many alike only the first few are.
    pub file: Option<PathBuf>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many cases were read, about.
    pub cases: u64,
    /// The same by kind.
    pub counts: Counts,
    /// Those that should not have happened.
    pub findings: Vec<Finding>,
}

impl Outcome {
    /// The cases by kind: `certificate 7, request 9`
    pub fn by_kind(&self) -> String {
        let kinds = Kind::ALL.iter().zip(self.counts);
        let kinds = kinds.map(|(kind, count)| format!("{} {count}", kind.name()));
        kinds.collect::<Vec<_>>().join(", ")
    }
}

/// How many findings of one place are kept.
const KEPT: usize = 3;

/// Runs, and tells of each finding as it comes.
///
/// # Errors
/// Where no process can be started or watched.
pub fn run(plan: &Plan, tell: &mut dyn FnMut(&Finding)) -> Result<Outcome> {
    fs::create_dir_all(&plan.folder)?;
    let end = Instant::now() + plan.time;
    let mut outcome = Outcome::default();
    let mut kept = Kept::new(plan)?;
    let mut first = plan.first;
    while Instant::now() < end {
        let mut process = Process::start(plan, first)?;
        let last = process.watch(plan, end, &mut |number, what| {
            let finding = kept.keep(number, what)?;
            tell(&finding);
            outcome.findings.push(finding);
            Ok(())
        });
        first = last? + 1;
        for (all, some) in outcome.counts.iter_mut().zip(process.counts) {
            *all += some;
        }
        outcome.cases = first - plan.first;
    }
    Ok(outcome)
}

/// Findings as files.
struct Kept<'a> {
    plan: &'a Plan,
    corpus: Corpus,
    places: HashMap<String, usize>,
}

impl<'a> Kept<'a> {
    fn new(plan: &'a Plan) -> Result<Self> {
        Ok(Kept {
            plan,
            corpus: corpus::load()?,
            places: HashMap::new(),
        })
    }

    fn keep(&mut self, number: u64, what: String) -> Result<Finding> {
        // Numbers in a message differ from case to case, its place does not.
        let place = what.chars().filter(|c| !c.is_ascii_digit()).take(80).collect();
        let count = self.places.entry(place).or_default();
        *count += 1;
        let mut file = None;
        if *count <= KEPT {
            let path = self
                .plan
                .folder
                .join(format!("finding-{}-{number}", self.plan.seed));
            // The case at hand is the very one, down to its random signatures.
            let at_hand = Case::read(&self.plan.folder.join(AT_HAND)).ok();
            let case = at_hand.filter(|(at, _)| *at == number).map(|(_, case)| case);
            let case = case.unwrap_or_else(|| worker::made(&self.corpus, self.plan.seed, number));
            fs::write(&path, case.to_file(number))?;
            file = Some(path);
        }
        Ok(Finding { number, what, file })
    }
}

/// A process, which ends with this.
struct Process {
    child: Child,
    lines: Receiver<String>,
    at: u64,
    counts: Counts,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(plan: &Plan, first: u64) -> Result<Self> {
        let mut child = Command::new(&plan.program)
            .arg("--worker")
            .args(["--seed", &plan.seed.to_string()])
            .args(["--first", &first.to_string()])
            .args(["--limit-seconds", &plan.limits.seconds.to_string()])
            .args(["--limit-memory", &(plan.limits.memory >> 20).to_string()])
            .arg("--folder")
            .arg(&plan.folder)
            .arg("--binaries")
            .arg(&plan.binaries)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .with_context(|| plan.program.display().to_string())?;
        let out = child.stdout.take().context("a process has an output")?;
        let (send, lines) = channel();
        thread::spawn(move || {
            let lines = BufReader::new(out).lines().map_while(std::result::Result::ok);
            lines.into_iter().all(|line| send.send(line).is_ok())
        });
        Ok(Process {
            child,
            lines,
            at: first,
            counts: Counts::default(),
        })
    }

    /// Listens until the end of the time or of the process; gives the last case.
    fn watch(
        &mut self,
        plan: &Plan,
        end: Instant,
        found: &mut dyn FnMut(u64, String) -> Result<()>,
    ) -> Result<u64> {
        // Wall time, on a machine that others use, too.
        let patience = Duration::from_secs_f64(plan.limits.seconds * 6.0 + 30.0);
        let (mut moved, mut at) = (Instant::now(), self.at);
        loop {
            match self.lines.recv_timeout(Duration::from_millis(200)) {
                Ok(line) => match Message::read(&line) {
                    Some(Message::At(number, counts)) => (self.at, self.counts) = (number, counts),
                    Some(Message::Finding { number, what }) => {
                        self.at = number;
                        found(number, what)?;
                    }
                    None => {}
                },
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let status = self.child.wait()?;
                    self.at = number_at_hand(&plan.folder).unwrap_or(self.at);
                    found(self.at, format!("the process ended: {status}"))?;
                    return Ok(self.at);
                }
            }
            if Instant::now() >= end {
                return Ok(number_at_hand(&plan.folder).unwrap_or(self.at));
            }
            let now_at = number_at_hand(&plan.folder).unwrap_or(at);
            if now_at != at {
                (moved, at) = (Instant::now(), now_at);
            } else if moved.elapsed() > patience {
                let _ = self.child.kill();
                found(at, format!("hangs for {} s", patience.as_secs()))?;
                return Ok(at);
            }
        }
    }
}

fn number_at_hand(folder: &Path) -> Option<u64> {
    Case::read(&folder.join(AT_HAND)).ok().map(|(number, _)| number)
}
