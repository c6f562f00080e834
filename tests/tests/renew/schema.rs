//! The schema of jobs documents, checked with another validator and against the parser.

use std::fs;

use jsonschema::Validator;
use rcfssl_tests::{Organization, fixtures, repository};
use serde_json::{Value, json};

use crate::{renewed, sum};

fn schema() -> Value {
    let text = fs::read_to_string(repository().join("dist/schemas/jobs.schema.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn validator() -> Validator {
    let schema = schema();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

/// Whether the parser accepts it. Problems with files do not count here.
fn is_read(organization: &Organization, document: &str) -> bool {
    organization.write("jobs.json", document).unwrap();
    let step = organization.renew("-dry-run -jobs jobs.json").unwrap();
    let refused = step.err().starts_with("jobs.json, line ");
    let report = step.out().contains(" to be made, ");
    assert_ne!(refused, report, "{document}: {}{}", step.out(), step.err());
    report
}

/// All values that are tried at each place of a document.
fn values() -> Vec<Value> {
    let texts = [
        "", " ", "x", "a.b", "x.pem", "x.crt", ".", "..", ".pem", "x/", "x/y", "x/.y", "./x", "../x", "/x/y",
        "x//y", "0", "+0", "-0", "1", "1h", "+1h", "-1h", "1h30m", "1.5h", "1.h", ".5h", ".h", "1 h", "h",
        "1d", "1w", "1y", "1µs", "1μs", "1us", "2ns3ms", "1H", "1h,", "default", "env:X", "file:x",
    ];
    let others = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1.5),
        json!([]),
        json!({}),
        json!([null]),
        json!([{}]),
        json!(["x"]),
        json!({"x": 1}),
    ];
    texts.map(Value::from).into_iter().chain(others).collect()
}

/// A document with all keys.
fn full() -> Value {
    json!({"$schema": "x", "organizations": [{
        "name": "org", "folder": ".", "ca": "no.pem", "ca_key": "no-key.pem", "config": "none.json", "before": "1h",
        "rekey": true, "exec": "true", "db_config": "db.json", "revoke_old": false, "certificates": [
            {"request": "no.json", "profile": "server", "output": "out", "before": "1h", "rekey": true, "exec": "true",
             "revoke_old": false}],
    }]})
}

/// The document with each value at each place, without each key, and with unknown keys.
fn variants() -> Vec<Value> {
    let mut all = vec![full(), json!({}), json!([]), json!(null), json!("x"), json!(1)];
    let places = ["", "/organizations/0", "/organizations/0/certificates/0"];
    for place in places {
        let keys: Vec<String> = full()
            .pointer(place)
            .unwrap()
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let object = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
            let mut document = full();
            change(document.pointer_mut(place).unwrap().as_object_mut().unwrap());
            document
        };
        for key in &keys {
            all.push(object(&|object| drop(object.remove(key))));
            for value in values() {
                all.push(object(&|object| drop(object.insert(key.clone(), value.clone()))));
            }
        }
        for key in ["x", "befor", "organization", "requests", "Name ", ""] {
            all.push(object(&|object| drop(object.insert(key.to_owned(), json!(1)))));
        }
    }
    for list in ["/organizations", "/organizations/0/certificates"] {
        for value in values() {
            let mut document = full();
            document
                .pointer_mut(list)
                .unwrap()
                .as_array_mut()
                .unwrap()
                .push(value);
            all.push(document);
        }
    }
    let british = |mut document: Value| {
        let object = document.as_object_mut().unwrap();
        let list = object.remove("organizations").unwrap();
        object.insert("organisations".to_owned(), list);
        document
    };
    all.push(british(full()));
    all
}

#[test]
fn schema_and_parser_agree() {
    let organization = Organization::new().unwrap();
    let validator = validator();
    let (mut valid, mut invalid) = (0, 0);
    for document in variants() {
        let by_schema = validator.is_valid(&document);
        let text = document.to_string();
        assert_eq!(is_read(&organization, &text), by_schema, "{text}");
        if by_schema { valid += 1 } else { invalid += 1 }
    }
    assert!(valid > 250 && invalid > 400, "{valid} {invalid}");
}

