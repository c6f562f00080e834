//! CRLs and OCSP responses that no command needs to create here.

use rcfssl_tests::normal::clock::Clock;
use rcfssl_tests::normal::{Baseline, results};
use rcfssl_tests::suite::{Case, Outcome, Surroundings, judge};
use rcfssl_tests::tree::{File, Tree};
use rcfssl_tests::workplace::Step;
use serde_json::{Value, json};

use crate::corrupt::flip_last;

/// The problems of a single output, given existing certificates.
fn problems_of(output: Vec<u8>, inputs: &[(&str, Vec<u8>)], clock: Clock) -> (Vec<String>, Value) {
    let (case, around) = (Case::default(), Surroundings::default());
    let file = |bytes: &Vec<u8>| File {
        mode: 0o100_644,
        permissions: 0o644,
        bytes: bytes.clone(),
    };
    let files = inputs
        .iter()
        .map(|(name, bytes)| ((*name).to_owned(), file(bytes)));
    let folder = Tree {
        files: files.collect(),
        ..Tree::default()
    };
    let outcome = Outcome {
        steps: vec![Step {
            stdout: output,
            ..Step::default()
        }],
        before: folder.clone(),
        after: folder,
        clock,
    };
    let view = results(&Baseline::new(&case, &outcome, &around), &case, &outcome).unwrap();
    let verdict = judge(&case, &view, &outcome, &around).unwrap();
    (verdict.problems, view["steps"][0]["stdout"].clone())
}

#[test]
fn crls_are_verified() {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    parameters.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
    let authority = parameters.self_signed(&key).unwrap().pem().into_bytes();
    let issuer = rcgen::Issuer::new(parameters, &key);
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2030, 1, 1),
        next_update: rcgen::date_time_ymd(2030, 1, 2),
        crl_number: rcgen::SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![rcgen::RevokedCertParams {
            serial_number: rcgen::SerialNumber::from(0x1234),
            revocation_time: rcgen::date_time_ymd(2030, 1, 1),
            reason_code: None,
            invalidity_date: None,
        }],
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&issuer).unwrap().der().to_vec();
    let base64 = |der: &[u8]| data_encoding::BASE64.encode(der).into_bytes();
    let new_year = Clock {
        started: 1_893_456_000.0,
        ended: 1_893_456_001.0,
    };
    let inputs = [("ca.pem", authority)];
    let (problems, view) = problems_of(base64(&list), &inputs, new_year);
    assert_eq!(problems, Vec::<String>::new());
    let view = &view["base64"];
    assert_eq!(
        (
            &view["what"],
            &view["this-update"],
            &view["lifetime-seconds"],
            &view["revoked"]
        ),
        (&json!("crl"), &json!(0), &json!(86_400), &json!([["1234", []]]))
    );
    let (problems, _) = problems_of(base64(&flip_last(list)), &inputs, new_year);
    assert_eq!(
        problems,
        ["stdout of step 0: CRL is not signed by its issuer's key"]
    );
}

/// The output of cfssl's ocspsign at 12:03 on 22 November 2026, signed by `ca.pem` of the
/// captures.
const RESPONSE: &str = "\
MIIBTAoBAKCCAUUwggFBBgkrBgEFBQcwAQEEggEyMIIBLjCB1KFIMEYxCzAJBgNVBAYTAlVTMRMwEQYDVQQKEwpFeGFtcGxl\
IENvMQswCQYDVQQLEwJDQTEVMBMGA1UEAxMMVGVzdCBSb290IENBGA8yMDI2MTEyMjEyMDMwMFowdzB1ME0wCQYFKw4DAhoF\
AAQUpnpfHnB6lfxP7dNcRi1EfdXoLl0EFCOni5Okz/r/UigY6nU9mPiuxkFUAhQurPHG6rxFtAjoGCYdPjoC1iVk+oAAGA8y\
MDI2MTEyMjEyMDAwMFqgERgPMjAyNjExMjYxMjAwMDBaMAoGCCqGSM49BAMCA0kAMEYCIQDcjcSjBZBmwxsJBoIuBIhqK/YK\
7Gu5pOlJqd4OpISthwIhAOAYzAzu75QS+gfdOpTAaM62EtNxAfFBJqjsvrkBppuF";

#[test]
fn ocsp_responses_are_verified() {
    let authority = std::fs::read(rcfssl_tests::fixtures().join("captures/inputs/ca.pem")).unwrap();
    let noon = 1_795_348_800.0;
    let clock = |minutes: f64| Clock {
        started: noon + minutes * 60.0,
        ended: noon + minutes * 60.0 + 1.0,
    };
    let printed = |response: &str| format!("{{\"ocspResponse\":\"{response}\"}}").into_bytes();
    let inputs = [("ca.pem", authority)];
    let (problems, view) = problems_of(printed(RESPONSE), &inputs, clock(3.0));
    assert_eq!(problems, Vec::<String>::new());
    let view = &view["json"]["ocspResponse"];
    let single = &view["responses"][0];
    assert_eq!(
        [
            &view["produced-at"],
            &single["this-update"],
            &single["next-update"],
            &single["status"],
            &single["serial"]
        ],
        ["+0", "+0", "+96", "8000", "new"]
    );
    let (_, later) = problems_of(printed(RESPONSE), &inputs, clock(61.0));
    let later = &later["json"]["ocspResponse"];
    assert_eq!(
        (&later["produced-at"], &later["responses"][0]["this-update"]),
        (&json!("-58"), &json!("-1"))
    );
    let der = data_encoding::BASE64.decode(RESPONSE.as_bytes()).unwrap();
    let broken = data_encoding::BASE64.encode(&flip_last(der));
    let (problems, _) = problems_of(printed(&broken), &inputs, clock(3.0));
    assert_eq!(
        problems,
        ["stdout of step 0: OCSP response is not signed by any key here"]
    );
}
