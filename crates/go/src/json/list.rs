//! Lists, maps and byte strings as Go decodes them.

use std::collections::HashMap;
use std::ops::Deref;

use super::cursor::{Cursor, Kind};
use super::decode::{Decode, decode_integer};

/// A Go slice: decoding it a second time overwrites it element by element, and elements
/// beyond its previous length can reappear.
#[derive(Debug, Clone)]
pub struct List<T> {
    elements: Vec<T>,
    len: usize,
    present: bool,
}

impl<T> List<T> {
    /// Whether the list was given. An empty list was, `null` was not.
    pub fn is_given(&self) -> bool {
        self.present
    }

    /// The elements.
    pub fn into_vec(mut self) -> Vec<T> {
        self.elements.truncate(self.len);
        self.elements
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        List {
            elements: Vec::new(),
            len: 0,
            present: false,
        }
    }
}

impl<T> From<Vec<T>> for List<T> {
    fn from(elements: Vec<T>) -> Self {
        List {
            len: elements.len(),
            elements,
            present: true,
        }
    }
}

impl<T: PartialEq> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        self.present == other.present && **self == **other
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements[..self.len]
    }
}

impl<T: Decode + Default> Decode for List<T> {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Null => {
                cursor.raw();
                *self = List::default();
            }
            Kind::Array => {
                let mut count = 0;
                cursor.array(|cursor, index| {
                    if !cursor.has_room(size_of::<T>()) {
                        return;
                    }
                    if index >= self.elements.len() {
                        self.elements.push(T::default());
                    }
                    self.elements[index].decode(cursor);
                    count = index + 1;
                });
                if count == 0 {
                    self.elements.clear();
                }
                self.len = count;
                self.present = true;
            }
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        format!("[]{}", T::go_type())
    }
}

/// A Go map with string keys, in the order in which keys first occurred: a repeated key
/// replaces its whole value, and a repeated map adds to the existing one.
#[derive(Debug, Clone, PartialEq)]
pub struct Map<T> {
    members: Vec<(String, T)>,
    /// The positions of members by key.
    places: HashMap<String, usize>,
}

impl<T> Map<T> {
    /// The value of a key, matched exactly.
    pub fn get(&self, key: &str) -> Option<&T> {
        let place = self.places.get(key)?;
        self.members.get(*place).map(|(_, value)| value)
    }

    /// All members.
    pub fn iter(&self) -> impl Iterator<Item = &(String, T)> {
        self.members.iter()
    }

    /// Whether there are no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }
}

impl<T> Default for Map<T> {
    fn default() -> Self {
        Map {
            members: Vec::new(),
            places: HashMap::new(),
        }
    }
}

impl<T: Decode + Default> Decode for Map<T> {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Null => {
                cursor.raw();
                *self = Map::default();
            }
            Kind::Object => cursor.object(|cursor, key, _| {
                if !cursor.has_room(size_of::<T>()) {
                    return;
                }
                let mut value = T::default();
                value.decode(cursor);
                match self
                    .places
                    .get(&key)
                    .and_then(|place| self.members.get_mut(*place))
                {
                    Some(slot) => slot.1 = value,
                    None => {
                        self.places.insert(key.clone(), self.members.len());
                        self.members.push((key, value));
                    }
                }
            }),
            _ => cursor.mismatch(&Self::go_type()),
        }
    }

    fn go_type() -> String {
        format!("map[string]{}", T::go_type())
    }
}

/// A Go byte slice: a base64 string, or a list of small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Decode for Bytes {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        match cursor.kind() {
            Kind::Null => {
                cursor.raw();
                self.0.clear();
            }
            Kind::String => {
                let offset = cursor.offset();
                let text = cursor.string().unwrap_or_default();
                match crate::base64::decode(&text) {
                    Ok(bytes) => self.0 = bytes,
                    Err(error) => cursor.fail(error.to_string(), offset),
                }
            }
            Kind::Array => {
                let mut bytes = Vec::new();
                cursor.array(|cursor, _| {
                    let mut byte = 0_u8;
                    decode_integer(&mut byte, cursor, "uint8");
                    bytes.push(byte);
                });
                self.0 = bytes;
            }
            _ => cursor.mismatch("[]uint8"),
        }
    }

    fn go_type() -> String {
        "[]uint8".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn a_list_decoded_again_can_reveal_earlier_elements() {
        let mut list = List::<String>::default();
        for text in [r#"["a","b","c"]"#, r#"["x"]"#, r#"["p",null]"#] {
            read(text.as_bytes(), &mut list).unwrap();
        }
        assert_eq!(&list[..], ["p", "b"]);
        read(b"[]", &mut list).unwrap();
        read(br#"[null,null]"#, &mut list).unwrap();
        assert_eq!(&list[..], ["", ""]);
    }

    #[test]
    fn bytes_are_base64_or_numbers() {
        let mut bytes = Bytes::default();
        read(br#""BQA=""#, &mut bytes).unwrap();
        assert_eq!(bytes.0, [5, 0]);
        read(b"[1,255]", &mut bytes).unwrap();
        assert_eq!(bytes.0, [1, 255]);
        let error = read(br#""@@""#, &mut bytes).unwrap_err();
        assert_eq!(error.text, "illegal base64 data at input byte 0");
        let error = read(b"[256]", &mut bytes).unwrap_err();
        assert_eq!(
            error.text,
            "json: cannot unmarshal number 256 into Go value of type uint8"
        );
    }

    /// 256 octets.
    #[derive(Default)]
    struct Wide {
        a: i64,
        _more: [u64; 31],
    }
    crate::json_object!(Wide as "x.Wide" { "a" => a });

    #[test]
    fn the_memory_of_elements_is_limited() {
        let most = 1 << 20;
        let text = |count| format!("[{}0]", "0,".repeat(count - 1));
        let mut list = List::<i64>::default();
        read(text(most).as_bytes(), &mut list).unwrap();
        assert_eq!(list.len(), most);
        let error = read(text(most + 1).as_bytes(), &mut List::<i64>::default()).unwrap_err();
        let want = "json: too many elements: lists and maps would take more than 64 MiB";
        assert_eq!(error.text, want);
        assert_eq!(error.offset, 2 * most + 1);
        // Larger elements are fewer.
        let objects = |count| format!("[{}{{}}]", "{},".repeat(count - 1));
        read(objects(most / 4).as_bytes(), &mut List::<Wide>::default()).unwrap();
        let error = read(objects(most / 4 + 1).as_bytes(), &mut List::<Wide>::default());
        assert_eq!(error.unwrap_err().text, want);
        let lists = format!("[[{0}1],[{0}2]]", "0,".repeat(most / 2));
        assert!(read(lists.as_bytes(), &mut List::<List<i64>>::default()).is_err());
    }

    #[test]
    fn a_map_adds_and_replaces() {
        let mut map = Map::<String>::default();
        read(br#"{"a":"1","b":"2","a":"3"}"#, &mut map).unwrap();
        read(br#"{"c":"4"}"#, &mut map).unwrap();
        let all: Vec<_> = map.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(all, [("a", "3"), ("b", "2"), ("c", "4")]);
    }
}
