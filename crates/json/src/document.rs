//! The two formats of input: the output of a command, and an API response, which contains
//! it.

use rcfssl_go::json::{self, Cursor, Decode, Kind, List};
use rcfssl_go::json_object;

/// The members of an object by their exact keys; the last value of a repeated key counts.
#[derive(Debug, Default)]
pub struct Members(Vec<(String, Member)>);

/// A value, as far as it is used.
#[derive(Debug)]
pub enum Member {
    /// A string, possibly secret.
    Text(zeroize::Zeroizing<String>),
    /// An object.
    Object(Members),
    /// Anything else, with the name of its type.
    Other(&'static str),
}

impl Members {
    /// The member of a key.
    pub fn get(&self, key: &str) -> Option<&Member> {
        self.0
            .iter()
            .rev()
            .find(|(k, _)| k == key)
            .map(|(_, member)| member)
    }

    /// The member of a key, if it is an object.
    pub fn object(&self, key: &str) -> Option<&Members> {
        match self.get(key) {
            Some(Member::Object(members)) => Some(members),
            _ => None,
        }
    }
}

/// How deep objects are parsed: as deep as a bundle is nested.
const DEPTH: usize = 3;

impl Members {
    fn read(cursor: &mut Cursor<'_>, depth: usize) -> Self {
        let mut members = Vec::new();
        cursor.object(|cursor, key, _| {
            let member = match cursor.kind() {
                Kind::String => Member::Text(cursor.string().unwrap_or_default().into()),
                Kind::Object if depth > 0 => Member::Object(Members::read(cursor, depth - 1)),
                kind => {
                    cursor.raw();
                    Member::Other(kind.name())
                }
            };
            members.push((key, member));
        });
        Members(members)
    }
}

impl Decode for Members {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Object => *self = Members::read(cursor, DEPTH),
            Kind::Null => {
                cursor.raw();
            }
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        "map[string]interface {}".to_owned()
    }
}

/// An API response.
#[derive(Debug, Default)]
struct Response {
    success: bool,
    result: Members,
    errors: List<Message>,
    messages: List<Message>,
}
json_object!(Response as "main.Response" {
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
json_object!(Message as "main.ResponseMessage" { "int" => code, "message" => message });

/// Parses the input `file` and returns the object with the results.
///
/// # Errors
/// The lines to print: Go's message for malformed input, and the messages of a failed
/// request.
pub fn read(file: &str, text: &[u8], bare: bool) -> Result<Members, Vec<String>> {
    let failed = |error: json::Error| {
        let mut lines = vec![format!("Failed to parse input: {error}")];
        if text.trim_ascii().is_empty() {
            lines
                .push("hint: there was no input: the command before this one has probably failed".to_owned());
            return lines;
        }
        let places = json::place(file, text, error.offset);
        lines.extend(places.into_iter().map(|line| format!("hint: {line}")));
        lines
    };
    if bare {
        let mut members = Members::default();
        json::read(text, &mut members).map_err(failed)?;
        return Ok(members);
    }
    let mut response = Response::default();
    json::read(text, &mut response).map_err(failed)?;
    if response.success {
        return Ok(response.result);
    }
    let mut lines = vec!["Request failed:".to_owned()];
    let messages = response.errors.iter().map(|error| format!("\t{}", error.message));
    lines.extend(messages);
    if response.errors.is_empty() && text.windows(10).any(|w| w == b"-----BEGIN") {
        lines.push("hint: this is what a command prints: rcfssljson reads it with -bare".to_owned());
    }
    Err(lines)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn the_number_of_an_error_is_its_int() {
        let refused = |error: &str| {
            let text = format!(r#"{{"success":false,"errors":[{error}]}}"#);
            read("x", text.as_bytes(), false).unwrap_err()
        };
        assert_eq!(
            refused(r#"{"int":5,"code":"x","message":"m"}"#),
            ["Request failed:", "\tm"]
        );
        assert_eq!(
            refused(r#"{"int":"x","message":"m"}"#)[0],
            "Failed to parse input: json: cannot unmarshal string into Go struct field \
             ResponseMessage.errors.int of type int"
        );
    }
}
