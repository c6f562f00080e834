//! Changes to standard output and standard error.

use serde_json::Value;

use crate::corrupt::*;

/// All of them.
pub fn of_streams() -> Vec<Corruption> {
    vec![
        corruption("another status", "/steps[1]/exit", |outcome| {
            outcome.steps[1].status = 1
        }),
        corruption("a log line is missing", "/steps[1]/stderr/log", |outcome| {
            lines(outcome, |line| {
                (!line.contains("encoded CSR")).then(|| line.to_owned())
            });
        }),
        corruption("log lines in another order", "/steps[1]/stderr/log[", |outcome| {
            lines(outcome, |line| {
                let swapped = line
                    .replace("received CSR", "#")
                    .replace("encoded CSR", "received CSR");
                Some(swapped.replace('#', "encoded CSR"))
            });
        }),
        corruption("another level", "/steps[1]/stderr/log[", |outcome| {
            lines(outcome, |line| {
                Some(line.replace("[INFO] encoded", "[WARNING] encoded"))
            });
        }),
        corruption("an error object", "/steps[1]/stderr/log", |outcome| {
            append(outcome, "{\"code\":1000,\"message\":\"x\"}\n");
        }),
        corruption(
            "an error object amid prose",
            "/steps[1]/stderr/objects",
            |outcome| {
                append(outcome, "no: {\"code\":1000,\"message\":\"x\"}\n");
            },
        ),
        corruption("prose", "/steps[1]/stderr/prose", |outcome| {
            append(outcome, "more to say\n")
        }),
        corruption("one key more", "/json/more: unexpected", |outcome| {
            stdout(outcome, |text| text.replacen('{', "{\"more\":1,", 1));
        }),
        corruption("keys in another order", "/key-order[0]", |outcome| {
            stdout(outcome, |text| {
                let document: Value = serde_json::from_str(&text).unwrap();
                let pair = |key: &str| format!("\"{key}\":{}", document[key]);
                format!("{{{},{},{}}}\n", pair("key"), pair("csr"), pair("cert"))
            });
        }),
        corruption(
            "white space",
            "stdout of step 1: JSON is not formatted as by Go",
            |outcome| {
                stdout(outcome, |text| text.replacen(':', ": ", 1));
            },
        ),
        corruption("no line end", "/ends-with-newline", |outcome| {
            stdout(outcome, |text| text.trim_end().to_owned());
        }),
        corruption("an old stamp", "step 1: a log line is stamped 2020", |outcome| {
            lines(outcome, |line| Some(format!("2020/01/01{}", &line[10..])));
        }),
        corruption(
            "a serial number of nobody",
            "the log names a serial number",
            |outcome| {
                // Only with one certificate and one line can they be matched.
                outcome.steps[0].stderr.clear();
                outcome.after.files.remove("ca.pem");
                lines(outcome, |line| {
                    Some(line.replace("serial number ", "serial number 1"))
                });
            },
        ),
        corruption("a panic", "step 1: panic", |outcome| {
            append(outcome, "thread 'main' panicked at x.rs:1\n")
        }),
        corruption("a key on standard error", "step 1: stderr shows", |outcome| {
            append(outcome, "-----BEGIN EC PRIVATE KEY-----\n");
        }),
        corruption(
            "a line of a key on standard error",
            "step 1: stderr shows",
            |outcome| {
                let key = String::from_utf8(file(outcome, "leaf-key.pem").bytes.clone()).unwrap();
                append(
                    outcome,
                    &format!("2026/01/01 00:00:00 [INFO] {}\n", key.lines().nth(1).unwrap()),
                );
            },
        ),
    ]
}
