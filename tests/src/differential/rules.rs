//! Known differences between cfssl 1.6.5 and Debian's older cfssl that the generator cannot
//! avoid: named rules translate Debian's answer to that of 1.6.5. Everything else must be
//! the same.
//!
//! The generator avoids other differences. Differences between the versions: more arguments
//! than a command takes; `backdate` and `crl_url` in request documents, `copy_extensions`,
//! lints, `prev_auth_key`; Ed25519 and P-224 keys; `file:` and `env:`; the usage `content
//! commitment`; bundles; `-serial` and `-aki`; remote signing; versions; a second key in a
//! request document after `null`; escapes in times of a configuration; the field
//! `NameWhitelist` of a profile. Deliberate extensions of rcfssl: units of days, weeks and
//! years; T61Strings in Latin-1; CRLs of issuers whose names cfssl would not reproduce in
//! full; flags of cfssljson after its argument.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use super::trial::Trial;
use super::{structure, words};
use crate::normal::text::regex;

/// A known difference.
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// The difference.
    pub why: &'static str,
    /// Translates an answer; returns whether there was anything to translate.
    apply: fn(&mut Value, &Trial) -> bool,
}

/// The rules, in the order in which they are applied.
pub static RULES: &[Rule] = &[
    Rule {
        name: "line-end",
        why: "rcfssl ends the line about an unreadable configuration; in a pipe cfssl's runs into the next line",
        apply: line_end,
    },
    Rule {
        name: "own-words",
        why: "rcfssl words cfssl's own messages (not Go's) differently",
        apply: own_words,
    },
    Rule {
        name: "new-words",
        why: "1.6.5 renamed a type and reworded messages, and one error is no longer an object",
        apply: new_words,
    },
    Rule {
        name: "times",
        why: "newer Go parses times without their quotes, which shows in the error",
        apply: times,
    },
    Rule {
        name: "malformed-der",
        why: "Go's errors for malformed DER mention its parser's internals; rcfssl prints asn1: and its own text",
        apply: malformed_der,
    },
    Rule {
        name: "escapes",
        why: "Go 1.22 writes \\b and \\f in JSON, older Go \\u0008 and \\u000c",
        apply: escapes,
    },
    Rule {
        name: "key-identifiers",
        why: "1.6.5 pads the octets of key identifiers in certinfo: 0B, not B",
        apply: key_identifiers,
    },
    Rule {
        name: "uris",
        why: "1.6.5 turns hosts that are URIs into URI names, and copies those of requests",
        apply: |answer, trial| structure::uris(answer, &trial.beyond),
    },
    Rule {
        name: "names",
        why: "1.6.5 knows E and OID, and keeps all attributes of a request's subject",
        apply: |answer, trial| structure::names(answer, &trial.beyond, trial.kind == "selfsign"),
    },
    Rule {
        name: "selfsign",
        why: "1.6.5 puts the extensions of the request into the certificate",
        apply: |answer, trial| trial.kind == "selfsign" && structure::self_signed(answer),
    },
];

/// Translates an answer of Debian's cfssl; returns the names of the rules that were needed.
pub fn translate(answer: &mut Value, trial: &Trial) -> BTreeSet<&'static str> {
    let needed = RULES.iter().filter(|rule| (rule.apply)(answer, trial));
    needed.map(|rule| rule.name).collect()
}

fn lines_mut(step: &mut Value) -> Option<&mut Vec<Value>> {
    step.pointer_mut("/stderr/lines").and_then(Value::as_array_mut)
}

/// Changes lines of standard error; returns whether any were changed.
fn change_lines(answer: &mut Value, change: impl Fn(&str) -> Option<String>) -> bool {
    let mut changed = false;
    for step in answer["steps"].as_array_mut().into_iter().flatten() {
        for line in lines_mut(step).into_iter().flatten() {
            if let Some(new) = line.as_str().and_then(&change) {
                *line = json!(new);
                changed = true;
            }
        }
    }
    changed
}

