//! What a form asks for: it becomes a request to an endpoint of the API, and the answer a
//! section of the page.

use rcfssl_core::Certificate;
use rcfssl_go::json;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use super::ca::write_facts;
use super::html::Html;
use crate::answer::{Answer, Failure};
use crate::api::Call;
use crate::mux::Target;
use crate::site::PREFIX;

/// A request to an endpoint.
pub struct Asked {
    /// The endpoint.
    pub name: &'static str,
    /// What it is asked.
    pub call: Call,
}

#[derive(Serialize)]
struct Sign<'a> {
    certificate_request: &'a str,
    hostname: &'a str,
    profile: &'a str,
}

#[derive(Serialize)]
struct New<'a> {
    request: NewRequest<'a>,
    profile: &'a str,
}

#[derive(Serialize)]
struct NewRequest<'a> {
    #[serde(rename = "CN")]
    common_name: &'a str,
    hosts: Vec<&'a str>,
    key: Key<'a>,
}

#[derive(Serialize)]
struct Key<'a> {
    algo: &'a str,
    size: u32,
}

#[derive(Serialize)]
struct Show<'a> {
    certificate: &'a str,
}

/// The request that the fields of a form mean; nothing for a form that is none of ours.
pub fn asked(form: &Target) -> Option<Asked> {
    let value = |name: &str| form.value(name);
    let post = |name: &'static str, body: String| {
        let target = Target {
            path: format!("{PREFIX}{name}"),
            query: String::new(),
        };
        let body = Ok(body.into());
        Some(Asked {
            name,
            call: Call { target, body },
        })
    };
    let (hosts, profile, common_name) = (value("hosts"), value("profile"), value("cn"));
    let hosts = hosts.trim();
    match &*value("do") {
        "sign" => post(
            "sign",
            json::to_string(&Sign {
                certificate_request: value("request").trim_start(),
                hostname: hosts,
                profile: &profile,
            }),
        ),
        "newcert" => {
            let (algo, size) = match &*value("key") {
                "ECDSA P-384" => ("ecdsa", 384),
                "RSA 2048" => ("rsa", 2048),
                "RSA 3072" => ("rsa", 3072),
                "RSA 4096" => ("rsa", 4096),
                _ => ("ecdsa", 256),
            };
            let hosts = hosts.split(',').map(str::trim).filter(|host| !host.is_empty());
            let request = NewRequest {
                common_name: common_name.trim(),
                hosts: hosts.collect(),
                key: Key { algo, size },
            };
            post(
                "newcert",
                json::to_string(&New {
                    request,
                    profile: &profile,
                }),
            )
        }
        "certinfo" => post(
            "certinfo",
            json::to_string(&Show {
                certificate: value("certificate").trim_start(),
            }),
        ),
        "scan" => Some(Asked {
            name: "scan",
            call: Call {
                target: Target {
                    path: format!("{PREFIX}scan"),
                    query: format!("host={}&timeout=30s", escaped(value("host").trim())),
                },
                body: Ok(bytes::Bytes::new()),
            },
        }),
        "revoke" => post("revoke", revocation(form)),
        _ => None,
    }
}

/// The request that the form for a revocation means; also what its token is over.
pub fn revocation(form: &Target) -> String {
    #[derive(Serialize)]
    struct Revoke {
        serial: String,
        authority_key_id: String,
        reason: String,
    }
    json::to_string(&Revoke {
        serial: form.value("serial").trim().to_owned(),
        authority_key_id: form.value("aki").trim().to_owned(),
        reason: form.value("reason"),
    })
}

/// A value for a query: every octet that might mean something is escaped.
fn escaped(text: &str) -> String {
    let octets = text.bytes().map(|octet| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => char::from(octet).to_string(),
        octet => format!("%{octet:02X}"),
    });
    octets.collect()
}

/// Writes what came of it.
pub fn write(html: &mut Html, name: &str, result: &Result<Answer, Failure>) {
    match result {
        Ok(answer) => {
            html.raw("<section id=\"result\" tabindex=\"-1\">\n");
            write_result(html, name, answer.result());
        }
        Err(failure) => {
            html.raw(
                "<section id=\"result\" class=\"failed\" tabindex=\"-1\">\n<h2>This did not work</h2>\n<p>",
            );
            let message = match failure {
                Failure::Error(error) => error.message().into_owned(),
                other => other.to_string(),
            };
            html.text(&message).raw("</p>\n");
        }
    }
    html.raw("</section>\n");
}

