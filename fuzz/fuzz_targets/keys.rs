//! Private keys in every form, encrypted or not; what is read is written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::key::{self, SigningKey};

fuzz_target!(|input: &[u8]| {
    let _ = key::read(input);
    if let Ok(key) = key::read_encrypted(input, Some(b"password")) {
        let _ = key.public_key().kind();
    }
});
