//! `renew -rekey` killed at any moment: the next run finds a matching, valid pair for each
//! certificate or creates one, no file is ever partial, and nothing is lost.

#![allow(clippy::panic, clippy::unwrap_used, reason = "functions of tests")]

mod anywhere;
mod everywhere;

use std::collections::{BTreeMap, HashSet};
use std::fs;

use rcfssl_tests::{Organization, openssl, organization};

/// The certificates with their keys. The first has a request beside it; the last are links
/// to another folder.
const PAIRS: [(&str, &str); 3] = [
    ("a.pem", "a-key.pem"),
    ("tls.crt", "tls.key"),
    ("linked.pem", "linked-key.pem"),
];

/// Files that a killed run may leave.
const JOURNAL: &str = ".rcfssl.journal";

/// Names and contents.
type Files = BTreeMap<String, Vec<u8>>;

/// An organization's folder, and the folder to which its links lead.
struct Victim {
    organization: Organization,
    /// Subjects and names, which never change.
    says: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// Whether runs use `-backup`.
    keeps_backups: bool,
    /// Pairs that openssl has verified.
    good: HashSet<Vec<Vec<u8>>>,
}

/// The contents of the folders.
struct Seen {
    /// Certificates, keys, requests and other regular names.
    visible: Files,
    /// The names of all other files.
    hidden: Vec<String>,
}

impl Seen {
    fn has_journal(&self) -> bool {
        self.hidden.iter().any(|name| name == JOURNAL)
    }

    /// Whether new files were written beside the old ones, or old ones kept under other
    /// names.
    fn has_temporary_files(&self) -> bool {
        self.hidden.iter().any(|name| name.ends_with(".tmp"))
    }
}

impl Victim {
    fn new() -> Self {
        let organization = Organization::new().unwrap();
        let document = |name: &str| {
            format!(
                r#"{{"CN": "{name}", "hosts": ["{name}.example"], "key": {{"algo": "ecdsa", "size": 256}}}}"#
            )
        };
        for name in ["a", "tls", "linked"] {
            organization.sign("server", name, &document(name)).unwrap();
        }
        let line = "mkdir ../archive; mv tls.pem tls.crt; mv tls-key.pem tls.key; rm tls.csr linked.csr; \
                    for f in linked.pem linked-key.pem; do mv $f ../archive; ln -s ../archive/$f $f; done";
        organization.shell(line).unwrap().ok().unwrap();
        let mut victim = Victim {
            organization,
            says: Vec::new(),
            keeps_backups: false,
            good: HashSet::new(),
        };
        victim.says = victim.what_they_say();
        victim
    }

