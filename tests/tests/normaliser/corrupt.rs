//! Changes to the results of a case, so that they no longer match the recording.

use rcfssl_tests::normal::pem::{self, Block};
use rcfssl_tests::suite::Outcome;
use rcfssl_tests::tree::File;

/// A change to the results, and the phrase that must appear in the report.
pub type Corruption = (&'static str, Box<dyn Fn(&mut Outcome)>, &'static str);

pub fn corruption(
    name: &'static str,
    phrase: &'static str,
    change: impl Fn(&mut Outcome) + 'static,
) -> Corruption {
    (name, Box::new(change), phrase)
}

pub fn file<'a>(outcome: &'a mut Outcome, name: &str) -> &'a mut File {
    outcome.after.files.get_mut(name).unwrap()
}

/// Changes the text of a file.
pub fn text(outcome: &mut Outcome, name: &str, change: impl FnOnce(String) -> String) {
    let file = file(outcome, name);
    file.bytes = change(String::from_utf8(file.bytes.clone()).unwrap()).into_bytes();
}

/// Changes the bytes in the PEM block of a file.
pub fn der(outcome: &mut Outcome, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
    text(outcome, name, |text| {
        let block = pem::blocks(&text)[0];
        let body = Block::canonical_body(&change(block.der().unwrap()));
        text.replace(block.body, &body)
    });
}

/// Changes the only occurrence of some bytes.
pub fn bytes(der: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let found: Vec<usize> = (0..der.len()).filter(|at| der[*at..].starts_with(from)).collect();
    let at = *found
        .last()
        .unwrap_or_else(|| panic!("{from:02x?} in {der:02x?}"));
    [&der[..at], to, &der[at + from.len()..]].concat()
}

pub fn flip_last(mut der: Vec<u8>) -> Vec<u8> {
    *der.last_mut().unwrap() ^= 1;
    der
}

/// Changes a line of the second step's standard error; `None` removes it.
pub fn lines(outcome: &mut Outcome, change: impl Fn(&str) -> Option<String>) {
    let err = outcome.steps[1].err();
    let lines: Vec<String> = err.lines().filter_map(change).collect();
    outcome.steps[1].stderr = (lines.join("\n") + "\n").into_bytes();
}

pub fn append(outcome: &mut Outcome, line: &str) {
    outcome.steps[1].stderr.extend_from_slice(line.as_bytes());
}

pub fn stdout(outcome: &mut Outcome, change: impl FnOnce(String) -> String) {
    outcome.steps[1].stdout = change(outcome.steps[1].out()).into_bytes();
}
