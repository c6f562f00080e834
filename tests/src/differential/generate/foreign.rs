//! Certification requests (RFC 2986) that cfssl did not create: odd subjects, alternative
//! names of all types, extensions, attributes; signed, and then possibly damaged.

use anyhow::Result;

use super::der::{bits, element, extension, oid, pem, sequence, set};
use super::material::{Material, Signatory};
use super::{damage, name};
use crate::differential::random::Random;
use crate::differential::trial::Beyond;

/// A request.
#[derive(Debug)]
pub struct Foreign {
    /// In PEM.
    pub bytes: Vec<u8>,
    /// What Debian's cfssl omits from the certificate.
    pub beyond: Beyond,
}

/// A request; a `plain` one contains nothing that the two versions treat differently.
///
/// # Errors
/// When openssl does not run.
pub fn request(random: &mut Random, material: &Material, plain: bool) -> Result<Foreign> {
    let mut beyond = Beyond::default();
    let (flipped, scratched) = (random.chance(4), random.chance(6));
    let who = random.choose(&[Signatory::Ec, Signatory::Ec, Signatory::Rsa]);
    let (subject, names) = name::name(random, !plain, !(flipped || scratched));
    beyond.request_names = names;
    let extensions = extensions(random, plain, &mut beyond.request_uris);
    let info = sequence(&[
        element(2, [0]),
        subject,
        material.spki(who).to_vec(),
        // Some programs omit the field.
        if random.chance(1) {
            Vec::new()
        } else {
            attributes(random, extensions)
        },
    ]);
    let mut signature = material.sign(who, &info)?;
    if random.chance(2) {
        let at = random.below(signature.len());
        signature[at] ^= 1;
    }
    let mut whole = sequence(&[info, Material::algorithm(who), bits(&signature)]);
    if flipped {
        let at = random.below(whole.len());
        whole[at] ^= 1 << random.below(8);
    }
    let label = random.weighted(&[
        (90, "CERTIFICATE REQUEST"),
        (8, "NEW CERTIFICATE REQUEST"),
        (1, "CERTIFICATE"),
        (1, "X"),
    ]);
    let mut bytes = pem(label, &whole);
    if scratched {
        bytes = damage::pem(random, &bytes);
    }
    Ok(Foreign { bytes, beyond })
}

fn attributes(random: &mut Random, extensions: Vec<Vec<u8>>) -> Vec<u8> {
    let mut attributes = Vec::new();
    if random.chance(15) {
        let value = element(0x13, "secret");
        attributes.push(sequence(&[oid("1.2.840.113549.1.9.7"), set(vec![value])]));
    }
    if !extensions.is_empty() || random.chance(5) {
        let list = sequence(&extensions);
        attributes.push(sequence(&[oid("1.2.840.113549.1.9.14"), set(vec![list])]));
    }
    if random.chance(10) {
        let value = element(0x0C, "unstructured");
        attributes.push(sequence(&[oid("1.2.840.113549.1.9.2"), set(vec![value])]));
    }
    if random.chance(50) {
        attributes.sort();
    }
    element(0xA0, attributes.concat())
}

fn extensions(random: &mut Random, plain: bool, uris: &mut Vec<String>) -> Vec<Vec<u8>> {
    let mut list = Vec::new();
    if random.chance(70) {
        let critical = random.chance(10);
        list.push(extension(
            "2.5.29.17",
            critical,
            alternative_names(random, plain, uris),
        ));
    }
    if random.chance(30) {
        list.push(extension(
            "2.5.29.19",
            random.chance(80),
            basic_constraints(random),
        ));
    }
    if random.chance(30) {
        list.push(extension(
            "2.5.29.15",
            true,
            random.choose(&[&[3, 2, 5, 0xA0], &[3, 2, 1, 6]]),
        ));
    }
    if random.chance(20) {
        let server = oid("1.3.6.1.5.5.7.3.1");
        list.push(extension("2.5.29.37", false, sequence(&[server])));
    }
    if random.chance(10) {
        list.push(extension(
            "1.3.6.1.5.5.7.1.24",
            false,
            sequence(&[element(2, [5])]),
        ));
    }
    if random.chance(10) {
        list.push(extension("1.2.3.4", random.chance(30), element(0x0C, "whatever")));
    }
    if random.chance(30) {
        random.shuffle(&mut list);
    }
    list
}

