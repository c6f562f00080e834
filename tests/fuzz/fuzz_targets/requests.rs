//! Certification requests: read, shown, checked and wanted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::certinfo::RequestInfo;
use rcfssl_core::csr::Unverified;
use rcfssl_core::{Csr, Policy, Wanted};

fuzz_target!(|input: &[u8]| {
    let _ = Csr::read_pem(input);
    let Ok(request) = Unverified::read(input) else {
        return;
    };
    let _ = RequestInfo::new(&request);
    let policy = Policy::builtin();
    if let Ok(selection) = policy.profile("") {
        let _ = Wanted::of_csr(request.claims(), selection.profile);
    }
    let _ = request.verify();
});
