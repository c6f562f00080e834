//! Kills at random moments.

use std::hash::{BuildHasher, RandomState};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rcfssl_tests::{binaries, notice};

use crate::{Files, PAIRS, Victim};

/// The minimum number of kills.
const KILLS: usize = 300;
/// The maximum, until some left a journal.
const MOST: usize = 5000;

/// The effects of kills.
#[derive(Debug, Default)]
struct Counts {
    /// Runs that had not changed anything yet.
    before: usize,
    /// Runs that left something: a lock, temporary files, a journal.
    amid: usize,
    /// Runs that had finished, including those that were faster than the kill.
    after: usize,
    /// Of the interrupted ones: a journal was left, and the next run completed it.
    finished: usize,
    /// Of the interrupted ones: only temporary files were left, which the next run removed.
    undone: usize,
}

fn run(victim: &Victim) -> Command {
    let mut command = victim
        .organization
        .command(binaries::folder().unwrap().join("rcfssl"));
    command.args(["renew", "-rekey", "-force", "."]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The duration of undisturbed runs: the slowest of a few.
fn usual(victim: &Victim) -> Duration {
    let runs = (0..5).map(|_| {
        let start = Instant::now();
        assert!(run(victim).status().unwrap().success());
        start.elapsed()
    });
    runs.max().unwrap()
}

#[test]
fn a_killed_run_leaves_pairs_that_match_or_a_journal() {
    let mut victim = Victim::new();
    let mut counts = Counts::default();
    let random = RandomState::new();
    let mut longest = usual(&victim);
    let mut round = 0;
    while round < KILLS || counts.finished == 0 || counts.undone == 0 {
        assert!(round < MOST, "{counts:?}: the moments are wrong");
        // The load of the machine varies.
        if round % 50 == 49 {
            longest = usual(&victim);
        }
        let moment = random.hash_one(round) as f64 / u64::MAX as f64;
        one(&mut victim, longest.mul_f64(1.1 * moment), &mut counts);
        round += 1;
    }
    let Counts {
        before,
        amid,
        after,
        finished,
        undone,
    } = counts;
    notice::print(&format!(
        "crash test: {round} runs of renew -rekey killed: {before} before anything was changed, {amid} amid it, \
         {after} after; amid it {finished} left a journal and were finished, {undone} left only new files and were \
         undone"
    ));
}

/// Kills one run after this delay, and lets another clean up.
fn one(victim: &mut Victim, delay: Duration, counts: &mut Counts) {
    let before = victim.look().visible;
    let mut child = run(victim).spawn().unwrap();
    std::thread::sleep(delay);
    // It may have finished already.
    let _ = child.kill();
    let status = child.wait().unwrap();
    let was_killed = status.signal() == Some(9);
    assert!(was_killed || status.success(), "{status}");
    let found = victim.look();
    let said = victim.clear_up(&before, &found);
    let is_new = |files: &Files| PAIRS.iter().all(|(name, _)| files[*name] != before[*name]);
    if found.has_journal() {
        counts.finished += 1;
    } else if found.has_temporary_files() && found.visible == before {
        counts.undone += 1;
        assert!(
            said.contains("removed the temporary files of an interrupted run"),
            "{said}"
        );
    }
    if !found.hidden.is_empty() {
        assert!(was_killed);
        counts.amid += 1;
    } else if is_new(&found.visible) {
        counts.after += 1;
    } else {
        assert!(was_killed && found.visible == before);
        counts.before += 1;
    }
}
