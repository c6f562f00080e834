//! A key, its request and its certificate match.

use std::collections::BTreeSet;

use super::Findings;
use super::made::Made;

pub fn check(made: &Made, findings: &mut Findings) {
    for place in &made.places {
        if let Some(document) = &place.document
            && document.get("key").is_some_and(serde_json::Value::is_string)
        {
            let texts = ["key", "csr", "cert"].map(|key| document.get(key)?.as_str());
            compare(made, &place.name, &texts, findings);
        }
        if let Some(base) = place.name.strip_suffix("-key.pem") {
            let text = |name: String| {
                let place = made.places.iter().find(|place| place.name == name)?;
                Some(place.pem.as_str())
            };
            let texts = [
                Some(place.pem.as_str()),
                text(format!("{base}.csr")),
                text(format!("{base}.pem")),
            ];
            compare(made, &place.name, &texts, findings);
        }
    }
}

fn compare(made: &Made, place: &str, texts: &[Option<&str>], findings: &mut Findings) {
    let publics = texts.iter().flatten().map(|text| made.publics(text));
    let publics: BTreeSet<BTreeSet<&[u8]>> = publics.filter(|keys| !keys.is_empty()).collect();
    if publics.len() > 1 {
        findings.say(format!("{place}: key, request and certificate do not match"));
    }
}
