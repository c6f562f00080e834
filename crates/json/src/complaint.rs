//! The message for a call with a wrong flag or command: a hint, and then the error as the
//! last line, where help does not scroll it away.

use std::fmt::Display;

use rcfssl_go::line::one_line;

/// The lines: a suggestion, where to find help, and the error.
pub fn complaint(help: &str, meant: Option<&str>, error: impl Display) -> String {
    let meant = meant.map_or(String::new(), |word| format!("did you mean {word}? "));
    let [hint, error] = [format!("hint: {meant}{help}"), error.to_string()];
    format!("{}\n{}", one_line(&hint), one_line(&error))
}

/// The known word that is most similar to this one, if any is similar enough: about one
/// letter in three may differ.
pub fn nearest(word: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    search(word, known)
}

/// The same for the words of a document.
pub fn nearest_of<'a>(word: &str, known: &'a [String]) -> Option<&'a str> {
    search(word, known.iter().map(String::as_str))
}

/// Longer words, in bytes, are not compared.
const MAX_WORD: usize = 64;

fn search<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let distance = |other: &str| strsim::damerau_levenshtein(&word, &other.to_lowercase());
    let limit = (word.chars().count() / 3).max(1);
    let scored = known.into_iter().map(|other| (distance(other), other));
    scored
        .min_by_key(|(distance, _)| *distance)
        .filter(|(distance, _)| *distance <= limit)
        .map(|(_, other)| other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_similar_word_is_suggested() {
        let known = ["hosts", "names", "key", "CN"];
        assert_eq!(nearest("host", known), Some("hosts"));
        assert_eq!(nearest("hsots", known), Some("hosts"));
        assert_eq!(nearest("NAME", known), Some("names"));
        assert_eq!(nearest("comment", known), None);
    }

    #[test]
    fn the_error_is_the_last_line() {
        assert_eq!(
            complaint("`x -h` lists the flags", Some("-bare"), "no such flag"),
            "hint: did you mean -bare? `x -h` lists the flags\nno such flag"
        );
        assert_eq!(complaint("read this", None, "x\ny"), "hint: read this\nx\\ny");
    }
}
