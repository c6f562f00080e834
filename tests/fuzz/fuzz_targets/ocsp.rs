//! What an OCSP responder is asked, the responses that it stores, and the CRLs that it
//! replaces.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::crl;
use rcfssl_core::responding::{Kept, OcspRequest};

fuzz_target!(|bytes: &[u8]| {
    if let Some(request) = OcspRequest::read(bytes) {
        assert!((1..=100).contains(&request.ids.len()));
        for id in &request.ids {
            let whole = id.name_hash.len() + id.key_hash.len() + id.serial.len();
            assert!(whole < id.der.len() && id.der.len() < bytes.len());
        }
        assert!(request.nonce.is_none_or(|nonce| (1..=128).contains(&nonce.len())));
    }
    let _ = Kept::read(bytes);
    let _ = crl::read_head(bytes);
});
