//! Fills Rust values from a [`Cursor`] by Go's rules.

use super::cursor::{Cursor, Kind};

/// A value that can be decoded from JSON over its current contents.
pub trait Decode {
    /// Reads the next value, which may be of any type. `null` leaves plain values and
    /// objects unchanged.
    fn decode(&mut self, cursor: &mut Cursor<'_>);

    /// The type's name in Go's error messages.
    fn go_type() -> String
    where
        Self: Sized;
}

/// An object with known keys. Implemented by [`json_object!`](crate::json_object).
pub trait Object {
    /// The type's name in Go's error messages, with its package.
    const GO_TYPE: &'static str;
    /// The keys, in the order in which case-insensitive matches are tried.
    const KEYS: &'static [&'static str];
    /// The field for a key, matched exactly.
    fn field(&mut self, key: &str) -> Option<&mut dyn Decode>;
}

/// What was read without an error but may be a mistake.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Report {
    /// The first [`MAX_KEYS`] keys that do not belong to any field.
    pub unknown_keys: Vec<UnknownKey>,
    /// The first [`MAX_KEYS`] keys that are repeated in an object, in any case. Of plain
    /// values, the last one counts.
    pub repeated_keys: Vec<RepeatedKey>,
    /// The number of further unknown and repeated keys.
    pub more: usize,
}

/// The maximum number of keys recorded of each kind: nobody reads more, and each is
/// compared with the known ones.
pub const MAX_KEYS: usize = 20;

/// A repetition of a key in its object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedKey {
    /// The key as written.
    pub key: String,
    /// The enclosing fields, joined with dots; empty at the top level.
    pub path: String,
    /// Its byte offset.
    pub offset: usize,
}

/// A key that does not belong to any field and was ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key as written.
    pub key: String,
    /// The enclosing fields, joined with dots; empty at the top level.
    pub path: String,
    /// Its byte offset.
    pub offset: usize,
    /// The keys that are known in this object.
    pub known: &'static [&'static str],
}

/// Implements decoding by Go's rules for a struct: `json_object!(Type as "pkg.Type" { "key"
/// => field, … })`.
#[macro_export]
macro_rules! json_object {
    ($type:ty as $name:literal { $($key:literal => $field:ident),* $(,)? }) => {
        impl $crate::json::Object for $type {
            const GO_TYPE: &'static str = $name;
            const KEYS: &'static [&'static str] = &[$($key),*];

            fn field(&mut self, key: &str) -> Option<&mut dyn $crate::json::Decode> {
                match key {
                    $($key => Some(&mut self.$field),)*
                    _ => None,
                }
            }
        }
    };
}

impl<T: Object> Decode for T {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        decode_object(self, cursor);
    }

    fn go_type() -> String {
        T::GO_TYPE.to_owned()
    }
}

/// Decodes an object into `target`, member by member, in the order of the text.
pub fn decode_object<T: Object>(target: &mut T, cursor: &mut Cursor<'_>) {
    match cursor.kind() {
        Kind::Null => {
            cursor.raw();
        }
        Kind::Object => {
            let mut seen: Vec<&'static str> = Vec::new();
            cursor.object(|cursor, key, offset| {
                match known_key(T::KEYS, &key) {
                    Some(known) => {
                        match seen.contains(&known) {
                            true => cursor.repeated(key, offset),
                            false => seen.push(known),
                        }
                        cursor.within(T::GO_TYPE, known, |cursor| {
                            if let Some(field) = target.field(known) {
                                field.decode(cursor);
                            }
                        });
                    }
                    None => {
                        cursor.raw();
                        cursor.unknown(key, offset, T::KEYS);
                    }
                };
            });
        }
        _ => cursor.mismatch(T::GO_TYPE),
    }
}

/// The known key that Go would use for `key`: the same, or the first one that is equal
/// under case folding.
fn known_key(known: &'static [&'static str], key: &str) -> Option<&'static str> {
    let exact = known.iter().find(|k| **k == key);
    exact
        .or_else(|| known.iter().find(|k| equal_folded(k, key)))
        .copied()
}

