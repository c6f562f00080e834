//! What rcfssljson reads, as a command's output and as an answer of the API: it becomes
//! files of different names, or lines that say what is wrong.
#![no_main]

use std::collections::HashSet;
use std::ffi::OsStr;

use libfuzzer_sys::fuzz_target;
use rcfssljson::{document, outputs};

fuzz_target!(|text: &[u8]| {
    for bare in [true, false] {
        let members = match document::read("input", text, bare) {
            Ok(members) => members,
            Err(lines) => {
                assert!(!lines.is_empty());
                continue;
            }
        };
        let Ok(outputs) = outputs::decide(&members) else {
            continue;
        };
        let mut names = HashSet::new();
        for output in outputs {
            assert!(output.printed().ends_with(b"\n"));
            let file = output.file(OsStr::new("cert"));
            assert!(names.insert(file.path), "two files have the same name");
        }
    }
});
