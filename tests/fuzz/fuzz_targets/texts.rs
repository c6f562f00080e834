//! Short texts that people write: durations, hosts, times, object identifiers, flags.
#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use libfuzzer_sys::fuzz_target;
use rcfssl_core::{Duration, Host, name};
use rcfssl_go::flag::{self, Kind};
use rcfssl_go::regexp::Regexp;
use rcfssl_go::{base64, rfc3339};

fuzz_target!(|input: &[u8]| {
    let _ = base64::decode(input);
    let arguments = input
        .split(|byte| *byte == b' ')
        .map(|word| OsString::from_vec(word.to_vec()));
    let kinds = |name: &str| (name.len() == 1).then_some((0, Kind::Bool));
    let _ = flag::parse(kinds, arguments);
    let Ok(text) = str::from_utf8(input) else {
        return;
    };
    if let Ok(duration) = Duration::parse(text) {
        assert_eq!(Duration::parse(&duration.to_string()), Ok(duration));
    }
    if let Ok(expression) = Regexp::compile(text) {
        let _ = expression.is_match("TLSHandshake");
    }
    let _ = (Host::parse(text), rfc3339::parse(text), name::parse_arcs(text));
});
