//! The jobs document of `renew`: what is wrong with it is inside it, and of what is right
//! no two certificates have the same file.
#![no_main]

use std::collections::HashSet;
use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rcfssl_core::Policy;
use rcfssl_renew::jobs;

static POLICY: LazyLock<Policy> = LazyLock::new(Policy::builtin);

fuzz_target!(|text: &[u8]| {
    // With a policy no configuration is read, and nothing exists in this folder.
    let setting = jobs::Setting {
        policy: Some(&POLICY),
        ..jobs::Setting::default()
    };
    match jobs::read(text, Path::new("/nonexistent"), setting) {
        Ok(groups) => {
            let mut files = HashSet::new();
            for task in groups.iter().flat_map(|group| &group.tasks) {
                assert!(
                    files.insert(&task.certificate),
                    "two certificates have the same file"
                );
            }
        }
        Err(unusable) => {
            assert!(!unusable.problems.is_empty());
            assert!(
                unusable
                    .problems
                    .iter()
                    .all(|problem| problem.offset <= text.len())
            );
        }
    }
});
