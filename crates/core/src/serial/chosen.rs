//! Serial numbers in requests: integers of any size.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Serial;
use rcfssl_go::json::{Cursor, Decode, Kind};
use rcfssl_go::quote;

/// An integer of any size, chosen by a client.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChosenSerial(Serial);

impl ChosenSerial {
    /// Parses decimal digits with an optional sign.
    pub fn parse(text: &str) -> Option<Self> {
        Serial::parse(text).map(ChosenSerial)
    }

    /// The serial number; `None` if it is negative (RFC 5280, section 4.1.2.2).
    pub fn to_serial(&self) -> Option<Serial> {
        (!self.0.is_negative()).then(|| self.0.clone())
    }
}

impl Decode for ChosenSerial {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        let (kind, offset) = (cursor.kind(), cursor.offset());
        let raw = String::from_utf8_lossy(cursor.raw()).into_owned();
        match Serial::parse(&raw).filter(|_| kind == Kind::Number) {
            Some(number) => self.0 = number,
            None => cursor.abort(
                format!("math/big: cannot unmarshal {} into a *big.Int", quote(&raw)),
                offset,
            ),
        }
    }

    fn go_type() -> String {
        "big.Int".to_owned()
    }
}

impl Serialize for ChosenSerial {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let digits = RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?;
        digits.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcfssl_go::json;

    #[test]
    fn numbers_of_any_size_read_and_write_back() {
        let long = "9".repeat(60);
        for (text, shown) in [
            ("0", Some("0")),
            ("-0", Some("0")),
            ("18446744073709551616", Some("18446744073709551616")),
            (&long, Some(&*long)),
            ("-5", None),
        ] {
            let mut read = Option::<ChosenSerial>::None;
            json::read(text.as_bytes(), &mut read).unwrap();
            let read = read.unwrap();
            let shown_now = read.to_serial().map(|serial| serial.to_string());
            assert_eq!(shown_now.as_deref(), shown, "{text}");
            let mut again = Option::<ChosenSerial>::None;
            json::read(json::to_string(&read).as_bytes(), &mut again).unwrap();
            assert_eq!(again, Some(read));
        }
    }

    #[test]
    fn other_values_give_gos_error() {
        for (text, shown) in [
            ("1.5", r#""1.5""#),
            ("1e3", r#""1e3""#),
            (r#""5""#, r#""\"5\"""#),
            ("true", r#""true""#),
        ] {
            let error = json::read(text.as_bytes(), &mut Option::<ChosenSerial>::None).unwrap_err();
            assert_eq!(
                error.text,
                format!("math/big: cannot unmarshal {shown} into a *big.Int")
            );
        }
    }
}
