//! Private keys in every form, encrypted or not; what is read is written again, and
//! packed as containers hold it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::key::{self, PrivateKeyInfo, SigningKey};
use rcfssl_go::pem;

fuzz_target!(|input: &[u8]| {
    let packed = PrivateKeyInfo::read_pem(input);
    if let Ok(key) = key::read(input) {
        let packed = packed.expect("what is a key can be packed");
        let again = key::read(pem::encode("PRIVATE KEY", packed.der()).as_bytes());
        let again = again.expect("what is packed is a key");
        assert!(again.public_key().is_same_key(key.public_key()));
    }
    if let Ok(key) = key::read_encrypted(input, Some(b"password")) {
        let _ = key.public_key().kind();
    }
});
