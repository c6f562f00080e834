//! Free-form data sent by clients, kept as Go would re-encode it.

use std::collections::BTreeMap;

use rcfssl_go::json::{Cursor, Decode, Kind};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The maximum nesting depth: values are traversed recursively.
const MOST_DEPTH: usize = 100;

/// An object with arbitrary members. Keys are written in sorted order and numbers as
/// floating point, as Go does with a map.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, Value>);

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    List(Vec<Value>),
    Object(BTreeMap<String, Value>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Number(f64);

impl Decode for Metadata {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Object => {
                let members = object(cursor, 1);
                self.0.extend(members);
            }
            _ => cursor.mismatch("map[string]interface {}"),
        }
    }

    fn go_type() -> String {
        "map[string]interface {}".to_owned()
    }
}

fn object(cursor: &mut Cursor<'_>, depth: usize) -> BTreeMap<String, Value> {
    let mut members = BTreeMap::new();
    cursor.object(|cursor, key, _| {
        members.insert(key, value(cursor, depth + 1));
    });
    members
}

fn value(cursor: &mut Cursor<'_>, depth: usize) -> Value {
    let offset = cursor.offset();
    if depth > MOST_DEPTH {
        cursor.raw();
        cursor.abort("metadata is nested too deeply".to_owned(), offset);
        return Value::Null;
    }
    match cursor.kind() {
        Kind::Null => {
            cursor.raw();
            Value::Null
        }
        Kind::Bool => Value::Bool(cursor.raw() == b"true"),
        Kind::Number => {
            let text = String::from_utf8_lossy(cursor.raw()).into_owned();
            match text.parse().ok().filter(|number: &f64| number.is_finite()) {
                Some(number) => Value::Number(Number(number)),
                None => {
                    let why = format!("json: cannot unmarshal number {text} into Go value of type float64");
                    cursor.abort(why, offset);
                    Value::Null
                }
            }
        }
        Kind::String => Value::String(cursor.string().unwrap_or_default()),
        Kind::Array => {
            let mut list = Vec::new();
            cursor.array(|cursor, _| list.push(value(cursor, depth + 1)));
            Value::List(list)
        }
        Kind::Object => Value::Object(object(cursor, depth)),
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let magnitude = self.0.abs();
        // The limits of `encoding/json`, which are those of ECMAScript.
        let text = if magnitude != 0.0 && !(1e-6..1e21).contains(&magnitude) {
            let text = format!("{:e}", self.0);
            match text.contains("e-") {
                true => text,
                false => text.replace('e', "e+"),
            }
        } else {
            self.0.to_string()
        };
        RawValue::from_string(text)
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcfssl_go::json;

    fn again(text: &str) -> String {
        let mut read = Option::<Metadata>::None;
        json::read(text.as_bytes(), &mut read).unwrap();
        json::to_string(&read)
    }

    #[test]
    fn objects_are_written_as_go_writes_them() {
        for (text, want) in [
            ("null", "null"),
            ("{}", "{}"),
            (
                r#"{"b":[1, 2.50, null],"a":{"y":true,"x":"<é>"},"b2":"\ud800"}"#,
                r#"{"a":{"x":"\u003cé\u003e","y":true},"b":[1,2.5,null],"b2":"�"}"#,
            ),
            (
                r#"{"n":[1e20,1e21,-1E+25,0.000001,1e-7,12345678901234567890,-0]}"#,
                r#"{"n":[100000000000000000000,1e+21,-1e+25,0.000001,1e-7,12345678901234567000,-0]}"#,
            ),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        ] {
            assert_eq!(again(text), want, "{text}");
        }
    }

    #[test]
    fn metadata_that_is_not_an_object_or_too_deep_or_large_is_refused() {
        let refusal = |text: &str| {
            let error = json::read(text.as_bytes(), &mut Option::<Metadata>::None);
            error.unwrap_err().text
        };
        assert_eq!(
            refusal("[]"),
            "json: cannot unmarshal array into Go value of type map[string]interface {}"
        );
        let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(5000), "]".repeat(5000));
        assert_eq!(refusal(&deep), "metadata is nested too deeply");
        assert!(refusal(r#"{"a":1e999}"#).contains("number 1e999"));
    }
}