#[derive(Deserialize)]
struct Made {
    certificate: String,
    private_key: Option<Zeroizing<String>>,
}

fn write_result(html: &mut Html, name: &str, result: &str) {
    match name {
        "sign" | "newcert" => {
            html.raw("<h2>The new certificate</h2>\n");
            if let Ok(made) = serde_json::from_str::<Made>(result) {
                if let Some(key) = &made.private_key {
                    html.raw("<p>Save the private key now: it is shown this once.</p>\n");
                    html.pem("Private key", "key.pem", key);
                }
                html.pem("Certificate", "certificate.pem", &made.certificate);
            }
        }
        "certinfo" => {
            html.raw("<h2>The certificate</h2>\n");
            let shown: Value = serde_json::from_str(result).unwrap_or_default();
            let certificate = shown["pem"]
                .as_str()
                .map(|pem| Certificate::read_pem(pem.as_bytes()));
            if let Some(Ok(certificate)) = certificate {
                html.raw("<dl>\n");
                write_facts(html, &certificate);
                let hosts = shown["sans"].as_array().map(Vec::as_slice).unwrap_or_default();
                let hosts: Vec<&str> = hosts.iter().filter_map(Value::as_str).collect();
                if !hosts.is_empty() {
                    html.fact("Hosts", &hosts.join(", "));
                }
                html.raw("</dl>\n");
            }
            html.raw("<details><summary>All of it, as JSON</summary>\n<pre>");
            html.text(&serde_json::to_string_pretty(&shown).unwrap_or_default());
            html.raw("</pre></details>\n");
        }
        "scan" => write_scan(html, &serde_json::from_str(result).unwrap_or_default()),
        _ => drop(html.raw("<h2>Done</h2>\n<p>The certificate is revoked.</p>\n")),
    }
}

fn write_scan(html: &mut Html, findings: &Value) {
    html.raw("<h2>The scan</h2>\n<table>\n<tr><th>Scanner</th><th>Grade</th><th>Findings</th></tr>\n");
    let families = findings.as_object().into_iter().flatten();
    let rows = families.flat_map(|(_, scanners)| scanners.as_object().into_iter().flatten());
    for (name, finding) in rows {
        html.raw("<tr><td>").text(name).raw("</td><td>");
        html.text(match finding["grade"].as_str() {
            Some(grade) => grade,
            None => match finding["grade"].as_u64() {
                Some(0) => "bad",
                Some(1) => "warning",
                Some(2) => "good",
                _ => "skipped",
            },
        });
        html.raw("</td><td>");
        let said = [&finding["error"], &finding["output"]];
        for value in said.into_iter().filter(|value| !value.is_null()) {
            match value.as_str() {
                Some(text) => html.text(text),
                None => html.text(&value.to_string()),
            };
        }
        html.raw("</td></tr>\n");
    }
    html.raw("</table>\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(text: &str) -> Target {
        Target {
            path: "/".to_owned(),
            query: text.to_owned(),
        }
    }

    #[test]
    fn a_form_is_a_request_to_an_endpoint() {
        let body = |text: &str| {
            let asked = asked(&form(text)).unwrap();
            (
                asked.name,
                String::from_utf8(asked.call.body.unwrap().to_vec()).unwrap(),
            )
        };
        assert_eq!(
            body("do=newcert&cn=+x+&hosts=a.test,+b.test,&key=RSA+2048&profile=p"),
            (
                "newcert",
                r#"{"request":{"CN":"x","hosts":["a.test","b.test"],"key":{"algo":"rsa","size":2048}},"profile":"p"}"#
                    .to_owned()
            )
        );
        assert_eq!(
            body("do=sign&request=%0APEM"),
            (
                "sign",
                r#"{"certificate_request":"PEM","hostname":"","profile":""}"#.to_owned()
            )
        );
        assert!(asked(&form("do=init_ca")).is_none() && asked(&form("")).is_none());
    }

    #[test]
    fn a_host_cannot_add_to_the_query() {
        let asked = asked(&form("do=scan&host=a%26timeout%3D5m%23%20")).unwrap();
        assert_eq!(asked.call.target.value("host"), "a&timeout=5m#");
        assert_eq!(asked.call.target.value("timeout"), "30s");
    }
}
