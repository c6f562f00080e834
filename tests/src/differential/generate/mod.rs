//! Random trials: documents, requests and lines, both typical and malformed.
//!
//! Known differences between the two versions of cfssl are avoided here, or used in a way
//! that [a rule](super::rules) can translate.

mod certificate;
mod damage;
pub mod der;
mod duration;
mod flags;
mod flows;
mod foreign;
mod hosts;
mod inspecting;
mod issuing;
mod line;
mod material;
mod name;
mod node;
mod policy;
mod profile;
mod request;
mod revoking;
mod signing;
mod text;
mod writing;

use anyhow::Result;

use super::random::Random;
use super::trial::Trial;
pub use hosts::URIS;
pub use material::Material;

/// The state while a trial is generated.
struct Maker<'a> {
    random: Random,
    material: &'a Material,
    trial: Trial,
}

type Make = fn(&mut Maker<'_>) -> Result<()>;

/// The kinds of trials with their weights.
const KINDS: [(usize, (&str, Make)); 19] = [
    (24, ("gencert", issuing::leaf)),
    (10, ("gencert -initca", issuing::authority)),
    (4, ("gencert -initca -ca-key", issuing::authority_again)),
    (4, ("gencert -renewca", issuing::renewed_authority)),
    (6, ("genkey", issuing::key)),
    (2, ("genkey -initca", issuing::key_of_authority)),
    (3, ("gencsr", issuing::csr)),
    (5, ("selfsign", issuing::self_signed)),
    (14, ("sign", signing::sign)),
    (2, ("sign (openssl)", signing::sign_of_openssl)),
    (7, ("certinfo -cert", inspecting::certificate)),
    (3, ("certinfo -csr", inspecting::request)),
    (4, ("info", inspecting::info)),
    (1, ("print-defaults", inspecting::defaults)),
    (5, ("gencrl", revoking::crl)),
    (6, ("ocspsign", revoking::ocsp)),
    (8, ("cfssljson", writing::documents)),
    (3, ("flags", flags::flags)),
    (4, ("flow", flows::flow)),
];

/// Generates the trial with this number, which depends on nothing else.
///
/// # Errors
/// If openssl does not run.
pub fn trial(seed: u64, number: u64, material: &Material) -> Result<Trial> {
    let mut random = Random::of_trial(seed, number);
    let (kind, make) = random.weighted(&KINDS);
    let mut trial = Trial::new(kind);
    trial.id = format!("{seed}/{number}");
    let mut maker = Maker {
        random,
        material,
        trial,
    };
    make(&mut maker)?;
    Ok(maker.trial)
}
