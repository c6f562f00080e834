//! Durations in Go's notation, without the units d, w and y, which rcfssl accepts and cfssl
//! does not.

use crate::differential::random::Random;

const GOOD: [&str; 26] = [
    "8760h",
    "43800h",
    "168h",
    "24h",
    "1h",
    "90m",
    "1h30m",
    "72h3m0.5s",
    "100000s",
    "1.5h",
    ".5h",
    "1.h",
    "+1h",
    "3600000ms",
    "7200000000us",
    "7200000000µs",
    "7200000000μs",
    "3600000000000ns",
    "1m1h",
    "00008h",
    "1h0m0s",
    "87600h",
    "262800h",
    "2h2h",
    "0.000001h",
    "1000000h",
];

/// Zero or negative durations.
const ODD: [&str; 8] = ["0", "0s", "-1h", "-0", "1ns", "-8760h", "0.1ns", "+0h"];

const BAD: [&str; 26] = [
    "1",
    "h",
    "1 h",
    " 1h",
    "1h ",
    "1H",
    "1hour",
    "1hr",
    "1min",
    "1sec",
    "abc",
    "1e3h",
    "--1h",
    "+-1h",
    "2562048h",
    "9999999999h",
    "99999999999999999999h",
    "1.5.5h",
    ".",
    ".h",
    "1h-",
    "1,5h",
    "1M",
    "1h30",
    "∞",
    "0x1h",
];

/// A valid duration.
pub fn good(random: &mut Random) -> &'static str {
    random.pick(&GOOD)
}

/// A valid duration in whole seconds, for times relative to now: with a fraction, the
/// result would depend on the fraction of the current second.
pub fn whole(random: &mut Random) -> &'static str {
    match good(random) {
        "72h3m0.5s" | "0.000001h" => "1h",
        other => other,
    }
}

/// Any duration; most are valid.
pub fn any(random: &mut Random) -> &'static str {
    match random.below(100) {
        0..84 => good(random),
        84..92 => random.pick(&ODD),
        _ => random.pick(&BAD),
    }
}
