//! Values with their position in the document.

use super::cursor::Cursor;
use super::decode::Decode;

/// A value and its byte offset in the document, or `None` if it was not given. Errors found
/// later can then refer to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The offset of its first byte.
    pub offset: Option<usize>,
}

impl<T: Decode> Decode for Located<T> {
    fn decode(&mut self, cursor: &mut Cursor<'_>) {
        self.offset = Some(cursor.offset());
        self.value.decode(cursor);
    }

    fn go_type() -> String {
        T::go_type()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{List, read};
    use super::*;
    use crate::json_object;

    #[derive(Debug, Default)]
    struct Document {
        name: Located<String>,
        list: List<Located<i64>>,
        none: Located<bool>,
    }
    json_object!(Document as "test.Document" { "name" => name, "list" => list, "none" => none });

    #[test]
    fn positions_are_kept() {
        let mut document = Document::default();
        read(br#"{"Name": "a", "list":[1, 22]}"#, &mut document).unwrap();
        assert_eq!(
            (document.name.value.as_str(), document.name.offset),
            ("a", Some(9))
        );
        let offsets: Vec<_> = document.list.iter().map(|number| number.offset).collect();
        assert_eq!(offsets, [Some(22), Some(25)]);
        assert_eq!(document.none.offset, None);
    }
}
