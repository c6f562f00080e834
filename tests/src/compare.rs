//! Compares two normal forms and reports every difference with its path.

use serde_json::{Map, Value};

/// The maximum length of a value in messages.
const SHOWN: usize = 240;

/// Paths of times that are relative to the current time.
const CLOCKS: [&str; 4] = ["/not-before[2]", "/produced-at", "/this-update", "/next-update"];

/// The differences between the recorded and the actual result; empty if they are the same.
pub fn differences(want: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare("", want, got, &mut found);
    found
}

fn compare(at: &str, want: &Value, got: &Value, found: &mut Vec<String>) {
    match (want, got) {
        (Value::Object(want), Value::Object(got)) => objects(at, want, got, found),
        (Value::Array(want), Value::Array(got)) if want.len() == got.len() => {
            for (index, (want, got)) in want.iter().zip(got).enumerate() {
                compare(&format!("{at}[{index}]"), want, got, found);
            }
        }
        _ if want == got || tolerated(at, want, got) => {}
        _ => {
            let (want, got) = (want.to_string(), got.to_string());
            let start = shown_from(&want, &got);
            found.push(format!(
                "{at}: want {}, got {}",
                part(&want, start),
                part(&got, start)
            ));
        }
    }
}

fn objects(at: &str, want: &Map<String, Value>, got: &Map<String, Value>, found: &mut Vec<String>) {
    // A step whose standard error was not recorded, or need not be the same.
    if at.ends_with("/stderr") && want.is_empty() {
        return;
    }
    for (key, want) in want {
        // A remark on the case as a whole, besides what it printed and wrote.
        if at.is_empty() && key == "broken" {
            continue;
        }
        let at = format!("{at}/{key}");
        match got.get(key) {
            Some(got) => compare(&at, want, got, found),
            None => found.push(format!("{at}: missing; want {}", short(want))),
        }
    }
    for (key, got) in got {
        // Not every recording includes error objects within prose, or long files.
        let optional =
            at.ends_with("/stderr") && key == "objects" || at.starts_with("/files/") && key == "content";
        if !want.contains_key(key) && !optional {
            found.push(format!("{at}/{key}: unexpected {}", short(got)));
        }
    }
}

/// Differences caused by the clock.
fn tolerated(at: &str, want: &Value, got: &Value) -> bool {
    if let (Some(want), Some(got)) = (want.as_str(), got.as_str()) {
        // Each lists all possible values for the current minute or hour.
        let counted = |way: &str| way.starts_with(['+', '-']);
        let common = |way: &str| counted(way) && got.split('|').any(|other| other == way);
        if CLOCKS.iter().any(|place| at.ends_with(place)) && want.split('|').any(common) {
            return true;
        }
    }
    if at.ends_with("/not-before[1]") {
        // The seconds happened to be 00.
        return want == "to the second";
    }
    let (Some(want), Some(got)) = (want.as_i64(), got.as_i64()) else {
        return false;
    };
    if at.ends_with("/this-update") {
        return (want - got).abs() <= 1;
    }
    // cfssl reads the clock twice, and a second may pass in between.
    at.ends_with("/lifetime-seconds") && (want - got).abs() == 1
}

fn short(value: &Value) -> String {
    part(&value.to_string(), 0)
}

/// Where to start showing two long texts, so that the difference is visible.
fn shown_from(want: &str, got: &str) -> usize {
    let common = want
        .chars()
        .zip(got.chars())
        .take_while(|(want, got)| want == got);
    let common = common.count();
    if common < SHOWN / 2 { 0 } else { common - SHOWN / 4 }
}

