//! Errors in a jobs document are reported with organization, certificate, field and line,
//! before anything is created.

use rcfssl_tests::Organization;
use serde_json::json;

use crate::{document, jobs::jobs, renew, renewed, sum};

/// An organization with a request document and no certificates.
fn organization() -> Organization {
    let organization = Organization::new().unwrap();
    organization
        .write("a.json", document("a", &["a.example"]))
        .unwrap();
    organization
}

/// A valid certificate entry, with additional members.
fn wanted(more: &str) -> String {
    format!(
        r#"{{"organizations": [{{"name": "org", "folder": ".", "certificates": [
  {{"request": "a.json", "profile": "server", "output": "a"}},
  {{"request": "a.json", "profile": "server", "output": "b"{more}}}]}}]}}"#
    )
}

/// The errors reported for a document, which creates nothing.
fn said(organization: &Organization, text: &str) -> Vec<String> {
    organization.write("jobs.json", text).unwrap();
    let before = organization.stamps().unwrap();
    let step = renew(organization, "-jobs jobs.json");
    assert_eq!((step.status, step.out().as_str()), (1, ""), "{text}");
    assert_eq!(organization.stamps().unwrap(), before, "{text}");
    let lines = step.err();
    let lines = lines.lines().filter(|line| !line.starts_with("hint: "));
    lines.map(str::to_owned).collect()
}

#[test]
fn an_error_is_reported_with_its_position() {
    let organization = organization();
    let object = |fields: &str| format!("{{\"organizations\": [\n{{{fields}}}]}}");
    let b = r#"organization "org", certificate "b""#;
    for (text, expected) in [
        (String::new(), "line 1: unexpected end of JSON input".to_owned()),
        ("{}".to_owned(), "line 1: organizations: is missing or empty".to_owned()),
        ("\n\n[]".to_owned(), "line 3: must be an object, not array".to_owned()),
        (
            "{\"organizations\": [],\n\"organizations\" 1}".to_owned(),
            "line 2: invalid character '1' after object key".to_owned(),
        ),
        (
            "{\"organizations\":\n 7}".to_owned(),
            "line 2: organizations: must be a list, not number".to_owned(),
        ),
        (
            object("\"folder\": \"f\""),
            "line 2: organization \"f\", name: is missing".to_owned(),
        ),
        (
            object("\"name\": \"n\",\n\"folder\": \"\""),
            "line 3: organization \"n\", folder: is empty".to_owned(),
        ),
        (
            object("\"name\": \"n\", \"folder\": \"f\",\n \"ca\": true"),
            "line 3: organization \"n\", ca: must be a string, not bool".to_owned(),
        ),
        (
            object("\"name\": \"n\", \"folder\": \"f\",\n \"Befor\": \"1h\""),
            "line 3: organization \"n\": unknown key \"Befor\"; did you mean \"before\"?".to_owned(),
        ),
        (
            object("\"name\": \"n\", \"folder\": \"f\", \"certificates\": [\n{\"profile\": \"server\", \"output\": \"x\"}]"),
            "line 3: organization \"n\", certificate \"x\", request: is missing".to_owned(),
        ),
        (
            wanted(",\n\"before\": \"soon\""),
            format!("line 4: {b}, before: time: invalid duration \"soon\""),
        ),
        (wanted(",\n\"before\": \"-1h\""), format!("line 4: {b}, before: must not be negative")),
        (
            wanted(",\n\"profile\": \"sever\""),
            format!("line 4: {b}, profile: unknown profile \"sever\"; valid are server, client, peer, default"),
        ),
        (
            wanted(",\n\"rekey\": \"yes\""),
            format!("line 4: {b}, rekey: must be true or false, not string"),
        ),
        (wanted(",\n\"requst\": \"a\""), format!("line 4: {b}: unknown key \"requst\"; did you mean \"request\"?")),
        (wanted(",\n\"output\": \"\""), "line 4: organization \"org\", certificate \"number 2\", output: is empty".to_owned()),
        (
            wanted(",\n\"output\": \"sub/\""),
            "line 4: organization \"org\", certificate \"sub/\", output: must name a file that is not hidden".to_owned(),
        ),
        (
            wanted(",\n\"output\": \"a.pem\""),
            "line 4: organization \"org\", certificate \"a.pem\", output: writes the same file ./a.pem as \"a\"".to_owned(),
        ),
        (
            wanted(",\n\"output\": \"../work/a\""),
            "line 4: organization \"org\", certificate \"../work/a\", output: writes the same file ./../work/a.pem as \"a\"".to_owned(),
        ),
        (
            wanted(",\n\"output\": \"ca\""),
            "line 4: organization \"org\", certificate \"ca\", output: would overwrite ./ca.pem".to_owned(),
        ),
        (
            wanted(",\n\"output\": \"b\",\n\"request\": \"b.csr\""),
            format!("line 4: {b}, output: would overwrite ./b.csr"),
        ),
        (wanted(",") , "line 3: invalid character '}' looking for beginning of object key string".to_owned()),
    ] {
        assert_eq!(said(&organization, &text), [format!("jobs.json, {expected}")], "{text}");
    }
}

