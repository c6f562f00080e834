//! Keys for tokens and remote servers in a configuration.

#![allow(clippy::unwrap_used, reason = "a test may")]

use std::collections::HashMap;

use rcfssl_core::policy::Surroundings;
use rcfssl_core::{AuthKey, Event, Policy};
use zeroize::Zeroizing;

/// The environment and the files of a test.
#[derive(Default)]
struct Around(HashMap<&'static str, &'static [u8]>);

impl Surroundings for Around {
    fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        let octets = self.0.get(name)?;
        Some(Zeroizing::new(String::from_utf8_lossy(octets).into_owned()))
    }

    fn file(&self, path: &str) -> Option<Zeroizing<Vec<u8>>> {
        Some(Zeroizing::new(self.0.get(path)?.to_vec()))
    }
}

fn read(text: &str, around: &Around) -> (Result<Policy, String>, Vec<Event>) {
    let mut events = Vec::new();
    let policy = Policy::read(text.as_bytes(), around, &mut |event| events.push(event));
    (
        policy.map(|(policy, _)| policy).map_err(|e| e.to_string()),
        events,
    )
}

/// A configuration with one named profile.
fn with(profile: &str, keys: &str) -> String {
    format!(
        r#"{{"auth_keys":{{{keys}}},"remotes":{{"r":"http://a:1, https://b"}},
           "signing":{{"default":{{"expiry":"1h","usages":["signing"]}},"profiles":{{"p":{{{profile}}}}}}}}}"#
    )
}

const LOCAL: &str = r#""expiry":"1h","usages":["signing"],"#;

#[test]
fn keys_come_from_text_variables_and_files() {
    let around = Around(HashMap::from([
        ("KEY", &b"6B6579"[..]),
        ("dir/key", b" 6b6579\n"),
        ("odd", b"6b657"),
    ]));
    let token = AuthKey::new(b"key").token(b"request");
    let empty = AuthKey::new(b"").token(b"request");
    for (text, expected) in [
        ("6b6579", Ok(&token)),
        ("env:KEY", Ok(&token)),
        ("file:dir/key", Ok(&token)),
        ("", Ok(&empty)),
        ("env:NOT_SET", Ok(&empty)),
        ("file:missing", Err(())),
        ("file:odd", Err(())),
        ("env:odd", Err(())),
        ("pkcs11:x", Err(())),
        ("zz", Err(())),
    ] {
        let keys = format!(r#""k":{{"type":"standard","key":"{text}"}}"#);
        let (policy, _) = read(&with(&format!(r#"{LOCAL}"auth_key":"k""#), &keys), &around);
        match expected {
            Ok(token) => {
                let policy = policy.unwrap();
                let profile = policy.profile("p").unwrap().profile;
                assert!(profile.accepts_token(token, b"request"), "{text}");
                assert!(!profile.accepts_token(token, b"request "), "{text}");
                assert!(!policy.default_profile().accepts_token(token, b"request"));
            }
            Err(()) => assert_eq!(
                policy.err().as_deref(),
                Some(r#"{"code":5200,"message":"failed to create new standard auth provider"}"#),
                "{text}"
            ),
        }
    }
}

#[test]
fn the_previous_key_counts_only_beside_a_current_one() {
    let keys = r#""new":{"type":"standard","key":"01"},"old":{"type":"standard","key":"02"}"#;
    let old = AuthKey::new(&[2]).token(b"x");
    for (fields, taken) in [
        (r#""auth_key":"new","prev_auth_key":"old""#, true),
        (r#""auth_key":"new""#, false),
        (r#""prev_auth_key":"old""#, false),
    ] {
        let (policy, _) = read(&with(&format!("{LOCAL}{fields}"), keys), &Around::default());
        let policy = policy.unwrap();
        let profile = policy.profile("p").unwrap().profile;
        assert_eq!(profile.accepts_token(&old, b"x"), taken, "{fields}");
    }
}

#[test]
fn remote_profiles_know_their_servers_and_their_key() {
    let keys = r#""k":{"type":"standard","key":"01"}"#;
    let token = AuthKey::new(&[1]).token(b"x");
    let read_remote = |fields: &str| {
        let policy = read(&with(fields, keys), &Around::default()).0.unwrap();
        assert!(policy.needs_local_signer() && policy.needs_remote_signer());
        assert!(policy.profile("unknown").is_err());
        policy
    };
    let policy = read_remote(r#""remote":"r""#);
    let remote = policy.profile("p").unwrap().profile.remote().unwrap();
    assert_eq!(remote.addresses, ["http://a:1", " https://b"]);
    assert!(remote.auth.is_none());
    let policy = read_remote(r#""auth_remote":{"remote":"r","auth_key":"k"}"#);
    let remote = policy.profile("p").unwrap().profile.remote().unwrap();
    assert_eq!(remote.auth.as_ref().unwrap().token(b"x"), token);

    let policy = policy.signed_at("c,d");
    assert!(!policy.needs_local_signer());
    let remote = policy.profile("p").unwrap().profile.remote().unwrap();
    assert_eq!(remote.addresses, ["c", "d"]);
    assert_eq!(remote.auth.as_ref().unwrap().token(b"x"), token);
    let default = policy.default_profile().remote().unwrap();
    assert!(default.addresses == ["c", "d"] && default.auth.is_none());
}

#[test]
fn local_settings_beside_a_remote_server_are_reported() {
    let skipped = |profile: &str| {
        let (policy, events) = read(&with(profile, ""), &Around::default());
        let mut again = Vec::new();
        policy.unwrap().tell_skipped(&mut |event| again.push(event));
        assert_eq!(events, again);
        events
    };
    let told = [Event::LocalSettingsSkipped {
        profile: Some("p".to_owned()),
    }];
    assert_eq!(skipped(r#""remote":"r""#), []);
    for setting in [
        r#""expiry":"1h""#,
        r#""usages":[]"#,
        r#""name_whitelist":"x""#,
        r#""ca_constraint":{"is_ca":true}"#,
    ] {
        assert_eq!(skipped(&format!(r#""remote":"r",{setting}"#)), told, "{setting}");
    }
    assert_eq!(skipped(r#""expiry":"1h","usages":["signing"]"#), []);
}

#[test]
fn keys_do_not_show() {
    let keys = r#""k":{"type":"standard","key":"5ec4e7"}"#;
    let (policy, _) = read(
        &with(&format!(r#"{LOCAL}"auth_key":"k""#), keys),
        &Around::default(),
    );
    let shown = format!("{:?}", policy.unwrap());
    assert!(!shown.to_lowercase().contains("5ec4e7") && !shown.contains("94, 196, 231"));
}