/// The part of a text that is shown.
fn part(text: &str, start: usize) -> String {
    let shown: String = text.chars().skip(start).take(SHOWN).collect();
    let before = if start > 0 { "... " } else { "" };
    let after = if text.chars().count() > start + SHOWN {
        " ..."
    } else {
        ""
    };
    format!("{before}{shown}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn places(want: Value, got: Value) -> Vec<String> {
        let found = differences(&want, &got);
        found
            .iter()
            .map(|line| line.split(':').next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn every_kind_of_difference_is_reported() {
        assert_eq!(places(json!({ "a": 1 }), json!({ "a": 2 })), ["/a"]);
        assert_eq!(places(json!({ "a": 1 }), json!({ "a": "1" })), ["/a"]);
        assert_eq!(places(json!({ "a": 1 }), json!({})), ["/a"]);
        assert_eq!(places(json!({}), json!({ "a": 1 })), ["/a"]);
        assert_eq!(places(json!({ "a": [1, 2] }), json!({ "a": [1] })), ["/a"]);
        assert_eq!(places(json!({ "a": [1, 2] }), json!({ "a": [1, 3] })), ["/a[1]"]);
        assert_eq!(places(json!([1, 2]), json!([2, 1])), ["[0]", "[1]"]);
        assert_eq!(places(json!({ "a": null }), json!({})), ["/a"]);
        assert!(
            places(
                json!({ "a": [1, { "b": "c" }] }),
                json!({ "a": [1, { "b": "c" }] })
            )
            .is_empty()
        );
    }

    #[test]
    fn differences_deep_inside_are_shown() {
        let text = |end: &str| json!("x".repeat(1000) + end);
        let found = differences(&text("a"), &text("b"));
        assert!(
            found[0].contains("xa\", got ... x") && found[0].len() < 200,
            "{found:?}"
        );
    }

    #[test]
    fn only_values_without_a_recording_are_ignored() {
        let got = json!({ "stderr": { "log": [], "objects": ["x"] } });
        assert!(places(json!({ "stderr": { "log": [] } }), got.clone()).is_empty());
        assert_eq!(
            places(json!({ "stderr": { "log": [], "objects": [] } }), got.clone()),
            ["/stderr/objects"]
        );
        assert!(places(json!({ "stderr": {} }), got.clone()).is_empty());
        assert_eq!(
            places(json!({ "stdout": {} }), json!({ "stdout": { "log": [] } })),
            ["/stdout/log"]
        );
        let file = json!({ "files": { "x": { "mode": "644", "content": "c" } } });
        assert!(places(json!({ "files": { "x": { "mode": "644" } } }), file.clone()).is_empty());
        assert_eq!(places(json!({ "files": {} }), file.clone()), ["/files/x"]);
        assert_eq!(
            places(file, json!({ "files": { "x": { "mode": "644" } } })),
            ["/files/x/content"]
        );
    }

    #[test]
    fn times_may_differ_by_a_second_only() {
        let begin = |precision, minutes| json!({ "not-before": ["utc", precision, minutes] });
        let minute = "to the minute";
        assert!(places(begin(minute, "-5 min|-6 min"), begin(minute, "-6 min")).is_empty());
        assert_eq!(
            places(begin(minute, "-5 min"), begin(minute, "-6 min")),
            ["/not-before[2]"]
        );
        assert!(places(json!({ "produced-at": "+0" }), json!({ "produced-at": "+1|+0" })).is_empty());
        assert_eq!(
            places(json!({ "produced-at": "+0" }), json!({ "produced-at": "+1" })),
            ["/produced-at"]
        );
        let fixed = "2030-01-01T00:00:00+00:00";
        assert_eq!(
            places(begin(minute, fixed), begin(minute, "-5 min")),
            ["/not-before[2]"]
        );
        assert!(places(begin("to the second", "+0 min"), begin(minute, "+0 min")).is_empty());
        assert_eq!(
            places(begin(minute, "+0 min"), begin("to the second", "+0 min")),
            ["/not-before[1]"]
        );
        assert!(places(json!({ "this-update": 0 }), json!({ "this-update": -1 })).is_empty());
        assert_eq!(
            places(json!({ "this-update": 0 }), json!({ "this-update": 2 })),
            ["/this-update"]
        );
        assert!(
            places(
                json!({ "lifetime-seconds": 10 }),
                json!({ "lifetime-seconds": 9 })
            )
            .is_empty()
        );
        assert_eq!(
            places(
                json!({ "lifetime-seconds": 8 }),
                json!({ "lifetime-seconds": 10 })
            ),
            ["/lifetime-seconds"]
        );
    }
}
