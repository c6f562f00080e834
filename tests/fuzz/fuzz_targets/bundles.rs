//! What `bundle` is given or fetches: PKCS#7, PKCS#12, CRLs, OCSP responses.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::bundle;
use rcfssl_core::revocation::RevocationList;
use rcfssl_core::rfc2253;
use rcfssl_core::verify::check_host;

fuzz_target!(|bytes: &[u8]| {
    let _ = RevocationList::read(bytes);
    let Ok(input) = bundle::read(bytes, "password") else {
        return;
    };
    for certificate in &input.certificates {
        let _ = rfc2253::text(&certificate.subject_attributes);
        let _ = check_host(certificate, "www.example.com");
    }
});
