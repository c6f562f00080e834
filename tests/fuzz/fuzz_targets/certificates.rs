//! Certificates: read, shown, and asked for again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rcfssl_core::certinfo::CertificateInfo;
use rcfssl_core::{Certificate, Request, Wanted};
use rcfssl_go::pem;

fuzz_target!(|input: &[u8]| {
    let read = [Certificate::read(input), Certificate::read_pem(input)];
    for certificate in read.into_iter().flatten() {
        let _ = CertificateInfo::new(&certificate);
        let _ = Request::from_certificate(&certificate).subject();
        let _ = Wanted::of_certificate(&certificate, &certificate.public_key);
        let _ = certificate.as_issuer();
    }
    let mut rest = input;
    while let Some((_, after)) = pem::decode(rest) {
        assert!(after.len() < rest.len(), "reading PEM goes on");
        rest = after;
    }
});
