//! Manual pages and completions: they contain everything that `-h` lists, and the programs
//! that read them report no errors.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

use std::collections::BTreeSet;
use std::fs;

use rcfssl_tests::workplace::Step;
use rcfssl_tests::{Workplace, needs};

/// A workplace with all pages in `man1`.
fn place() -> Workplace {
    let place = Workplace::new().unwrap();
    place.call("rcfssl man -dir man1").unwrap().ok().unwrap();
    place
}

fn run(place: &Workplace, line: &str) -> Step {
    place.shell(line).unwrap().ok().unwrap()
}

/// The names of the commands, from `rcfssl -h`.
fn commands(place: &Workplace) -> BTreeSet<String> {
    let help = place.call("rcfssl -h").unwrap().err();
    let about = help.split_once("\nCommands:\n").unwrap().1;
    let about = about.split_once("\nFlags:").unwrap().0;
    let entries = about.lines().filter_map(|line| line.strip_prefix("  "));
    let names: BTreeSet<String> = entries
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    assert!(names.contains("gencert") && names.contains("version"), "{help}");
    names
}

/// The flags that `-h` lists, with their dash.
fn flags(place: &Workplace, call: &str) -> Vec<String> {
    let help = place.call(&format!("{call} -h")).unwrap().err();
    let listed = help.split_once("\nFlags:\n").unwrap_or_default().1;
    listed
        .lines()
        .filter(|line| line.starts_with("  -"))
        .map(|line| line.trim_start().split(' ').next().unwrap().to_owned())
        .collect()
}

/// The call for each page's program.
fn pages(place: &Workplace) -> Vec<(String, String)> {
    let commands = commands(place);
    let commands = commands
        .iter()
        .map(|name| (format!("rcfssl-{name}.1"), format!("rcfssl {name}")));
    ["rcfssl", "rcfssljson"]
        .map(|name| (format!("{name}.1"), name.to_owned()))
        .into_iter()
        .chain(commands)
        .collect()
}

