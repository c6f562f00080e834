//! A request document and a configuration, with a zero between them: what is read from
//! them is signed, and what was signed reads back.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rcfssl_core::csr::Content;
use rcfssl_core::key::{self, KeySpec, PrivateKey};
use rcfssl_core::{Authority, Certificate, Csr, Overrides, Policy, Request};
use time::OffsetDateTime;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| key::generate(KeySpec::Ed25519).unwrap());

fuzz_target!(|input: &[u8]| {
    let cut = input.iter().position(|byte| *byte == 0).unwrap_or(input.len());
    let (request, configuration) = input.split_at(cut);
    let configuration = configuration.get(1..).unwrap_or_default();
    let policy = match Policy::read(configuration, &(), &mut |_| ()) {
        Ok((policy, _)) => policy,
        Err(_) => Policy::builtin(),
    };
    let Ok((request, _)) = Request::read(request) else {
        return;
    };
    let _ = (request.key_spec(), request.check_named(), request.root_profile());
    let (Ok(subject), Ok(extensions)) = (request.subject(), request.extensions()) else {
        return;
    };
    let content = Content {
        subject,
        hosts: request.hosts(),
        extensions,
    };
    let Ok(csr) = Csr::make(&content, &*KEY) else {
        return;
    };
    let authority = Authority::self_signed(&*KEY);
    let now = OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000);
    for name in ["", "a", "server"] {
        let Ok(selection) = policy.profile(name) else {
            continue;
        };
        let signed = authority.sign(&csr, selection.profile, &Overrides::default(), now, &mut |_| ());
        if let Ok(issued) = signed
            && let Err(error) = Certificate::read(&issued.der)
        {
            panic!("a certificate was signed that does not read back: {error}");
        }
    }
});