/// Unicode simple folding against an ASCII key: besides ASCII letters, only the long s and
/// the Kelvin sign fold into ASCII.
fn equal_folded(known: &str, key: &str) -> bool {
    let folded = key.chars().map(|c| match c {
        'ſ' => 'S',
        '\u{212a}' => 'K',
        other => other.to_ascii_uppercase(),
    });
    known.chars().map(|c| c.to_ascii_uppercase()).eq(folded)
}

impl Decode for String {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::String => {
                if let Some(text) = cursor.string() {
                    *self = text;
                }
            }
            Kind::Null => {
                cursor.raw();
            }
            _ => cursor.mismatch("string"),
        }
    }

    fn go_type() -> String {
        "string".to_owned()
    }
}

impl Decode for bool {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Bool => *self = cursor.raw() == b"true",
            Kind::Null => {
                cursor.raw();
            }
            _ => cursor.mismatch("bool"),
        }
    }

    fn go_type() -> String {
        "bool".to_owned()
    }
}

impl Decode for i64 {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        decode_integer(self, cursor, "int");
    }

    fn go_type() -> String {
        "int".to_owned()
    }
}

/// Parses an integer literal. As in Go, a number with a fraction, an exponent or too many
/// digits is an error.
pub fn decode_integer<T: std::str::FromStr>(target: &mut T, cursor: &mut Cursor<'_>, go_type: &str) {
    match cursor.kind() {
        Kind::Number => {
            let offset = cursor.offset();
            let text = String::from_utf8_lossy(cursor.raw());
            match text.parse() {
                Ok(number) => *target = number,
                Err(_) => cursor.mismatch_at(&format!("number {text}"), go_type, offset),
            }
        }
        Kind::Null => {
            cursor.raw();
        }
        _ => cursor.mismatch(go_type),
    }
}

