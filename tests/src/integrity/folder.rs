//! Inputs are unchanged, and nothing is left behind.

use super::Findings;
use crate::suite::Outcome;

pub fn check(outcome: &Outcome, findings: &mut Findings) {
    for (name, before) in &outcome.before.files {
        match outcome.after.files.get(name) {
            None => findings.say(format!("{name}: input is gone")),
            Some(after) if after.bytes != before.bytes => {
                findings.say(format!("{name}: input was overwritten"));
            }
            Some(after) if after.mode != before.mode => {
                findings.say(format!("{name}: mode of input was changed"));
            }
            Some(_) => {}
        }
    }
    for name in &outcome.after.empty_folders {
        if !outcome.before.empty_folders.contains(name) {
            findings.say(format!("{name}: empty folder left behind"));
        }
    }
    for (name, _) in outcome.after.new_since(&outcome.before) {
        if name.ends_with(".tmp") {
            findings.say(format!("{name}: temporary file left behind"));
        }
    }
}
