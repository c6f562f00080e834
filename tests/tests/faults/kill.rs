//! A kill while files are written leaves the old or the new contents, never a part.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rcfssl_tests::{Workplace, binaries, needs};

use crate::{fails, place, run};

/// The minimum number of kills.
const KILLS: u32 = 200;

/// The maximum, until some hit before, during and after writing.
const MOST: u32 = 5000;

/// Large enough that writing takes a while.
const SIZE: usize = 1_000_000;

fn results(letter: char) -> String {
    let content: String = std::iter::repeat_n(letter, SIZE).collect();
    format!(r#"{{"cert":"{content}"}}"#)
}

#[test]
fn a_killed_writer_leaves_old_or_new() {
    let place = Workplace::new().unwrap();
    place.write("a.json", results('a')).unwrap();
    place.write("b.json", results('b')).unwrap();
    let whole = |letter| run(&place, &format!("rcfssljson -bare -f {letter}.json x"));
    assert_eq!(whole('a').status, 0);
    let started = Instant::now();
    assert_eq!(whole('b').status, 0);
    let usual = started.elapsed();
    let (mut old, mut new, mut amid) = (0, 0, 0);
    let mut before = b'b';
    for round in 0..MOST {
        let letter = if before == b'a' { 'b' } else { 'a' };
        kill_after(&place, letter, usual.mul_f64(f64::from(round % 50) / 40.0));
        let content = fs::read(place.join("x.pem")).unwrap();
        assert_eq!(content.len(), SIZE, "round {round}");
        let first = content[0];
        assert!(
            content.iter().all(|letter| *letter == first),
            "round {round}: mixed"
        );
        if first == before {
            old += 1
        } else {
            new += 1
        }
        before = first;
        amid += leftovers(&place);
        if round >= KILLS && old > 0 && new > 0 && amid > 0 {
            return;
        }
    }
    panic!("old {old}, new {new}, killed amid writing {amid}: the delays are wrong");
}

/// Starts a writer and kills it after a delay between zero and well after its usual end.
fn kill_after(place: &Workplace, letter: char, delay: Duration) {
    let mut command = place.command(binaries::folder().unwrap().join("rcfssljson"));
    command
        .args(["-bare", "-f", &format!("{letter}.json"), "x"])
        .stderr(Stdio::null());
    let mut writer = command.spawn().unwrap();
    std::thread::sleep(delay);
    // It may have finished already.
    let _ = writer.kill();
    writer.wait().unwrap();
}

/// Removes what killed writers left beside the file.
fn leftovers(place: &Workplace) -> usize {
    let names = crate::names(place)
        .into_iter()
        .filter(|name| name.ends_with(".tmp"));
    names
        .map(|name| fs::remove_file(place.join(name)).unwrap())
        .count()
}

#[test]
fn many_writers_of_one_file_leave_one_whole() {
    let place = Workplace::new().unwrap();
    for letter in 'a'..='h' {
        let content: String = std::iter::repeat_n(letter, 500_000).collect();
        place
            .write(&format!("{letter}.json"), format!(r#"{{"cert":"{content}"}}"#))
            .unwrap();
    }
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(2) {
        let line =
            "for x in a b c d e f g h; do rcfssljson -bare -f $x.json x & done; wait; ls -A | grep -v json";
        let step = run(&place, line).ok().unwrap();
        assert_eq!(step.out(), "x.pem\n", "{}", step.err());
        let content = fs::read(place.join("x.pem")).unwrap();
        let first = content[0];
        assert!(content.len() == 500_000 && content.iter().all(|letter| *letter == first));
    }
}

#[test]
fn a_file_size_limit_is_reported() {
    let place = place();
    place.write("large.json", results('a')).unwrap();
    place.write("x.pem", "old").unwrap();
    // By default the kernel kills with SIGXFSZ.
    for trap in ["", "trap '' XFSZ;"] {
        let line = format!("{trap} ulimit -f 1; rcfssljson -bare -f large.json x");
        fails(&place, &line, "write x.pem: file too large");
        assert_eq!(place.read("x.pem").unwrap(), "old");
        assert_eq!(crate::names(&place), ["in.json", "large.json", "x.pem"]);
    }
    // A key that is printed to a file incompletely.
    place.write("x.json", r#"{"CN":"x"}"#).unwrap();
    let line = "ulimit -f 0; rcfssl genkey x.json > out";
    fails(&place, line, "write /dev/stdout: file too large");
}

/// The remains of a killed key writer are not readable by others.
#[test]
fn the_remains_of_a_key_are_secret() {
    needs!("strace");
    let place = Workplace::new().unwrap();
    place
        .write("large.json", results('k').replace("cert", "key"))
        .unwrap();
    let line = "umask 000; strace -o /dev/null -e inject=rename,renameat,renameat2:signal=KILL rcfssljson -bare -f \
                large.json x";
    let step = run(&place, line);
    assert!(step.status > 128, "{}", step.err());
    let tree = place.tree().unwrap();
    let left: Vec<_> = tree
        .files
        .iter()
        .filter(|(name, _)| *name != "large.json")
        .collect();
    assert!(!left.is_empty(), "nothing was being written");
    for (name, file) in left {
        assert_eq!(file.permissions, 0o600, "{name}");
    }
}

/// A pair that replaces another is renamed together, or by the next run.
#[test]
fn a_new_certificate_does_not_stay_with_an_old_key() {
    needs!("strace");
    let place = place();
    let (mut kills, mut finished) = (0, 0);
    for call in ["openat", "write", "linkat", "renameat", "unlinkat", "exit_group"] {
        for number in 1.. {
            let line = "rm -rf ./x* .rcfssl* y*; echo old > x.pem; echo old > x-key.pem; echo old > x.csr";
            run(&place, line).ok().unwrap();
            let line = format!(
                "strace -o /dev/null -e trace={call} -e inject={call}:signal=KILL:when={number} \
                 rcfssljson -bare x < in.json"
            );
            if run(&place, &line).status < 128 {
                break;
            }
            let all = || ["x.pem", "x-key.pem", "x.csr"].map(|name| place.read(name).unwrap());
            let is_whole = |all: &[String; 3]| {
                all.iter().all(|text| text == "old\n") || *all == ["new cert", "new key", "new csr"]
            };
            let is_journalled = place.join(".rcfssl.journal").exists();
            assert!(is_whole(&all()) || is_journalled, "{call} {number}: {:?}", all());
            // Any run in the folder does this, even if it writes other files.
            run(&place, "rcfssljson -bare y < in.json").ok().unwrap();
            assert!(is_whole(&all()), "{call} {number}: {:?}", all());
            kills += 1;
            finished += usize::from(is_journalled);
        }
    }
    assert!(kills > 15 && finished > 3, "{kills} {finished}");
}