/// A pointer in Go: `null` removes the value, anything else is decoded over it.
impl<T: Decode + Default> Decode for Option<T> {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        if cursor.kind() == Kind::Null {
            cursor.raw();
            *self = None;
        } else {
            self.get_or_insert_with(T::default).decode(cursor);
        }
    }

    fn go_type() -> String {
        T::go_type()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{List, read};

    #[derive(Default, Debug, PartialEq)]
    struct Key {
        algo: String,
        size: i64,
    }
    json_object!(Key as "csr.KeyRequest" { "algo" => algo, "size" => size });

    #[derive(Default, Debug, PartialEq)]
    struct Name {
        c: String,
        o: String,
    }
    json_object!(Name as "csr.Name" { "C" => c, "O" => o });

    #[derive(Default, Debug, PartialEq)]
    struct Request {
        cn: String,
        hosts: List<String>,
        names: List<Name>,
        key: Option<Key>,
        ca: bool,
    }
    json_object!(Request as "csr.CertificateRequest" {
        "CN" => cn, "hosts" => hosts, "names" => names, "key" => key, "ca" => ca,
    });

    fn parse(text: &str) -> Request {
        let mut request = Request {
            key: Some(Key {
                algo: "ecdsa".into(),
                size: 256,
            }),
            ..Request::default()
        };
        read(text.as_bytes(), &mut request).unwrap();
        request
    }

    fn refusal(text: &str) -> String {
        read(text.as_bytes(), &mut Request::default()).unwrap_err().text
    }

    #[test]
    fn keys_match_in_any_case_and_an_exact_one_is_not_preferred_over_a_later_one() {
        assert_eq!(parse(r#"{"cn":"a"}"#).cn, "a");
        assert_eq!(parse(r#"{"CN":"a","cn":"b"}"#).cn, "b");
        assert_eq!(parse(r#"{"cn":"b","CN":"a"}"#).cn, "a");
        assert_eq!(
            parse("{\"\u{212a}ey\":{\"\u{17f}ize\":384}}").key.unwrap().size,
            384
        );
    }

    #[test]
    fn null_leaves_plain_values_and_clears_pointers_and_lists() {
        let request = parse(r#"{"CN":"a","CN":null,"hosts":["x"],"hosts":null,"key":null}"#);
        assert_eq!(
            (request.cn.as_str(), request.hosts.len(), request.key),
            ("a", 0, None)
        );
        let request = parse(r#"{"hosts":["a",null,"b"]}"#);
        assert_eq!(&request.hosts[..], ["a", "", "b"]);
    }

    #[test]
    fn objects_merge_and_lists_overwrite_element_by_element() {
        let request = parse(r#"{"key":{"algo":"rsa"},"key":{"size":2048}}"#);
        assert_eq!(
            request.key.unwrap(),
            Key {
                algo: "rsa".into(),
                size: 2048
            }
        );
        let request = parse(r#"{"names":[{"C":"US","O":"a"}],"names":[{"O":"b"},{"O":"c"}]}"#);
        assert_eq!(
            request.names[0],
            Name {
                c: "US".into(),
                o: "b".into()
            }
        );
        assert_eq!(
            request.names[1],
            Name {
                c: String::new(),
                o: "c".into()
            }
        );
    }

    #[test]
    fn type_errors_name_the_field_as_go_does() {
        let cases = [
            (
                "[]",
                "json: cannot unmarshal array into Go value of type csr.CertificateRequest",
            ),
            (
                r#"{"CN":5}"#,
                "json: cannot unmarshal number into Go struct field CertificateRequest.CN of type string",
            ),
            (
                r#"{"cn":true}"#,
                "json: cannot unmarshal bool into Go struct field CertificateRequest.CN of type string",
            ),
            (
                r#"{"hosts":"x"}"#,
                "json: cannot unmarshal string into Go struct field CertificateRequest.hosts of type []string",
            ),
            (
                r#"{"hosts":[1]}"#,
                "json: cannot unmarshal number into Go struct field CertificateRequest.hosts of type string",
            ),
            (
                r#"{"names":{}}"#,
                "json: cannot unmarshal object into Go struct field CertificateRequest.names of type []csr.Name",
            ),
            (
                r#"{"names":[{"C":1}]}"#,
                "json: cannot unmarshal number into Go struct field Name.names.C of type string",
            ),
            (
                r#"{"key":"x"}"#,
                "json: cannot unmarshal string into Go struct field CertificateRequest.key of type csr.KeyRequest",
            ),
            (
                r#"{"key":{"size":2048.0}}"#,
                "json: cannot unmarshal number 2048.0 into Go struct field KeyRequest.key.size of type int",
            ),
            (
                r#"{"key":{"size":99999999999999999999}}"#,
                "json: cannot unmarshal number 99999999999999999999 into Go struct field KeyRequest.key.size of type int",
            ),
            (
                r#"{"CN":1,"hosts":2}"#,
                "json: cannot unmarshal number into Go struct field CertificateRequest.CN of type string",
            ),
        ];
        for (text, want) in cases {
            assert_eq!(refusal(text), want, "{text}");
        }
    }

    #[test]
    fn only_the_first_unknown_and_repeated_keys_are_kept() {
        let members: Vec<String> = (0..1000).map(|at| format!("\"x{at}\":0,\"CN\":\"a\"")).collect();
        let text = format!("{{{}}}", members.join(","));
        let report = read(text.as_bytes(), &mut Request::default()).unwrap();
        let kept = (report.unknown_keys.len(), report.repeated_keys.len(), report.more);
        assert_eq!(kept, (20, 20, 980 + 979));
    }

    #[test]
    fn unknown_keys_are_reported_not_refused() {
        let mut request = Request::default();
        let report = read(br#"{"CN":"a","host":[],"names":[{"org":"x"}]}"#, &mut request).unwrap();
        let seen: Vec<_> = report
            .unknown_keys
            .iter()
            .map(|k| (k.path.as_str(), k.key.as_str(), k.offset))
            .collect();
        assert_eq!(seen, [("", "host", 10), ("names", "org", 30)]);
    }
}