#[test]
fn there_is_a_page_for_each_program_and_each_command() {
    let place = place();
    let expected: BTreeSet<String> = pages(&place).into_iter().map(|(file, _)| file).collect();
    let written: BTreeSet<String> = fs::read_dir(place.join("man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(written, expected);
    // The other way to call it, and a folder that cannot be written.
    run(&place, "rcfssl man again && diff -r man1 again");
    let refused = place.call("rcfssl man -dir man1/rcfssl.1").unwrap();
    assert_eq!(
        (refused.status, refused.err().as_str()),
        (1, "mkdir man1/rcfssl.1: file exists\n")
    );
    assert_eq!(place.call("rcfssl man").unwrap().status, 1);
}

#[test]
fn pages_are_clean_and_have_every_flag() {
    needs!("groff", "lexgrog");
    let place = place();
    for (file, call) in pages(&place) {
        let complaints = run(&place, &format!("groff -ww -man -z man1/{file} 2>&1"));
        assert_eq!(complaints.out(), "", "{file}");
        // The line for whatis and apropos.
        let indexed = run(&place, &format!("lexgrog man1/{file}")).out();
        let name = file.trim_end_matches(".1");
        assert!(indexed.contains(&format!("\"{name} - ")), "{indexed}");
        let shown = run(&place, &format!("groff -man -Tascii -P-cbou man1/{file}")).out();
        let entries: Vec<&str> = shown
            .lines()
            .filter_map(|line| line.trim_start().split(' ').next())
            .collect();
        for flag in flags(&place, &call) {
            assert!(entries.contains(&flag.as_str()), "{file} {flag}: {shown}");
        }
        // Dashes that can be copied.
        assert!(!shown.contains('\u{2010}'), "{file}");
    }
}

#[test]
fn the_page_of_rcfssljson_describes_its_files() {
    needs!("groff");
    let shown = run(&place(), "groff -man -Tascii -P-cbou man1/rcfssljson.1").out();
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "rcfssljson [flags] [BASENAME]",
        "-p12 PASSWORDFILE Also write BASENAME.p12 (PKCS#12)",
        "-f FILE Read FILE instead of standard input (-).",
        "2 for a wrong flag",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

/// Writes the script for a shell.
fn script(place: &Workplace, shell: &str) {
    run(place, &format!("rcfssl completions {shell} > script"));
}

#[test]
fn scripts_are_read_by_their_shells() {
    needs!("bash", "zsh", "fish");
    let place = place();
    for shell in ["bash", "zsh", "fish"] {
        script(&place, shell);
        let read = run(&place, &format!("{shell} -n script 2>&1"));
        assert_eq!(read.out(), "", "{shell}");
    }
    assert_eq!(place.call("rcfssl completions tcsh").unwrap().status, 1);
}

/// Like readline: looks up the function for the first word and calls it.
const COMPLETE: &str = r#"
source ./script
function=$(complete -p "$1" | sed 's/.* -F \([^ ]*\) .*/\1/')
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
$function "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

/// bash's completions for the last of these words.
fn bash(place: &Workplace, words: &[&str]) -> BTreeSet<String> {
    place.write("complete", COMPLETE).unwrap();
    let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
    let offered = run(place, &format!("bash --norc complete {}", quoted.join(" "))).out();
    let offered = offered.lines().filter(|line| !line.is_empty());
    offered.map(str::to_owned).collect()
}

fn set(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[test]
fn bash_offers_commands_flags_choices_and_files() {
    let place = place();
    script(&place, "bash");
    for name in ["rcfssl", "cfssl"] {
        assert_eq!(bash(&place, &[name, ""]), commands(&place));
        assert_eq!(bash(&place, &[name, "-loglevel", "3", ""]), commands(&place));
        assert_eq!(
            bash(&place, &[name, "-loglevel", "=", "3", "certi"]),
            set(&["certinfo"])
        );
        assert_eq!(bash(&place, &[name, "-l"]), set(&["-loglevel"]));
        assert_eq!(bash(&place, &[name, "gencert", "--ini"]), set(&["--initca"]));
        assert_eq!(bash(&place, &[name, "genkey", "-key-format", "="]).len(), 2);
        assert_eq!(
            bash(&place, &[name, "genkey", "-key-format", "=", "p"]),
            set(&["pkcs8"])
        );
        assert_eq!(bash(&place, &[name, "completions", "f"]), set(&["fish"]));
        assert_eq!(
            bash(&place, &[name, "print-defaults", "c"]),
            set(&["config", "csr"])
        );
        assert_eq!(
            bash(&place, &[name, "gen"]),
            set(&["gencert", "gencrl", "gencsr", "genkey"])
        );
        assert_eq!(bash(&place, &[name, "gencert", "-prof"]), set(&["-profile"]));
        assert_eq!(
            bash(&place, &[name, "genkey", "-key-format", ""]),
            set(&["pkcs8", "traditional"])
        );
        assert_eq!(bash(&place, &[name, "bundle", "-flavor", "o"]), set(&["optimal"]));
    }
    for name in ["rcfssljson", "cfssljson"] {
        assert_eq!(bash(&place, &[name, "-p"]), set(&["-p12"]));
    }
    place.write("ca.pem", "").unwrap();
    place.write("folder/x", "").unwrap();
    for words in [
        &["cfssl", "sign", "--ca", "ca"][..],
        &["cfssl", "certinfo", "-cert", "ca"],
        &["cfssljson", "-p12", "ca"],
    ] {
        assert_eq!(bash(&place, words), set(&["ca.pem"]), "{words:?}");
    }
    // Where a folder is expected, files are not offered.
    assert_eq!(
        bash(&place, &["cfssl", "bundle", "-int-dir", ""]),
        set(&["folder", "man1"])
    );
}

/// A configuration with profile names that are special in a shell.
const CONFIG: &str = r#"{"signing": {"default": {"expiry": "1h"}, "profiles": {
    "www": {"expiry": "1h", "usages": ["signing"]},
    "wide area": {"expiry": "1h", "usages": ["signing"]},
    "$(touch hit)": {"expiry": "1h", "usages": ["signing"]},
    "client": {"expiry": "1h", "usages": ["signing"]}
}}}"#;

#[test]
fn profiles_are_those_of_the_configuration_on_the_line() {
    let place = place();
    place.write("c.json", CONFIG).unwrap();
    place.write("www.json", "").unwrap();
    script(&place, "bash");
    let w = set(&["www", "wide\\ area"]);
    for line in [
        &["cfssl", "gencert", "-config", "=", "c.json", "-profile", "=", "w"][..],
        &["cfssl", "sign", "--config", "c.json", "--profile", "w"],
    ] {
        assert_eq!(bash(&place, line), w, "{line:?}");
    }
    assert_eq!(
        bash(&place, &["cfssl", "sign", "-config", "c.json", "-profile", ""]).len(),
        4
    );
    assert!(!place.join("hit").exists());
    // Files are never offered, not even without a configuration or with one that cannot be
    // read.
    for line in [
        &["cfssl", "sign", "-profile", ""][..],
        &["cfssl", "sign", "-config", "www.json", "-profile", ""],
    ] {
        assert_eq!(bash(&place, line), set(&[]), "{line:?}");
    }
    needs!("fish");
    script(&place, "fish");
    let offered = |line: &str| {
        let line = format!("fish --no-config -c 'source ./script; complete -C \"{line}\"'");
        let step = run(&place, &line);
        step.out()
            .lines()
            .map(|line| line.split('\t').next().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    let found = offered("rcfssl gencert -config c.json -profile w");
    assert_eq!(found, set(&["www", "wide area"]));
    assert_eq!(offered("rcfssl gencert -profile w"), set(&[]));
}

#[test]
fn bash_offers_every_flag_that_help_lists() {
    let place = place();
    script(&place, "bash");
    for command in commands(&place) {
        let listed: BTreeSet<String> = flags(&place, &format!("rcfssl {command}")).into_iter().collect();
        assert_eq!(bash(&place, &["rcfssl", &command, "-"]), listed, "{command}");
    }
    let listed: BTreeSet<String> = flags(&place, "rcfssljson").into_iter().collect();
    assert_eq!(bash(&place, &["rcfssljson", "-"]), listed);
}

#[test]
fn fish_offers_them_too() {
    needs!("fish");
    let place = place();
    script(&place, "fish");
    let offered = |line: &str| {
        let step = run(
            &place,
            &format!("fish --no-config -c 'source ./script; complete -C \"{line}\"'"),
        );
        let words = step.out();
        let words = words.lines().map(|line| line.split('\t').next().unwrap());
        words.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    assert_eq!(
        offered("rcfssl gen"),
        set(&["gencert", "gencrl", "gencsr", "genkey"])
    );
    assert_eq!(offered("cfssl gencert -prof"), set(&["-profile"]));
    assert_eq!(offered("cfssl bundle -flavor o"), set(&["optimal"]));
    assert_eq!(offered("cfssl completions f"), set(&["fish"]));
    assert_eq!(offered("rcfssljson -p"), set(&["-p12"]));
    for command in commands(&place) {
        let offered = offered(&format!("rcfssl {command} -"));
        for flag in flags(&place, &format!("rcfssl {command}")) {
            assert!(offered.contains(&flag), "{command} {flag}: {offered:?}");
        }
    }
}

#[test]
fn zsh_finds_the_function_of_each_name() {
    needs!("zsh");
    let place = place();
    run(&place, "mkdir site; rcfssl completions zsh > site/_rcfssl");
    let step = run(
        &place,
        "zsh -f -c 'fpath=($PWD/site $fpath); autoload -U compinit; compinit -D -u; \
         for name in rcfssl cfssl rcfssljson cfssljson; do print $_comps[$name]; done; \
         autoload -U +X _rcfssl && print loaded'",
    );
    assert_eq!(step.out(), "_rcfssl\n".repeat(4) + "loaded\n");
}

/// Types at zsh's prompt: each argument and a TAB, and then a key that records the line.
const TYPE: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'fpath=($PWD/site $fpath); autoload -U compinit; compinit -D -u'
zpty -w shell 'note() { print -r -- "$BUFFER" >> noted; BUFFER=; }; zle -N note; bindkey "^]" note'
for typed in $argv; do
    zpty -w -n shell "$typed"$'\t\x1d'
done
zpty -w -n shell $'exit\n'
while zpty -r shell line; do :; done
"#;

#[test]
fn zsh_completes_one_name_after_the_other() {
    needs!("zsh");
    let place = place();
    run(&place, "mkdir site; rcfssl completions zsh > site/_rcfssl");
    place.write("ca.pem", "").unwrap();
    place.write("c.json", CONFIG).unwrap();
    place.write("type", TYPE).unwrap();
    let typed = [
        ("rcfssl gencs", "rcfssl gencsr "),
        ("rcfssljson -bar", "rcfssljson -bare "),
        ("cfssljson -bar", "cfssljson -bare "),
        ("rcfssl ocspsi", "rcfssl ocspsign "),
        ("cfssl certinfo -cert=ca.p", "cfssl certinfo -cert=ca.pem "),
        ("cfssl certinfo -cert ca.p", "cfssl certinfo -cert ca.pem "),
        ("cfssl genkey -key-format=p", "cfssl genkey -key-format=pkcs8 "),
        ("rcfssl completions f", "rcfssl completions fish "),
        ("rcfssl print-defaults l", "rcfssl print-defaults list "),
        ("rcfssl -logl", "rcfssl -loglevel="),
        ("rcfssl -loglevel 3 gencs", "rcfssl -loglevel 3 gencsr "),
        (
            "rcfssl -loglevel=3 gencert -init",
            "rcfssl -loglevel=3 gencert -initca ",
        ),
        (
            "rcfssl gencert -config=c.json -profile=ww",
            "rcfssl gencert -config=c.json -profile=www ",
        ),
        (
            "rcfssl gencert -config c.json -profile cl",
            "rcfssl gencert -config c.json -profile client ",
        ),
        ("rcfssl gencert -profile=c", "rcfssl gencert -profile=c"),
    ];
    let lines: Vec<String> = typed.iter().map(|(line, _)| format!("'{line}'")).collect();
    let line = format!("timeout 60 zsh -f type {} > /dev/null", lines.join(" "));
    run(&place, &line);
    let noted = place.read("noted").unwrap();
    let noted: Vec<&str> = noted.lines().collect();
    assert_eq!(noted, typed.map(|(_, whole)| whole));
}
