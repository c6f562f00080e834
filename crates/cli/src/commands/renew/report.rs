//! Reports a run: a line for each certificate, the output of `-exec` commands, and a
//! summary.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rcfssl_ca::input;
use rcfssl_renew::{Ending, Listener, Outcome, Replaced, Revocation};
use serde::Serialize;
use time::OffsetDateTime;

use super::progress::Progress;
use super::{rows, words};
use crate::log::{Level, Log};
use crate::output::printable;

/// The number of certificates by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Certificates created where there was no valid one.
    pub made: usize,
    /// Certificates that replaced valid ones.
    pub renewed: usize,
    /// Certificates that were left unchanged.
    pub untouched: usize,
    /// Certificates that could not be issued.
    pub failed: usize,
    /// Commands of `-exec` that failed.
    pub commands_failed: usize,
    /// Certificates that were replaced and are revoked.
    pub revoked: usize,
    /// Certificates that were replaced and could not be revoked, other than those that are
    /// not recorded.
    pub revocations_failed: usize,
}

/// Reports certificates as they are finished.
pub struct Reporter<'a> {
    log: &'a Log,
    json: bool,
    dry_run: bool,
    counts: Counts,
    rows: usize,
    start: Instant,
    progress: Progress,
    repeats: Repeats,
    /// Environment variables that commands do not inherit.
    secrets: Vec<OsString>,
    /// The organization that failed as a whole, and the reason.
    last_cause: Option<(Arc<str>, String)>,
}

/// A warning that concerns many certificates of a run is printed once.
#[derive(Default)]
struct Repeats {
    last: Vec<String>,
    more: usize,
}

impl Repeats {
    fn warn(&mut self, log: &Log, shown: &str, warnings: &[String]) {
        if !warnings.is_empty() && self.last == warnings {
            self.more += 1;
            return;
        }
        self.end(log);
        for warning in warnings {
            log.line(Level::Warning, format_args!("{shown}: {}", printable(warning)));
        }
        self.last = warnings.to_vec();
    }

    fn end(&mut self, log: &Log) {
        match std::mem::take(&mut self.more) {
            0 => {}
            1 => log.line(Level::Warning, "the same for 1 more certificate"),
            more => log.line(
                Level::Warning,
                format_args!("the same for {more} more certificates"),
            ),
        }
    }
}

impl<'a> Reporter<'a> {
    /// Creates a reporter for a run with this many certificates.
    pub fn new(log: &'a Log, total: usize, json: bool, dry_run: bool) -> Self {
        Reporter {
            log,
            json,
            dry_run,
            counts: Counts::default(),
            rows: 0,
            start: Instant::now(),
            progress: Progress::new(total, log),
            repeats: Repeats::default(),
            secrets: Vec::new(),
            last_cause: None,
        }
    }

    /// Withholds variables with keys and passwords from the commands.
    pub fn hide(&mut self, variables: impl IntoIterator<Item = OsString>) {
        self.secrets.extend(variables);
    }

    fn report(&mut self, outcome: &Outcome) {
        let counts = &mut self.counts;
        match &outcome.ending {
            Ending::Foreign => return self.progress.leave_out(),
            Ending::Untouched { .. } => counts.untouched += 1,
            Ending::Would { why } | Ending::Changed { why, .. } if why.is_new() => counts.made += 1,
            Ending::Would { .. } | Ending::Changed { .. } => counts.renewed += 1,
            Ending::Failed(_) => counts.failed += 1,
        }
        self.progress.clear();
        let shown = printable(&outcome.certificate.to_string_lossy());
        let warnings: Vec<String> = outcome.warnings.iter().map(words::warning).collect();
        self.repeats.warn(self.log, &shown, &warnings);
        if let Ending::Failed(why) = &outcome.ending {
            self.failed(outcome, &shown, &words::refusal(why));
        }
        if let Some(Err(why)) = &outcome.command {
            self.counts.commands_failed += 1;
            self.log
                .line(Level::Error, format_args!("{shown}: the command {why}"));
        }
        if let Some(replaced) = replaced(outcome) {
            self.count_replaced(&shown, replaced);
        }
        if self.json {
            self.print_row(outcome, &warnings);
        } else {
            self.print_line(outcome);
        }
        self.progress.advance(self.log);
    }

    /// Counts a certificate that was replaced, and says why it is not revoked.
    fn count_replaced(&mut self, shown: &str, replaced: &Replaced) {
        match &replaced.revocation {
            Revocation::Due | Revocation::Done => self.counts.revoked += 1,
            // A warning tells of it.
            Revocation::NotRecorded => {}
            Revocation::CommandFailed | Revocation::Failed(_) => {
                self.counts.revocations_failed += 1;
                let serial = &replaced.record.serial;
                let why = words::not_revoked(&replaced.revocation).unwrap_or_default();
                let why = printable(&why);
                let line = format_args!(
                    "{shown}: the certificate that was replaced, serial number {serial}, is not revoked: {why}"
                );
                self.log.line(Level::Error, line);
                self.log.hint(words::revoke_by_hand(replaced));
            }
        }
    }