/// What the parser accepts in addition, as in cfssl's documents, and what no schema can
/// check.
#[test]
fn where_schema_and_parser_differ() {
    let organization = Organization::new().unwrap();
    let validator = validator();
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let text = full().to_string();
    let other_case = text.replace("\"folder\"", "\"Folder\"");
    assert!(is_read(&organization, &other_case) && !validator.is_valid(&parsed(&other_case)));
    let twice = text.replace("\"folder\":", "\"folder\":\"other\",\"folder\":");
    assert!(is_read(&organization, &twice) && validator.is_valid(&parsed(&twice)));
    for beyond in [
        text.replace("\"1h\"", "\"99999999999h\""),
        text.replace("\"out\"", "\"no\"")
            .replace("no.pem", "sub/../no.pem"),
        text.replace("none.json", "ca-config.json")
            .replace("\"server\"", "\"sever\""),
        text.replace("none.json", "ca-config.json")
            .replace("\"db.json\"", "\"\"")
            .replacen("\"revoke_old\":false", "\"revoke_old\":true", 2),
    ] {
        assert!(
            !is_read(&organization, &beyond) && validator.is_valid(&parsed(&beyond)),
            "{beyond}"
        );
    }
}

/// Every key has a description.
#[test]
fn every_key_has_a_description() {
    fn check(at: &str, schema: &Value, defs: &Value) {
        let schema = match schema.get("$ref").and_then(Value::as_str) {
            Some(target) => &defs[target.rsplit('/').next().unwrap()],
            None => schema,
        };
        let is_list = schema.get("items").is_some();
        assert!(is_list || schema["description"].is_string(), "{at}");
        for (key, value) in schema["properties"].as_object().into_iter().flatten() {
            check(&format!("{at}/{key}"), value, defs);
        }
        if is_list {
            check(&format!("{at}[]"), &schema["items"], defs);
        }
    }
    let schema = schema();
    check("", &schema, &schema["$defs"]);
}

/// The jobs of the walk-through: they conform to the schema, and create what the
/// walk-through creates by hand.
#[test]
fn the_example_is_valid_and_runs() {
    let jobs = fixtures().join("jobs");
    let text = fs::read_to_string(jobs.join("jobs.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    validator().validate(&document).unwrap();
    let pointed = document["$schema"].as_str().unwrap();
    assert_eq!(
        jobs.join(pointed).canonicalize().unwrap(),
        repository()
            .join("dist/schemas/jobs.schema.json")
            .canonicalize()
            .unwrap()
    );
    // Its documents are the walk-through's own.
    for entry in fs::read_dir(jobs.join("etcd")).unwrap() {
        let path = entry.unwrap().path();
        let original = fixtures().join("documents").join(path.file_name().unwrap());
        assert_eq!(
            fs::read(&path).unwrap(),
            fs::read(original).unwrap(),
            "{}",
            path.display()
        );
    }
    let organization = Organization::new().unwrap();
    let line = format!("rm ca-config.json; cp -r {}/. .; mv ca*.pem etcd", jobs.display());
    organization.shell(&line).unwrap().ok().unwrap();
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [5, 0, 0, 0]);
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [0, 0, 5, 0]);
    for (profile, name) in [
        ("server", "server"),
        ("peer", "member-1"),
        ("peer", "member-2"),
        ("peer", "member-3"),
        ("client", "client"),
    ] {
        let line = format!(
            "cd etcd; rcfssl gencert -loglevel 3 -ca ca.pem -ca-key ca-key.pem -config ca-config.json \
             -profile {profile} {name}.json | rcfssljson -bare wanted; openssl verify -CAfile ca.pem {name}.pem && \
             test \"$(openssl x509 -noout -pubkey -in {name}.pem)\" = \"$(openssl pkey -pubout -in {name}-key.pem)\""
        );
        organization.shell(&line).unwrap().ok().unwrap();
        let [made, wanted] =
            [name, "wanted"].map(|name| organization.certificate(&format!("etcd/{name}.pem")).unwrap());
        assert_eq!(
            (&made.subject, made.names()),
            (&wanted.subject, wanted.names()),
            "{name}"
        );
        for extension in ["2.5.29.15", "2.5.29.19", "2.5.29.37"] {
            assert_eq!(
                made.extensions[extension], wanted.extensions[extension],
                "{name}: {extension}"
            );
        }
    }
}
