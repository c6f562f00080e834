//! `scan`: examines the TLS configuration of hosts and prints the results as JSON.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use rcfssl_ca::input;
use rcfssl_core::verify::Pool;
use rcfssl_core::{Error, Result};
use rcfssl_go::json;
use rcfssl_go::regexp::Regexp;

use crate::args::FlagId;
use crate::context::{Context, Outcome};
use crate::log::Level;
use crate::output;
use rcfssl_net::scan::{self, Findings, Target};

/// Lists the scanners, or runs them on hosts, several at the same time.
pub fn run(context: &Context) -> Outcome {
    let args = &context.args;
    if args.bool(FlagId::List) {
        return print(&json::to_string_indented(&scan::families()));
    }
    let roots = roots(context)?;
    let hosts = hosts(context)?;
    let job = Job {
        ip: args.text(FlagId::Ip).into_owned(),
        family: Regexp::compile(&args.text(FlagId::Family)),
        scanner: Regexp::compile(&args.text(FlagId::Scanner)),
        timeout: Duration::from_nanos(args.duration(FlagId::Timeout).as_nanoseconds().max(0) as u64),
        roots,
    };
    let workers = args.int(FlagId::NumWorkers).clamp(1, 1000) as usize;
    let queue = Mutex::new(VecDeque::from(hosts));
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..workers.min(queue.lock().map_or(0, |queue| queue.len())) {
            let sender = sender.clone();
            let (queue, job) = (&queue, &job);
            scope.spawn(move || {
                while let Some(host) = queue.lock().ok().and_then(|mut queue| queue.pop_front()) {
                    let _ = sender.send(Message::Begun(host.clone()));
                    let _ = sender.send(Message::Done(host.clone(), job.scan(&host)));
                }
            });
        }
        drop(sender);
        receiver
            .into_iter()
            .try_for_each(|message| tell(context, message))
    })
}

/// The settings for every host.
struct Job {
    ip: String,
    family: rcfssl_go::Result<Regexp>,
    scanner: rcfssl_go::Result<Regexp>,
    timeout: Duration,
    roots: Option<Arc<Pool>>,
}

enum Message {
    Begun(String),
    Done(String, Result<(Findings, bool)>),
}

impl Job {
    fn scan(&self, host: &str) -> Result<(Findings, bool)> {
        let target = Target::new(host, &self.ip, self.roots.clone(), self.timeout);
        let (family, scanner) = (self.family.as_ref(), self.scanner.as_ref());
        let family = family.map_err(Clone::clone)?;
        let scanner = scanner.map_err(Clone::clone)?;
        Ok(scan::run(&target, family, scanner))
    }
}

fn tell(context: &Context, message: Message) -> Outcome {
    let (host, result) = match message {
        Message::Begun(host) => {
            output::stdout(format!("Scanning {host}...\n").as_bytes())?;
            return Ok(());
        }
        Message::Done(host, result) => (host, result),
    };
    if let Ok((_, false)) = &result {
        let timeout = context.args.duration(FlagId::Timeout);
        context
            .log
            .line(Level::Warning, format_args!("Scan timed out after {timeout}"));
    }
    output::stdout(format!("=== {host} ===\n").as_bytes())?;
    match result {
        Ok((findings, _)) => {
            let all = findings.values().flat_map(|family| family.values());
            all.filter_map(|finding| finding.aside.as_ref())
                .for_each(|aside| context.hint(aside));
            print(&json::to_string_indented(&findings))
        }
        Err(error) => {
            context.error(error);
            Ok(())
        }
    }
}

fn print(json: &str) -> Outcome {
    output::stdout(format!("{json}\n\n").as_bytes())?;
    Ok(())
}

/// The roots of `-ca-bundle`.
///
/// # Errors
/// Without a number, if the file cannot be read or contains no certificates.
pub fn roots(context: &Context) -> Result<Option<Arc<Pool>>> {
    if !context.args.is_set(FlagId::CaBundle) {
        return Ok(None);
    }
    let text = input::file(context.args.path(FlagId::CaBundle))?;
    if text.is_empty() {
        return Ok(None);
    }
    let mut pool = Pool::default();
    if !pool.add_pem(&text) {
        return Err(Error::plain("failed to load cert pool"));
    }
    Ok(Some(Arc::new(pool)))
}

/// The hosts on the command line, and those of `-csv`, up to `-max-hosts`.
fn hosts(context: &Context) -> Result<Vec<String>> {
    let args = &context.args;
    let mut hosts: Vec<String> = args
        .positional()
        .iter()
        .map(|host| host.to_string_lossy().into_owned())
        .collect();
    let limit = usize::try_from(args.int(FlagId::MaxHosts)).unwrap_or(0);
    if hosts.len() >= limit {
        let (max, given) = (args.int(FlagId::MaxHosts), hosts.len());
        context.log.line(
            Level::Warning,
            format_args!("Only scanning max-hosts={max} out of {given} args given"),
        );
        hosts.truncate(limit);
    } else if args.is_set(FlagId::Csv) {
        let more = from_csv(args.path(FlagId::Csv))?;
        hosts.extend(more.into_iter().take(limit - hosts.len()));
    }
    Ok(hosts)
}

/// The last field of each record (RFC 4180).
fn from_csv(file: &OsStr) -> Result<Vec<String>> {
    let text = input::file(file)?;
    let text = String::from_utf8_lossy(&text);
    let mut hosts = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => field.push('"'),
            '"' if quoted || field.is_empty() => quoted = !quoted,
            ',' if !quoted => field.clear(),
            '\n' if !quoted => hosts.push(std::mem::take(&mut field)),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            c => field.push(c),
        }
    }
    hosts.push(field);
    hosts.retain(|host| !host.is_empty());
    Ok(hosts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_field_of_a_record_is_the_host() {
        let file = std::env::temp_dir().join(format!("rcfssl-hosts-{}.csv", std::process::id()));
        std::fs::write(
            &file,
            "1,a.example\r\n\n\"2, \"\"x\"\"\",\"b.example:8443\"\nc.example",
        )
        .unwrap();
        let hosts = from_csv(file.as_os_str()).unwrap();
        std::fs::remove_file(file).unwrap();
        assert_eq!(hosts, ["a.example", "b.example:8443", "c.example"]);
        assert!(from_csv(OsStr::new("/nowhere")).is_err());
    }
}
