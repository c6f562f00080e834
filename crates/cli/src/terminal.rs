//! The capabilities of a terminal: columns, characters, colours.

use std::env;
use std::io::IsTerminal;
use std::os::fd::AsFd;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The width if a terminal does not report one: serial lines, containers.
const COLUMNS: usize = 80;

/// A terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminal {
    /// Characters per line.
    pub columns: usize,
    /// Whether it lacks cursor movement and colours, such as an editor's window or a serial
    /// log.
    pub is_dumb: bool,
    /// Its locale is UTF-8.
    pub is_utf8: bool,
}

impl Terminal {
    /// The terminal behind a stream, if it is one.
    pub fn of(stream: &(impl AsFd + IsTerminal)) -> Option<Self> {
        stream.is_terminal().then(|| Terminal {
            columns: columns(stream),
            is_dumb: is_dumb(&variable("TERM")),
            is_utf8: is_utf8(["LC_ALL", "LC_CTYPE", "LANG"].map(variable)),
        })
    }

    /// Whether to use colours. <https://no-color.org>
    pub fn has_colour(&self) -> bool {
        !self.is_dumb && variable("NO_COLOR").is_empty()
    }
}

/// The width of a terminal, which may change while a program runs.
pub fn columns(stream: impl AsFd) -> usize {
    let size = rustix::termios::tcgetwinsize(stream);
    let columns = size.map_or(0, |size| usize::from(size.ws_col));
    if columns == 0 { COLUMNS } else { columns }
}

/// The number of columns that a text takes up.
pub fn width(text: &str) -> usize {
    text.width()
}

/// The number of columns that a character takes up.
pub fn width_of(character: char) -> usize {
    character.width().unwrap_or(0)
}

/// The text in ASCII, with `?` for all other characters.
pub fn ascii(text: &str) -> String {
    let shown = |c: char| if c.is_ascii() { c } else { '?' };
    text.chars().map(shown).collect()
}

fn variable(name: &str) -> String {
    let value = env::var_os(name).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

fn is_dumb(term: &str) -> bool {
    matches!(term, "" | "dumb")
}

/// The first variable that is set decides, as for setlocale(3).
fn is_utf8(variables: [String; 3]) -> bool {
    let locale = variables.into_iter().find(|value| !value.is_empty());
    let locale = locale.unwrap_or_default().to_ascii_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_is_found_as_setlocale_finds_it() {
        let of = |variables: [&str; 3]| is_utf8(variables.map(str::to_owned));
        assert!(of(["", "", "en_US.UTF-8"]) && of(["C.utf8", "C", "C"]) && of(["", "de_DE.UTF-8@euro", "C"]));
        assert!(!of(["C", "", "en_US.UTF-8"]) && !of(["", "", ""]) && !of(["", "POSIX", "C.UTF-8"]));
        assert!(is_dumb("") && is_dumb("dumb") && !is_dumb("xterm"));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(
            [width("abc"), width("日本"), width("e\u{301}"), width("…")],
            [3, 4, 1, 1]
        );
        assert_eq!(ascii("日本 a…"), "?? a?");
    }
}