    fn look(&self) -> Seen {
        let mut seen = Seen {
            visible: Files::new(),
            hidden: Vec::new(),
        };
        for (folder, prefix) in [(self.organization.path(), ""), (self.archive(), "../archive/")] {
            for entry in fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                if name.starts_with('.') {
                    seen.hidden.push(name);
                } else if let Ok(content) = fs::read(entry.path()) {
                    // A dangling link does not count as a file.
                    seen.visible.insert(format!("{prefix}{name}"), content);
                }
            }
        }
        seen
    }

    fn archive(&self) -> std::path::PathBuf {
        self.organization.aside().join("archive")
    }

    fn what_they_say(&self) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
        let says = |(certificate, _): (&str, _)| {
            let read = self.organization.certificate(certificate).unwrap();
            let names = read.names().map(<[u8]>::to_vec);
            (read.subject, names)
        };
        PAIRS.map(says).into()
    }

    /// The plain run after a kill: nothing is due any more, so it only cleans up. Returns
    /// its messages.
    fn clear_up(&mut self, before: &Files, found: &Seen) -> String {
        let step = self.organization.renew(".").unwrap().ok().unwrap();
        assert!(
            step.out()
                .contains("3 certificates: 0 made, 0 renewed, 3 untouched, 0 failed"),
            "{}",
            step.out()
        );
        self.check(before, found);
        step.err()
    }

    /// Checks the state after a run has cleaned up: `before` is the state before the killed
    /// run, `found` what that run left.
    fn check(&mut self, before: &Files, found: &Seen) {
        let after = self.look();
        assert_eq!(after.hidden, Vec::<String>::new());
        let names = |files: &Files| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(
            names(&found.visible),
            names(before),
            "something is lost, or more than there was"
        );
        assert_eq!(
            names(&after.visible),
            names(before),
            "something is lost, or more than there was"
        );
        for (name, content) in &found.visible {
            let whole = *content == before[name] || *content == after.visible[name];
            assert!(
                whole,
                "{name} was neither old nor new: {}",
                String::from_utf8_lossy(content)
            );
        }
        if found.has_journal() {
            let old = PAIRS.map(|(certificate, _)| after.visible[certificate] == before[certificate]);
            assert_eq!(old, [false; 3], "what was begun is not finished");
        } else {
            assert_eq!(
                after.visible, found.visible,
                "what was not begun is not left as it was"
            );
        }
        for (certificate, key) in PAIRS {
            let changed = after.visible[certificate] != before[certificate];
            for name in [certificate, key] {
                let backup = format!("{name}.bak");
                let Some(kept) = after.visible.get(&backup) else {
                    continue;
                };
                let expected = if changed && self.keeps_backups {
                    name
                } else {
                    &backup
                };
                assert_eq!(*kept, before[expected], "{backup}");
            }
        }
        self.check_pairs(&after.visible);
        for name in ["linked.pem", "linked-key.pem"] {
            let path = self.organization.join(name);
            assert!(path.symlink_metadata().unwrap().is_symlink(), "{name}");
        }
        let files = self.organization.tree().unwrap().files;
        for (_, key) in PAIRS {
            assert_eq!(files[key].permissions, 0o600, "{key}");
        }
    }

    /// Certificates were issued by the CA and match their keys, and their contents never
    /// change; the same holds for the request.
    fn check_pairs(&mut self, files: &Files) {
        let organization = &self.organization;
        for (certificate, key) in PAIRS {
            let mut pair = vec![files[certificate].clone(), files[key].clone()];
            if certificate == "a.pem" {
                pair.push(files["a.csr"].clone());
            }
            if self.good.contains(&pair) {
                continue;
            }
            organization.check_pair(certificate, key).unwrap();
            if pair.len() == 3 {
                let ask = |arguments: &[&str]| openssl::in_folder(&organization.path(), arguments).unwrap();
                assert_eq!(
                    ask(&["req", "-verify", "-noout", "-pubkey", "-in", "a.csr"]),
                    ask(&["x509", "-noout", "-pubkey", "-in", "a.pem"])
                );
            }
            self.good.insert(pair);
        }
        assert_eq!(self.what_they_say(), self.says);
    }
}

/// The check compares all files, including those of the CA.
#[test]
fn the_check_itself_finds_problems() {
    let fails = |harm: &str| {
        let mut victim = Victim::new();
        let before = victim.look();
        victim.organization.shell(harm).unwrap().ok().unwrap();
        let found = victim.look();
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            victim.check(&before.visible, &found);
        }));
        assert!(checked.is_err(), "{harm}");
    };
    for harm in [
        "rm a.pem",
        "touch more",
        "touch .rcfssl.lock",
        "cp tls.key a-key.pem",
        "head -c 300 a.pem > x; mv x a.pem",
        "cp ../archive/linked.pem x; mv x linked.pem",
        "chmod 644 tls.key",
        "cp tls.crt a.pem; cp tls.key a-key.pem",
        "rcfssl genkey -loglevel 3 - <<< '{}' | rcfssljson -bare x; mv x.csr a.csr; rm x*",
    ] {
        fails(harm);
    }
    assert_eq!(organization::stamps(&Victim::new().archive()).unwrap().len(), 3);
}
