//! The crontab lines.

use rcfssl_tests::{needs, needs_root};

use crate::{check, machine, read, run};

/// Schedule, user and command of each line; and the variables above them.
fn lines() -> (Vec<String>, Vec<[String; 3]>) {
    let text = read("rcfssl.cron");
    let lines = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (variables, jobs): (Vec<&str>, Vec<&str>) =
        lines.partition(|line| line.starts_with(char::is_alphabetic));
    let split = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let command = line.split_once(" root  ").unwrap().1;
        [fields[..5].join(" "), fields[5].to_owned(), command.to_owned()]
    };
    (
        variables.into_iter().map(str::to_owned).collect(),
        jobs.iter().map(split).collect(),
    )
}

/// In cron's environment, with empty standard input.
#[test]
fn the_lines_work_in_crons_bare_environment() {
    needs_root!();
    let organization = machine();
    let (variables, jobs) = lines();
    let [renew, expiry] = jobs.try_into().unwrap();
    let bare = |command: &str| {
        assert!(!command.contains('%'), "cron ends a command there");
        let command = command.replace("/var/lib/prometheus/node-exporter", "/etc/metrics");
        format!(
            "cd /root; env -i HOME=/root LOGNAME=root SHELL=/bin/sh {} /bin/sh -c '{command}' < /dev/null",
            variables.join(" ")
        )
    };
    // Without output, cron sends no mail.
    let step = run(&organization, &bare(&renew[2])).ok().unwrap();
    // The walk-through's client has an empty string among its hosts.
    let said: Vec<String> = step.err().lines().map(str::to_owned).collect();
    assert_eq!((step.out().as_str(), said.len()), ("", 1), "{said:?}");
    assert!(said[0].contains("[WARNING] "), "{said:?}");
    check(&organization);
    let step = run(&organization, &bare(&renew[2])).ok().unwrap();
    assert_eq!(step.out() + &step.err(), "");
    let script = format!("mkdir /etc/metrics; {}; cat /etc/metrics/*", bare(&expiry[2]));
    let step = run(&organization, &script).ok().unwrap();
    assert_eq!(step.err(), "");
    assert_eq!(
        step.out()
            .matches("\nrcfssl_certificate_not_after_timestamp_seconds{")
            .count(),
        2
    );
    // Problems are mailed.
    let script = format!(
        "rm /etc/rcfssl/acme/ca-key.pem /etc/rcfssl/acme/client.pem; {}",
        bare(&renew[2])
    );
    let step = run(&organization, &script);
    assert_eq!((step.status, step.out().as_str()), (1, ""));
    assert!(
        step.err().contains("acme/ca-key.pem: no such file or directory"),
        "{}",
        step.err()
    );
}

/// Every minute instead of every night and hour.
#[test]
fn cron_itself_runs_them() {
    needs_root!();
    needs!("cron", "prometheus-node-exporter");
    let organization = machine();
    let (variables, jobs) = lines();
    let mut table = variables.join("\n") + "\n";
    for [schedule, user, command] in &jobs {
        assert_eq!(schedule.split(' ').count(), 5);
        table += &format!("* * * * *  {user}  {command}\n");
    }
    std::fs::write(organization.aside().join("table"), table).unwrap();
    let script = "
        metrics=/var/lib/prometheus/node-exporter
        for folder in /run /var/spool/cron $metrics; do mount -t tmpfs none $folder; done
        /usr/sbin/cron -f &
        n=0
        until [ -s acme/client.pem ] && [ -s $metrics/rcfssl.prom ]; do
            n=$((n + 1)); [ $n -lt 100 ] || break; sleep 1
        done
        kill $!
        cat $metrics/rcfssl.prom";
    let script = format!("unshare --pid --fork --kill-child --mount-proc bash -c '{script}'");
    let step = run(&organization, &script).ok().unwrap();
    assert!(
        step.out()
            .contains("\nrcfssl_certificate_not_after_timestamp_seconds{"),
        "{}",
        step.err()
    );
    check(&organization);
}
