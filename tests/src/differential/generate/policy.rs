//! Configuration documents (`config.json`).

use super::node::{Key, Node};
use super::profile::Profile;
use super::{damage, profile, request};
use crate::differential::random::Random;

/// A document.
#[derive(Debug, Default)]
pub struct Policy {
    /// The text.
    pub bytes: Vec<u8>,
    /// The names of its profiles.
    pub names: Vec<String>,
    /// Whether a profile sets a fixed expiry date.
    pub fixed_end: bool,
}

/// Names for profiles.
const NAMES: [&str; 14] = [
    "server",
    "client",
    "peer",
    "www",
    "ca",
    "intermediate",
    "kubernetes",
    "default",
    "Server",
    "",
    "a b",
    "prüfung",
    "x.json",
    "<&>",
];

/// A configuration; most are valid. If several profiles were invalid, a map's order would
/// decide which error cfssl reports, so at most one is.
pub fn policy(random: &mut Random) -> Policy {
    let bad = random.chance(14);
    let mut policy = Policy::default();
    let count = random.weighted(&[(1, 0), (3, 1), (4, 2), (2, 3), (1, 5)]);
    let names = random.some(&NAMES, count.max(1));
    let names: Vec<&str> = names.into_iter().take(count).collect();
    let default = random.chance(80);
    let last = names.len() + usize::from(default);
    let whose = random.below(last.max(1));
    let mut made: Vec<Profile> = (0..last)
        .map(|at| profile::profile(random, bad && at == whose))
        .collect();
    policy.fixed_end = made.iter().any(|profile| profile.fixed_end);
    let mut signing = Vec::new();
    if default && let Some(own) = made.pop() {
        signing.push((Key::Field("default"), own.node));
    }
    let members = names.iter().zip(made);
    let members = members.map(|(name, made)| (Key::Name((*name).to_owned()), made.node));
    let profiles = Node::Object(members.collect());
    if count > 0 || random.chance(50) {
        signing.push((Key::Field("profiles"), profiles));
    }
    if random.chance(20) {
        random.shuffle(&mut signing);
    }
    policy.names = names.into_iter().map(str::to_owned).collect();
    let odd = bad && random.chance(50);
    let mut fields = vec![(Key::Field("signing"), Node::Object(signing))];
    fields.push((Key::Field("auth_keys"), auth_keys(random)));
    if odd {
        make_odd(random, &mut fields);
    }
    let odd_keys = bad || random.chance(20);
    let style = request::style(random, odd_keys);
    policy.bytes = Node::Object(fields).write(style, random);
    if odd && random.chance(40) {
        policy.bytes = damage::json(random, &policy.bytes);
    }
    policy
}

/// The keys that profiles name: `good`, and others that matter only if they are named.
fn auth_keys(random: &mut Random) -> Node {
    let key = |kind: &str, key: &str| Node::fields(vec![("type", kind.into()), ("key", key.into())]);
    let mut members = vec![(Key::Name("good".to_owned()), key("standard", "0123456789abcdef"))];
    if random.chance(50) {
        members.push((Key::Name("no hex".to_owned()), key("standard", "xyz")));
        members.push((Key::Name("no type".to_owned()), key("other", "00")));
    }
    Node::Object(members)
}

fn make_odd(random: &mut Random, fields: &mut Vec<(Key, Node)>) {
    match random.below(6) {
        0 => fields.retain(|(key, _)| !matches!(key, Key::Field("signing"))),
        1 => fields.insert(0, (Key::Field("signing"), Node::null())),
        2 => fields.push((Key::Field("signing"), Node::odd(random))),
        3 => fields.push((Key::Field("auth_keys"), Node::odd(random))),
        4 => fields.push((Key::Field("remotes"), Node::odd(random))),
        _ => fields.push((Key::Field("comment"), Node::odd(random))),
    }
}
