//! Parses the answer of a remote server as cfssl's client does.

use rcfssl_core::{Code, Error, Result};
use rcfssl_go::json::{self, Cursor, Decode, Kind, List};
use rcfssl_go::json_object;

use crate::Info;

#[derive(Debug, Default)]
struct Response {
    success: bool,
    result: AnyResult,
    errors: List<Message>,
    messages: List<Message>,
}
json_object!(Response as "api.Response" {
    "success" => success,
    "result" => result,
    "errors" => errors,
    "messages" => messages,
});

#[derive(Debug, Default)]
struct Message {
    code: i64,
    message: String,
}
json_object!(Message as "api.ResponseMessage" { "code" => code, "message" => message });

/// A result of any type; three of its members are used.
#[derive(Debug, Default)]
struct AnyResult {
    is_given: bool,
    is_object: bool,
    members: Members,
}

/// The members of a result.
#[derive(Debug, Default)]
pub struct Members {
    certificate: Option<String>,
    usages: Vec<String>,
    expiry: String,
}

impl Decode for AnyResult {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let kind = cursor.kind();
        *self = AnyResult {
            is_given: kind != Kind::Null,
            is_object: kind == Kind::Object,
            ..AnyResult::default()
        };
        if kind != Kind::Object {
            cursor.raw();
            return;
        }
        let members = &mut self.members;
        cursor.object(|cursor, key, _| match (key.as_str(), cursor.kind()) {
            ("certificate", kind) => {
                members.certificate = cursor.string().filter(|_| kind == Kind::String);
            }
            ("expiry", Kind::String) => members.expiry = cursor.string().unwrap_or_default(),
            ("usages", Kind::Array) => {
                members.usages.clear();
                cursor.array(|cursor, _| members.usages.extend(cursor.string()));
            }
            _ => drop(cursor.raw()),
        });
    }

    fn go_type() -> String {
        "interface {}".to_owned()
    }
}

/// The number of the first error of an answer, whatever its status.
pub fn error_number(body: &[u8]) -> Option<i64> {
    let mut response = Response::default();
    json::read(body, &mut response).ok()?;
    response.errors.first().map(|error| error.code)
}

/// Parses an answer with status 200.
///
/// # Errors
/// 7200 for a malformed answer, 7500 for a failure, 7400 for a result that is not an
/// object.
pub fn read(body: &[u8]) -> Result<Members> {
    let mut response = Response::default();
    json::read(body, &mut response).map_err(|error| Error::wrap(Code::RemoteJson, error))?;
    if !response.success || !response.result.is_given {
        return Err(match response.errors.first() {
            Some(error) => Error::wrap(Code::RemoteRefused, &error.message),
            None => Code::RemoteRefused.into(),
        });
    }
    match response.result.is_object {
        true => Ok(response.result.members),
        false => Err(Error::wrap(Code::RemoteHttp, "response is formatted improperly")),
    }
}

impl Members {
    /// The certificate in the answer to `sign`. Where cfssl crashes, it counts as missing.
    ///
    /// # Errors
    /// 7400 if there is none.
    pub fn into_certificate(self) -> Result<String> {
        let missing = || Error::wrap(Code::RemoteHttp, "response doesn't contain certificate.");
        self.certificate
            .filter(|text| !text.is_empty())
            .ok_or_else(missing)
    }

    /// The answer to `info`. Missing members are empty.
    pub fn into_info(self) -> Info {
        Info {
            certificate: self.certificate.unwrap_or_default(),
            usages: Some(self.usages),
            expiry: self.expiry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(body: &str) -> std::result::Result<String, String> {
        let answer = read(body.as_bytes()).and_then(Members::into_certificate);
        answer.map_err(|error| error.to_string())
    }

    #[test]
    fn answers_are_read_as_cfssl_reads_them() {
        let refused = |code: u32, why: &str| Err(format!(r#"{{"code":{code},"message":"{why}"}}"#));
        for (body, expected) in [
            (
                r#"{"success":true,"result":{"certificate":"PEM","x":[{}]},"messages":[{"code":1,"message":"m"}]}"#,
                Ok("PEM".to_owned()),
            ),
            (
                r#"{"Success":true,"RESULT":{"certificate":"a"}}"#,
                Ok("a".to_owned()),
            ),
            (
                r#"{"success":true,"result":{"Certificate":"a"}}"#,
                refused(7400, "response doesn't contain certificate."),
            ),
            (
                r#"{"success":true,"result":{"certificate":7}}"#,
                refused(7400, "response doesn't contain certificate."),
            ),
            (
                r#"{"success":true,"result":"x"}"#,
                refused(7400, "response is formatted improperly"),
            ),
            (
                r#"{"success":false,"result":{},"errors":[{"code":5,"message":"why"},{"message":"not"}]}"#,
                refused(7500, "why"),
            ),
            (
                r#"{"success":true,"result":null}"#,
                refused(7500, "API client error: Server request failed"),
            ),
            ("null", refused(7500, "API client error: Server request failed")),
            ("", refused(7200, "unexpected end of JSON input")),
            (
                "[]",
                refused(
                    7200,
                    "json: cannot unmarshal array into Go value of type api.Response",
                ),
            ),
        ] {
            assert_eq!(certificate(body), expected, "{body}");
        }
    }

    #[test]
    fn an_info_may_lack_any_member() {
        let info = |body: &str| read(body.as_bytes()).unwrap().into_info();
        let full = info(r#"{"success":true,"result":{"certificate":"c","usages":["a","b"],"expiry":"1h"}}"#);
        assert_eq!((full.certificate.as_str(), full.expiry.as_str()), ("c", "1h"));
        assert_eq!(full.usages, Some(vec!["a".to_owned(), "b".to_owned()]));
        let empty = info(r#"{"success":true,"result":{"usages":null}}"#);
        assert_eq!(empty.usages, Some(Vec::new()));
        assert_eq!(empty.certificate, "");
    }
}