/// SubjectAltName (RFC 5280, 4.2.1.6) with names of all types.
fn alternative_names(random: &mut Random, plain: bool, uris: &mut Vec<String>) -> Vec<u8> {
    const DNS: [&str; 7] = [
        "a.example",
        "*.b.example",
        "",
        "A b",
        "x.example.",
        "localhost",
        "münchen",
    ];
    const ADDRESSES: [&[u8]; 5] = [
        &[10, 0, 0, 1],
        &[0; 16],
        &[127, 0, 0, 1],
        &[0xFF; 16],
        &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4],
    ];
    let mut names = Vec::new();
    for _ in 0..random.between(1, 5) {
        names.push(match random.below(100) {
            0..45 => element(0x82, random.pick_first(95, 6, &DNS)),
            45..65 => element(0x87, random.choose(&ADDRESSES)),
            65..80 => element(0x81, random.pick(&["a@b.example", "UPPER@X", "not mail", ""])),
            80..84 => element(
                0xA0,
                [oid("1.3.6.1.4.1.311.20.2.3"), element(0xA0, element(0x0C, "me"))].concat(),
            ),
            84..87 => element(0xA4, name::name(random, false, true).0),
            87..90 => element(0x88, [0x2A, 3, 4]),
            90..91 => element(0x87, [1, 2, 3]),
            _ if plain => element(0x82, "c.example"),
            _ => {
                let uri = random.pick(&["spiffe://td/wl", "http://x/", "urn:x", "ldap://x/cn=a?b"]);
                uris.push(uri.to_owned());
                element(0x86, uri)
            }
        });
    }
    sequence(&names)
}

fn basic_constraints(random: &mut Random) -> Vec<u8> {
    let authority = || vec![1, 1, 0xFF];
    match random.below(12) {
        0..4 => sequence(&[]),
        4..7 => sequence(&[authority()]),
        7..10 => sequence(&[authority(), element(2, [random.choose(&[0, 1, 2, 5, 127])])]),
        10 => sequence(&[element(2, [1])]),
        _ => random
            .choose(&[&[0x30u8, 0, 0] as &[u8], &[5, 0], &[0x30, 3, 1, 1, 1], &[]])
            .to_vec(),
    }
}

/// Lines in which openssl creates a request from its own configuration.
pub fn by_openssl(random: &mut Random, plain: bool) -> (String, Beyond) {
    let mut beyond = Beyond::default();
    let mut config =
        String::from("[req]\nprompt = no\ndistinguished_name = dn\nreq_extensions = ext\nutf8 = yes\n");
    config += random.pick(&[
        "",
        "string_mask = utf8only\n",
        "string_mask = nombstr\n",
        "string_mask = pkix\n",
    ]);
    config += "[dn]\n";
    let subject = [
        ("C", "NL"),
        ("ST", "Noord-Holland"),
        ("O", "Ex & Co"),
        ("OU", "One"),
        ("1.OU", "Two"),
        ("CN", "openssl.example"),
    ];
    for (key, value) in random.some(&subject, subject.len()) {
        config += &format!("{key} = {value}\n");
    }
    if !plain && random.chance(40) {
        config += "emailAddress = ca@example.org\n";
        beyond
            .request_names
            .push(super::request::rdn("1.2.840.113549.1.9.1", "ca@example.org"));
    }
    config += "[ext]\n";
    let kinds = [
        "DNS:a.example",
        "IP:10.0.0.1",
        "IP:2001:db8::1",
        "email:a@b.example",
        "RID:1.2.3.4",
        "otherName:1.2.3.4;UTF8:me",
        "DNS:*.b.example",
    ];
    if random.chance(80) {
        let mut names = random.some(&kinds, kinds.len());
        if !plain && random.chance(30) {
            names.push("URI:spiffe://td/wl");
            beyond.request_uris.push("spiffe://td/wl".to_owned());
        }
        config += &format!("subjectAltName = {}\n", names.join(","));
    }
    let lines = [
        "basicConstraints = critical,CA:FALSE",
        "keyUsage = digitalSignature",
        "extendedKeyUsage = serverAuth,1.2.3.4",
        "tlsfeature = status_request",
        "1.2.3.4 = ASN1:UTF8String:text",
        "certificatePolicies = 1.2.3.4",
        "nsComment = \"a comment\"",
    ];
    if random.chance(60) {
        config += &(random.some(&lines, 3).join("\n") + "\n");
    }
    (config, beyond)
}