static OWN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
    regex(concat!(
        "^(not enough arguments are supplied --- please refer to the usage",
        "|Must specify certinfo target through -cert, -csr, or -domain",
        "|Either -remote or -config must be given\\. Refer to cfssl info -h for usage\\.",
        "|argument is provided but not defined; please refer to the usage by flag -h\\.",
        "|parsing time \".*\" as \"2006-01-02\": .*|parsing time \".*\": .*",
        ")$",
    ))
});

fn own_words(answer: &mut Value, _: &Trial) -> bool {
    change_lines(answer, |line| {
        OWN_WORDS.is_match(line).then(|| words::OWN_WORDS.to_owned())
    })
}

/// Phrases of Debian's cfssl, and of 1.6.5.
const NEW_WORDS: [(&str, &str); 5] = [
    ("csr.BasicKeyRequest", "csr.KeyRequest"),
    ("BasicKeyRequest.key.", "KeyRequest.key."),
    ("not a certificate or csr", "not a csr"),
    (
        r#"{"code":1000,"message":"x509: unsupported public key type: \u003cnil\u003e"}"#,
        "x509: unsupported public key type: <nil>",
    ),
    ("is not RSA or ECC\"", "is not RSA or ECC or Ed25519\""),
];

fn new_words(answer: &mut Value, _: &Trial) -> bool {
    change_lines(answer, |line| {
        let new = NEW_WORDS
            .iter()
            .fold(line.to_owned(), |line, (old, new)| line.replace(old, new));
        (new != line).then_some(new)
    })
}