#[test]
fn all_errors_are_reported_at_once_in_order() {
    let organization = organization();
    let text = r#"{"organizations": [
{"name": "one", "before": "x", "certificates": [
{"request": "a.json", "output": "a"},
{"request": "a.json", "profile": "none", "output": "a", "rekyed": true}]},
{"folder": ".", "certificates": [{}]}],
"more": 1}"#;
    assert_eq!(
        said(&organization, text),
        [
            r#"jobs.json, line 2: organization "one", folder: is missing"#,
            r#"jobs.json, line 2: organization "one", before: time: invalid duration "x""#,
            r#"jobs.json, line 3: organization "one", certificate "a", profile: is missing"#,
            r#"jobs.json, line 4: organization "one", certificate "a", profile: unknown profile "none"; valid are server, client, peer, default"#,
            r#"jobs.json, line 4: organization "one", certificate "a", output: writes the same file a.pem as "a""#,
            r#"jobs.json, line 4: organization "one", certificate "a": unknown key "rekyed"; did you mean "rekey"?"#,
            r#"jobs.json, line 5: organization ".", name: is missing"#,
            r#"jobs.json, line 5: organization ".", certificate "number 1", request: is missing"#,
            r#"jobs.json, line 5: organization ".", certificate "number 1", profile: is missing"#,
            r#"jobs.json, line 5: organization ".", certificate "number 1", output: is missing"#,
            r#"jobs.json, line 6: unknown key "more""#,
        ]
    );
}

/// Neither the default nor the configured files, under any spelling, nor another
/// organization's.
#[test]
fn no_output_is_a_file_of_a_ca() {
    let organization = organization();
    organization
        .shell("mkdir sub; ln -s . link; cp ca.pem root.pem; cp ca-key.pem root.key; cp ca-config.json other.json")
        .unwrap()
        .ok()
        .unwrap();
    let target = |output: &str| json!([{"request": "a.json", "profile": "server", "output": output}]);
    for (output, file) in [
        ("ca", "./ca.pem"),
        ("ca.pem", "./ca.pem"),
        ("sub/../ca", "./sub/../ca.pem"),
        ("link/ca", "./link/ca.pem"),
        ("ca-key", "./ca-key.pem"),
    ] {
        jobs(&organization, target(output));
        let text = organization.read("jobs.json").unwrap();
        let [line] = said(&organization, &text).try_into().unwrap();
        assert!(
            line.ends_with(&format!("would overwrite {file}")),
            "{output}: {line}"
        );
    }
    let named = |output: &str| {
        json!({"organizations": [
            {"name": "one", "folder": "sub", "certificates": target(output)},
            {"name": "two", "folder": ".", "ca": "root.pem", "ca_key": "file:root.key", "config": "other.json"}]})
    };
    for (output, file) in [("../root", "sub/../root.pem"), ("../root.crt", "sub/../root.key")] {
        let [line] = said(&organization, &named(output).to_string())
            .try_into()
            .unwrap();
        assert!(
            line.ends_with(&format!("would overwrite {file}")),
            "{output}: {line}"
        );
    }
    // If these have other names, the default names are free.
    let free = json!({"organizations": [{"name": "one", "folder": ".", "ca": "root.pem", "ca_key": "root.key",
        "certificates": target("sub/ca")}]});
    organization.write("jobs.json", free.to_string()).unwrap();
    assert_eq!(sum(&renewed(&organization, "-jobs jobs.json")), [1, 0, 0, 0]);
}

/// As in cfssl's documents: keys in any case, the last of two values, null for none.
#[test]
fn keys_are_read_as_leniently_as_cfssls() {
    let organization = organization();
    for text in [
        r#"{"$schema": "x", "ORGANIZATIONS": [{"Name": "n", "FOLDER": ".", "Certificates": [
           {"Request": "a.json", "pROFILE": "server", "OutPut": "a"}]}]}"#,
        r#"{"organisations": [{"name": "n", "folder": "none", "folder": ".", "before": null, "rekey": null,
           "ca": null, "exec": "", "certificates": [{"request": "a.json", "profile": "server", "output": "a"}]}]}"#,
    ] {
        organization.write("jobs.json", text).unwrap();
        let step = renewed(&organization, "-jobs jobs.json");
        assert_eq!(sum(&step).iter().sum::<usize>(), 1, "{}", step.err());
        organization.check_pair("a.pem", "a-key.pem").unwrap();
    }
}

