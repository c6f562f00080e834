//! Hand-made certificates for `certinfo`, which does not verify signatures: odd numbers,
//! dates, names, keys and extensions.

use super::der::{bits, element, extension, oid, pem, sequence};
use super::material::{Material, Signatory};
use super::{damage, name};
use crate::differential::random::Random;

/// A certificate in PEM; most are well formed.
pub fn certificate(random: &mut Random, material: &Material) -> Vec<u8> {
    let damaged = random.chance(6);
    let algorithm = algorithm(random);
    let mut parts = Vec::new();
    if random.chance(95) {
        parts.push(element(
            0xA0,
            element(2, [random.weighted(&[(20, 2), (1, 1), (1, 0)])]),
        ));
    }
    parts.extend([
        serial(random),
        algorithm.clone(),
        name::name(random, true, !damaged).0,
        sequence(&[time(random, 2000, 2025), time(random, 2026, 2070)]),
        name::name(random, true, !damaged).0,
        key(random, material),
    ]);
    if random.chance(85) {
        parts.push(element(0xA3, sequence(&extensions(random))));
    }
    let whole = sequence(&[sequence(&parts), algorithm, bits(&[0x30, 6, 2, 1, 1, 2, 1, 1])]);
    let label = random.weighted(&[(95, "CERTIFICATE"), (3, "TRUSTED CERTIFICATE"), (2, "X")]);
    let bytes = pem(label, &whole);
    if damaged {
        damage::pem(random, &bytes)
    } else {
        bytes
    }
}

fn serial(random: &mut Random) -> Vec<u8> {
    let long = [0x7F; 20];
    let small: [&[u8]; 8] = [
        &[0],
        &[1],
        &[0x7F],
        &[0, 0x80],
        &[0, 0xFF, 0xFF],
        &[0xFF],
        &long,
        &[1; 32],
    ];
    if random.chance(50) {
        return element(2, random.choose(&small));
    }
    let mut number: Vec<u8> = (0..random.between(8, 20))
        .map(|_| random.below(256) as u8)
        .collect();
    number[0] = number[0] & 0x7F | 1;
    element(2, number)
}

/// MD5, SHA-1 and SHA-2 with RSA, DSA, ECDSA, and algorithms without a name here. Debian's
/// cfssl has no name for Ed25519.
fn algorithm(random: &mut Random) -> Vec<u8> {
    let with_null = [
        "1.2.840.113549.1.1.4",
        "1.2.840.113549.1.1.5",
        "1.2.840.113549.1.1.11",
        "1.2.840.113549.1.1.12",
        "1.2.840.113549.1.1.13",
        "1.2.840.113549.1.1.2",
    ];
    let without = [
        "1.2.840.10040.4.3",
        "2.16.840.1.101.3.4.3.2",
        "1.2.840.10045.4.1",
        "1.2.840.10045.4.3.2",
        "1.2.840.10045.4.3.3",
        "1.2.840.10045.4.3.4",
        "1.2.3.4",
    ];
    match random.chance(50) {
        true => sequence(&[oid(random.pick(&with_null)), vec![5, 0]]),
        false => sequence(&[oid(random.pick(&without))]),
    }
}

fn time(random: &mut Random, first: usize, last: usize) -> Vec<u8> {
    let year = random.between(first, last);
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        random.between(1, 12),
        random.between(1, 28),
        random.below(24),
        random.below(60),
        random.below(60)
    );
    match year {
        0..2050 => element(0x17, format!("{:02}{rest}", year % 100)),
        _ => element(0x18, format!("{year}{rest}")),
    }
}

fn key(random: &mut Random, material: &Material) -> Vec<u8> {
    match random.below(20) {
        0..10 => material.spki(Signatory::Ec).to_vec(),
        10..18 => material.spki(Signatory::Rsa).to_vec(),
        18 => sequence(&[sequence(&[oid("1.3.101.112")]), bits(&[7; 32])]),
        _ => sequence(&[sequence(&[oid("1.2.3.4")]), bits(&[1, 2, 3])]),
    }
}

fn extensions(random: &mut Random) -> Vec<Vec<u8>> {
    let key_id = |random: &mut Random| -> Vec<u8> {
        let length = random.choose(&[20, 20, 20, 32, 4, 1, 0]);
        (0..length)
            .map(|_| random.choose(&[0, 5, 0x0F, 0x10, 0xAB, 0xFF]))
            .collect()
    };
    let names = [
        element(0x82, "a.example"),
        element(0x82, "<b>.example"),
        element(0x87, [10, 0, 0, 1]),
        element(0x87, [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        element(0x87, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 1, 2, 3, 4]),
        element(0x81, "a@b.example"),
        element(0x86, "spiffe://td/wl"),
        element(0x88, [0x2A, 3]),
    ];
    let names: Vec<&Vec<u8>> = names.iter().collect();
    let mut list = Vec::new();
    if random.chance(60) {
        let names: Vec<Vec<u8>> = random.some(&names, 8).into_iter().cloned().collect();
        list.push(extension("2.5.29.17", random.chance(10), sequence(&names)));
    }
    if random.chance(60) {
        list.push(extension("2.5.29.14", false, element(4, key_id(random))));
    }
    if random.chance(60) {
        let id = element(0x80, key_id(random));
        list.push(extension("2.5.29.35", false, sequence(&[id])));
    }
    if random.chance(40) {
        let values: [&[u8]; 3] = [
            &[0x30, 0],
            &[0x30, 3, 1, 1, 0xFF],
            &[0x30, 6, 1, 1, 0xFF, 2, 1, 0],
        ];
        list.push(extension("2.5.29.19", true, random.choose(&values)));
    }
    if random.chance(30) {
        let values: [&[u8]; 3] = [&[3, 2, 5, 0xA0], &[3, 3, 7, 0, 0x80], &[3, 1, 0]];
        list.push(extension("2.5.29.15", true, random.choose(&values)));
    }
    if random.chance(20) {
        let purposes = [oid("1.3.6.1.5.5.7.3.1"), oid("1.2.3.4")];
        list.push(extension("2.5.29.37", false, sequence(&purposes)));
    }
    if random.chance(15) {
        let values: [&[u8]; 3] = [&[5, 0], &[], &[0xFF]];
        list.push(extension("1.2.3.4.5", random.chance(30), random.choose(&values)));
    }
    if random.chance(3) {
        // An extension twice.
        list.extend_from_within(..list.len().min(1));
    }
    list
}