fn times(answer: &mut Value, _: &Trial) -> bool {
    change_lines(answer, |line| {
        let line = Some(line).filter(|line| line.contains("parsing time "))?;
        // All of it is in the string of an error object.
        let quotes = [(r#"\"\\\""#, r#"\""#), (r#"\\\"\""#, r#"\""#)];
        let new = match line.split_once("parsing time ") {
            Some((before, _)) if line.ends_with(r#" as \"\\\"\""}"#) => {
                format!(r#"{before}Time.UnmarshalJSON: input is not a JSON string"}}"#)
            }
            _ => quotes
                .iter()
                .fold(line.to_owned(), |line, (old, new)| line.replace(old, new)),
        };
        (new != line).then_some(new)
    })
}

static MALFORMED: LazyLock<Regex> = LazyLock::new(|| regex(r#"asn1: (structure|syntax) error: [^"]*"#));

fn malformed_der(answer: &mut Value, _: &Trial) -> bool {
    change_lines(answer, |line| {
        let new = MALFORMED.replace_all(line, words::MALFORMED);
        (new != line).then(|| new.into_owned())
    })
}

/// `cfssl`, and `cfssljson` after it in a pipe.
fn line_end(answer: &mut Value, _: &Trial) -> bool {
    let mut changed = false;
    for step in answer["steps"].as_array_mut().into_iter().flatten() {
        let Some(lines) = lines_mut(step) else {
            continue;
        };
        let [Value::String(line)] = lines.as_slice() else {
            continue;
        };
        let at = line.rfind("Failed to parse input: ");
        let at = at.filter(|at| *at > 0 && line.starts_with("Failed to load config file: "));
        if let Some((first, second)) = at.map(|at| line.split_at(at)) {
            *lines = vec![json!(first), json!(second)];
            changed = true;
        }
    }
    changed
}

/// A backslash is matched with the next character, so that an escaped backslash does not
/// begin an escape.
static ESCAPE: LazyLock<Regex> = LazyLock::new(|| regex(r"\\(?:u0008|u000c|.)"));

fn short_escapes(text: &str) -> Option<String> {
    let new = ESCAPE.replace_all(text, |found: &regex::Captures<'_>| {
        let escape = match &found[0] {
            r"\u0008" => r"\b",
            r"\u000c" => r"\f",
            other => other,
        };
        escape.to_owned()
    });
    (new != text).then(|| new.into_owned())
}

fn escapes(answer: &mut Value, _: &Trial) -> bool {
    let mut changed = change_lines(answer, short_escapes);
    for step in answer["steps"].as_array_mut().into_iter().flatten() {
        // Text that is compared byte by byte.
        if let Some(new) = step["stdout"].as_str().and_then(short_escapes) {
            step["stdout"] = json!(new);
            changed = true;
        }
    }
    changed
}

static KEY_ID: LazyLock<Regex> =
    LazyLock::new(|| regex(r#"(?m)^(  "(?:authority|subject)_key_id": ")([0-9A-F:]+)(",)$"#));

fn key_identifiers(answer: &mut Value, trial: &Trial) -> bool {
    let mut changed = false;
    let steps = answer["steps"].as_array_mut().into_iter().flatten();
    for (step, line) in steps.zip(&trial.run) {
        let Some(text) = step["stdout"]
            .as_str()
            .filter(|_| line.starts_with("cfssl certinfo"))
        else {
            continue;
        };
        let padded = KEY_ID.replace_all(text, |found: &regex::Captures<'_>| {
            let octets: Vec<String> = found[2].split(':').map(|octet| format!("{octet:0>2}")).collect();
            format!("{}{}{}", &found[1], octets.join(":"), &found[3])
        });
        if padded != text {
            step["stdout"] = json!(padded);
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_have_names_of_their_own() {
        let names: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
        assert_eq!(names.len(), RULES.len());
    }

    #[test]
    fn words_are_translated() {
        let line = |text: &str| json!({ "steps": [{ "stderr": { "lines": [text] } }] });
        let trial = Trial::default();
        let mut answer = line("not enough arguments are supplied --- please refer to the usage");
        assert!(translate(&mut answer, &trial).contains("own-words"));
        assert_eq!(answer, line(words::OWN_WORDS));
        let mut answer =
            line("json: cannot unmarshal string into Go struct field BasicKeyRequest.key.size of type int");
        assert!(translate(&mut answer, &trial).contains("new-words"));
        assert_eq!(
            answer,
            line("json: cannot unmarshal string into Go struct field KeyRequest.key.size of type int")
        );
        let told = |words: &str| line(&format!(r#"f: {{"code":5200,"message":"{words}"}}"#));
        let mut answer =
            told(r#"parsing time \"\\\"x\\\"\" as \"\\\"2006\\\"\": cannot parse \"x\\\"\" as \"2006\""#);
        assert!(translate(&mut answer, &trial).contains("times"));
        assert_eq!(
            answer,
            told(r#"parsing time \"x\" as \"2006\": cannot parse \"x\" as \"2006\""#)
        );
        let mut answer = told(r#"parsing time \"1\" as \"\\\"2006\\\"\": cannot parse \"1\" as \"\\\"\""#);
        translate(&mut answer, &trial);
        assert_eq!(answer, told("Time.UnmarshalJSON: input is not a JSON string"));
        let mut answer = line("Failed to load config file: x. Failed to parse input: y");
        assert!(translate(&mut answer, &trial).contains("line-end"));
        assert_eq!(
            answer["steps"][0]["stderr"]["lines"],
            json!(["Failed to load config file: x. ", "Failed to parse input: y"])
        );
        let mut answer = line(r#"{"code":9003,"message":"asn1: syntax error: sequence truncated"}"#);
        assert!(translate(&mut answer, &trial).contains("malformed-der"));
        assert_eq!(answer, line(r#"{"code":9003,"message":"<malformed>"}"#));
        let mut answer = line("open x: no such file or directory");
        assert!(translate(&mut answer, &trial).is_empty());
    }

    #[test]
    fn escapes_are_those_of_newer_go() {
        assert_eq!(
            short_escapes(r"a\u0008\\u0008\n\u000c").as_deref(),
            Some(r"a\b\\u0008\n\f")
        );
        assert_eq!(short_escapes(r"a\u0007\\u000c\"), None);
    }

    #[test]
    fn key_identifiers_are_padded() {
        let mut trial = Trial::default();
        trial.line("cfssl certinfo -cert x");
        let text = "{\n  \"authority_key_id\": \"B:AB:0\",\n  \"subject_key_id\": \"\",\n  \"x\": \"B:C\"\n}";
        let mut answer = json!({ "steps": [{ "stdout": text, "stderr": { "lines": [] } }] });
        translate(&mut answer, &trial);
        assert_eq!(
            answer["steps"][0]["stdout"],
            "{\n  \"authority_key_id\": \"0B:AB:00\",\n  \"subject_key_id\": \"\",\n  \"x\": \"B:C\"\n}"
        );
    }
}