#[test]
fn an_unreadable_document_is_reported() {
    let organization = organization();
    organization.shell("mkdir folder").unwrap().ok().unwrap();
    for (file, error) in [
        ("none.json", "open none.json: no such file or directory\n"),
        ("folder", "read folder: is a directory\n"),
    ] {
        let step = renew(&organization, &format!("-jobs {file}"));
        assert_eq!((step.status, step.err().as_str()), (1, error));
    }
}

#[test]
fn revoking_needs_a_database_or_a_server() {
    let organization = organization();
    let remote = r#"{"remotes": {"r": "127.0.0.1:9"}, "signing": {"default": {"expiry": "1h"}, "profiles": {
        "here": {"expiry": "1h", "usages": ["server auth"]}, "there": {"remote": "r"}}}}"#;
    organization.write("mixed.json", remote).unwrap();
    let what = "needs db_config, or a server that signs for the profile";
    for (text, expected) in [
        (
            wanted(",\n\"revoke_old\": true"),
            format!("line 4: organization \"org\", certificate \"b\", revoke_old: {what}"),
        ),
        // What applies to several certificates is one mistake.
        (
            wanted("").replacen("{", "{\n\"revoke_old\": true,", 1),
            format!("line 2: organization \"org\", revoke_old: {what}"),
        ),
        (
            wanted("").replace("\"folder\": \".\",", "\"folder\": \".\",\n\"revoke_old\": true,"),
            format!("line 2: organization \"org\", revoke_old: {what}"),
        ),
        (
            wanted(",\n\"revoke_old\": 1"),
            "line 4: organization \"org\", certificate \"b\", revoke_old: must be true or false, not number"
                .to_owned(),
        ),
        (
            wanted(", \"revoke_old\": true")
                .replace(
                    "\"folder\": \".\",",
                    "\"folder\": \".\", \"config\": \"mixed.json\",",
                )
                .replace("\"server\"", "\"here\""),
            format!("line 3: organization \"org\", certificate \"b\", revoke_old: {what}"),
        ),
    ] {
        assert_eq!(
            said(&organization, &text),
            [format!("jobs.json, {expected}")],
            "{text}"
        );
    }

    // These are read.
    for text in [
        wanted(", \"revoke_old\": true").replace(
            "\"folder\": \".\",",
            "\"folder\": \".\", \"db_config\": \"db.json\",",
        ),
        wanted(", \"revoke_old\": false").replacen("{", "{\"revoke_old\": true, \"db_config\": \"x\",", 1),
        wanted("")
            .replacen("{", "{\"revoke_old\": true,", 1)
            .replace("\"output\"", "\"revoke_old\": false, \"output\""),
        wanted(", \"revoke_old\": true")
            .replace(
                "\"folder\": \".\",",
                "\"folder\": \".\", \"config\": \"mixed.json\",",
            )
            .replace("\"server\"", "\"there\""),
    ] {
        organization.write("jobs.json", &text).unwrap();
        let step = renew(&organization, "-dry-run -jobs jobs.json");
        assert!(!step.err().contains("jobs.json, line"), "{text}: {step}");
    }

    // The flag applies to all certificates of the document, or of the command.
    organization.write("jobs.json", wanted("")).unwrap();
    let before = organization.stamps().unwrap();
    let refused = renew(&organization, "-revoke-old -jobs jobs.json");
    let line = format!("jobs.json, line 1: organization \"org\", revoke_old: {what}\n");
    assert_eq!((refused.status, refused.err()), (1, line));
    assert_eq!(organization.stamps().unwrap(), before);
    renewed(&organization, "-jobs jobs.json");
    let mut before = organization.stamps().unwrap();
    for names in [
        "-force a.pem",
        "-force .",
        "-force -dry-run a.pem b.pem",
        "-config mixed.json -profile here -force a.pem",
    ] {
        let refused = renew(&organization, &format!("-revoke-old {names}"));
        assert_eq!(refused.status, 1, "{names}");
        assert!(
            refused.err().contains("-revoke-old needs a database")
                || refused
                    .err()
                    .contains("neither a database nor a server that signs"),
            "{names}: {refused}"
        );
    }
    // The folder itself was locked.
    let mut after = organization.stamps().unwrap();
    assert!(after.remove(".").is_some() && before.remove(".").is_some());
    assert_eq!(after, before);
}