    /// Prints the summary and returns the counts.
    pub fn finish(mut self) -> Counts {
        self.progress.clear();
        self.repeats.end(self.log);
        let seconds = self.start.elapsed().as_secs_f64();
        let counts = self.counts;
        if self.json {
            let sum = rows::sum(counts, self.dry_run, seconds);
            let open = if self.rows == 0 { "{\"certificates\":[" } else { "" };
            print(&format!("{open}],{}\n", sum.trim_start_matches('{')));
            return counts;
        }
        let Counts {
            made,
            renewed,
            untouched,
            failed,
            commands_failed,
            revoked,
            revocations_failed,
        } = counts;
        let all = made + renewed + untouched + failed;
        let noun = if all == 1 { "certificate" } else { "certificates" };
        let [made_word, renewed_word, failed_word] = match self.dry_run {
            true => ["to be made", "to be renewed", "refused"],
            false => ["made", "renewed", "failed"],
        };
        let commands = match commands_failed {
            0 => String::new(),
            1 => ", 1 command failed".to_owned(),
            many => format!(", {many} commands failed"),
        };
        let revoked = match (revoked, self.dry_run) {
            (0, _) => String::new(),
            (revoked, true) => format!(", {revoked} to be revoked"),
            (revoked, false) => format!(", {revoked} revoked"),
        };
        let revocations = match revocations_failed {
            0 => String::new(),
            1 => ", 1 revocation failed".to_owned(),
            many => format!(", {many} revocations failed"),
        };
        print(&format!(
            "{all} {noun}: {made} {made_word}, {renewed} {renewed_word}, {untouched} untouched, \
             {failed} {failed_word}{commands}{revoked}{revocations} ({seconds:.1} s)\n"
        ));
        counts
    }

    /// Reports the reason; a reason that concerns a whole organization is reported once.
    fn failed(&mut self, outcome: &Outcome, shown: &str, why: &str) {
        let common = outcome.organization.as_ref().filter(|_| outcome.is_common);
        let Some(organization) = common else {
            let line = format_args!("{shown}: {}", printable(why));
            return self.log.line(Level::Error, line);
        };
        let cause = (Arc::clone(organization), why.to_owned());
        if self.last_cause.as_ref() != Some(&cause) {
            let [organization, why] = [&**organization, why].map(printable);
            let line = format_args!("organization \"{organization}\": {why}");
            self.log.line(Level::Error, line);
            self.last_cause = Some(cause);
        }
    }

    fn print_line(&self, outcome: &Outcome) {
        let shown = printable(&outcome.certificate.to_string_lossy());
        let profile = outcome.profile.as_deref().unwrap_or_default();
        print(&match &outcome.ending {
            Ending::Foreign | Ending::Failed(_) => return,
            Ending::Untouched { until } => format!("untouched  {shown}  until {}\n", day(*until)),
            Ending::Would { why } => {
                let word = if why.is_new() { "to make " } else { "to renew" };
                let why = words::why(*why);
                let old = old_certificate(outcome);
                format!("{word}   {shown}  {why}, profile {profile}{old}\n")
            }
            Ending::Changed {
                why, until, new_key, ..
            } => {
                let word = if why.is_new() { "made   " } else { "renewed" };
                let key = if *new_key { "new key" } else { "same key" };
                let (until, why) = (day(*until), words::why(*why));
                let old = old_certificate(outcome);
                format!("{word}    {shown}  until {until}  {why}, profile {profile}, {key}{old}\n")
            }
        });
    }

    fn print_row(&mut self, outcome: &Outcome, warnings: &[String]) {
        let Some(row) = rows::row(outcome, warnings) else {
            return;
        };
        let lead = if self.rows == 0 {
            "{\"certificates\":[\n"
        } else {
            ",\n"
        };
        self.rows += 1;
        print(&format!("{lead}{}", row));
    }

    /// Runs the command for a change. If the report is JSON, the command's output goes to
    /// standard error.
    fn run_command(&mut self, outcome: &Outcome) -> Option<Result<(), String>> {
        let command = outcome.exec.as_deref()?;
        self.progress.clear();
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .env("RCFSSL_CERT", absolute(&outcome.certificate))
            .env("RCFSSL_KEY", absolute(&outcome.key))
            .env("RCFSSL_NAME", &outcome.name)
            .stdin(Stdio::null());
        for name in self.secrets.iter().cloned().chain(input::secret_variables()) {
            shell.env_remove(name);
        }
        if self.json
            && let Ok(stderr) = io::stderr().as_fd().try_clone_to_owned()
        {
            shell.stdout(Stdio::from(stderr));
        }
        Some(match shell.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("failed: {status}")),
            Err(error) => Err(format!(
                "could not be started: {}",
                rcfssl_go::os::describe(&error)
            )),
        })
    }
}

impl Listener for Reporter<'_> {
    fn changed(&mut self, outcome: &Outcome) -> Option<Result<(), String>> {
        self.run_command(outcome)
    }

    fn tell(&mut self, outcome: Outcome) {
        self.report(&outcome);
    }
}

/// The certificate that was replaced and is to be revoked, or without `-dry-run` would be.
pub fn replaced(outcome: &Outcome) -> Option<&Replaced> {
    let replaces = matches!(outcome.ending, Ending::Changed { .. } | Ending::Would { .. });
    outcome.replaced.as_ref().filter(|_| replaces)
}

/// What became of the certificate that was replaced, as the end of a line.
fn old_certificate(outcome: &Outcome) -> &'static str {
    match replaced(outcome).map(|replaced| &replaced.revocation) {
        None => "",
        Some(Revocation::Done) => ", old certificate revoked",
        Some(Revocation::Due) => ", old certificate to be revoked",
        Some(_) => ", old certificate not revoked",
    }
}

/// The date of a moment in UTC.
fn day(moment: OffsetDateTime) -> String {
    moment.date().to_string()
}

/// Prints on standard output. If it is closed, the work continues.
fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
