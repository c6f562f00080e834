//! A disk that is full, nearly full, or read-only.

use std::collections::BTreeSet;

use rcfssl_tests::confine::apart;
use rcfssl_tests::needs_root;

use crate::{organization, run, told};

/// A small disk with the organization's folder on it, and `state`: the digests of its
/// files.
const SMALL: &str = "mkdir ../disk; mount -t tmpfs -o size=256k,nr_inodes=64 none ../disk; cp -a . ../disk/org; \
    cd ../disk/org; state() { sha256sum *; }; state > ../../before;";

/// Fills all but this many pages of the disk.
const FILL: &str = "fill() { cat /dev/zero > ../fill 2> /dev/null; truncate -s -$(($1 * 4096)) ../fill; };";

#[test]
fn with_any_free_space_all_files_are_old_or_all_are_new() {
    needs_root!();
    let organization = organization();
    let mut outcomes = BTreeSet::new();
    for pages in 0..16 {
        let line = format!(
            "{SMALL} {FILL} fill {pages}; rcfssl renew -force -rekey -backup .; echo \"status $?\"; ls -A; \
             for n in a b; do openssl verify -CAfile ca.pem $n.pem > /dev/null || echo bad; \
             test \"$(openssl x509 -noout -pubkey -in $n.pem)\" = \"$(openssl pkey -pubout -in $n-key.pem)\" || echo odd; \
             test \"$(openssl x509 -noout -pubkey -in $n.pem)\" = \"$(openssl req -noout -pubkey -in $n.csr)\" || echo odd; \
             done; sha256sum -c ../../before 2> /dev/null | grep -c FAILED; rm ../fill; \
             rcfssl renew -force -rekey . | tail -n 1; ls -A | grep ^[.]"
        );
        let step = run(&organization, &apart(&line));
        let out = step.out();
        assert!(!out.contains("bad") && !out.contains("odd"), "{pages}: {out}");
        assert!(!out.contains("\n."), "{pages}: {out}");
        assert!(
            out.contains("2 certificates: 0 made, 2 renewed, 0 untouched, 0 failed"),
            "{pages}: {out}"
        );
        // Key, certificate and request of each.
        let changed: usize = out.lines().filter_map(|line| line.parse::<usize>().ok()).sum();
        assert!([0, 3, 6].contains(&changed), "{pages}: {out}");
        let failed = told(&step);
        for line in &failed {
            assert!(line.ends_with(": no space left on device"), "{pages}: {line}");
            assert!(
                line.starts_with("./a.pem: ") || line.starts_with("./b.pem: "),
                "{pages}: {line}"
            );
        }
        assert_eq!(failed.len(), 2 - changed / 3, "{pages}: {failed:?}");
        assert_eq!(out.contains("status 1"), changed < 6, "{pages}: {out}");
        outcomes.insert(changed);
    }
    assert!(outcomes.contains(&0) && outcomes.contains(&6), "{outcomes:?}");
}

#[test]
fn without_a_single_free_inode_nothing_changes() {
    needs_root!();
    let organization = organization();
    for free in 0..6 {
        let line = format!(
            "{SMALL} n=0; while touch ../x$n 2> /dev/null; do n=$((n + 1)); done; \
             for i in $(seq {free}); do rm ../x$((n - i)); done; \
             rcfssl renew -force -rekey .; echo \"status $?\"; sha256sum -c --quiet ../../before; ls -A | grep ^[.]"
        );
        let step = run(&organization, &apart(&line));
        assert_eq!(
            step.out(),
            format!("{}status 1\n", step.out().split_once("status 1").unwrap().0)
        );
        let failed = told(&step);
        assert!(!failed.is_empty(), "{}", step.err());
        assert!(
            failed
                .iter()
                .all(|line| line.ends_with(": no space left on device")),
            "{failed:?}"
        );
    }
}

#[test]
fn on_a_read_only_disk_nothing_changes_and_certificates_that_are_not_due_are_fine() {
    needs_root!();
    let organization = organization();
    let line = format!(
        "{SMALL} cd ..; mount -o remount,ro .; cd org; rcfssl renew .; echo \"status $?\"; \
         rcfssl renew -force -rekey .; echo \"status $?\"; sha256sum -c --quiet ../../before; ls -A | grep ^[.]"
    );
    let step = run(&organization, &apart(&line));
    let out = step.out();
    assert!(
        out.contains("2 untouched, 0 failed") && out.contains("status 0\n"),
        "{out}"
    );
    assert!(out.ends_with("status 1\n"), "{out}");
    assert_eq!(
        told(&step),
        ["a", "b"].map(|name| format!("./{name}.pem: lock .: read-only file system"))
    );
}
