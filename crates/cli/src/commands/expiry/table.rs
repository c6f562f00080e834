//! Draws the table.

use std::io;

use super::{Row, State};
use crate::output::printable;
use crate::terminal::{self, Terminal, width, width_of};

const HEAD: [&str; 7] = ["FILE", "SUBJECT", "KIND", "ISSUER", "EXPIRES", "DAYS", "STATE"];
/// Columns that may be truncated: file, subject, issuer.
const ELASTIC: [usize; 3] = [0, 1, 3];
/// A column is not truncated below this width.
const NARROWEST: usize = 10;
const GAP: usize = 2;

/// Draws the table for standard output: in colour and as wide as the terminal, or plain if
/// it is not a terminal.
pub fn draw(rows: &[Row]) -> String {
    draw_for(rows, Look::of(Terminal::of(&io::stdout())))
}

/// What the terminal supports.
#[derive(Clone, Copy)]
struct Look {
    /// The width; without it, columns are as wide as their longest cells.
    columns: Option<usize>,
    colour: bool,
    ascii: bool,
}

impl Look {
    fn of(terminal: Option<Terminal>) -> Self {
        Look {
            columns: terminal.map(|terminal| terminal.columns.max(40)),
            colour: terminal.is_some_and(|terminal| terminal.has_colour()),
            ascii: terminal.is_some_and(|terminal| !terminal.is_utf8),
        }
    }

    /// The mark for truncated text.
    fn ellipsis(self) -> &'static str {
        if self.ascii { "..." } else { "…" }
    }
}

fn draw_for(rows: &[Row], look: Look) -> String {
    let mut cells: Vec<[String; 7]> = rows.iter().map(cells).collect();
    if look.ascii {
        let all = cells.iter_mut().flatten();
        all.for_each(|cell| *cell = terminal::ascii(cell));
    }
    let heads = HEAD.map(str::to_owned);
    let mut widths = [0; 7];
    for line in cells.iter().chain([&heads]) {
        for (widest, cell) in widths.iter_mut().zip(line) {
            *widest = (*widest).max(width(cell));
        }
    }
    if let Some(columns) = look.columns {
        shrink(&mut widths, columns);
    }
    let mut text = String::new();
    line(&mut text, &heads, &widths, look, None);
    for (row, cells) in rows.iter().zip(&cells) {
        line(&mut text, cells, &widths, look, look.colour.then_some(row.state));
    }
    text
}

fn cells(row: &Row) -> [String; 7] {
    let file = match row.position {
        1 => row.file.clone(),
        position => format!("{} #{position}", row.file),
    };
    [
        printable(&file),
        printable(&row.subject),
        row.kind.to_owned(),
        printable(&row.issuer),
        row.ends.date().to_string(),
        row.days_left.to_string(),
        row.state.name().to_owned(),
    ]
}

/// Narrows the widest column that may be truncated until the line fits.
fn shrink(widths: &mut [usize; 7], columns: usize) {
    let total = |widths: &[usize; 7]| widths.iter().sum::<usize>() + GAP * (widths.len() - 1);
    while total(widths) > columns {
        let widest = ELASTIC.into_iter().max_by_key(|column| widths[*column]);
        match widest {
            Some(column) if widths[column] > NARROWEST => widths[column] -= 1,
            _ => return,
        }
    }
}

fn line(text: &mut String, cells: &[String; 7], widths: &[usize; 7], look: Look, colour: Option<State>) {
    for (at, (cell, room)) in cells.iter().zip(widths).enumerate() {
        let cut = cut(cell, *room, at == 0, look.ellipsis());
        let gap = " ".repeat(room.saturating_sub(width(&cut)));
        match at {
            // Numbers are right-aligned.
            5 => {
                text.push_str(&gap);
                text.push_str(&cut);
            }
            6 => match colour.map(paint) {
                Some(paint) => text.push_str(&format!("\x1b[{paint}m{cut}\x1b[0m")),
                None => text.push_str(&cut),
            },
            _ => {
                text.push_str(&cut);
                text.push_str(&gap);
            }
        }
        if at < 6 {
            text.push_str(&" ".repeat(GAP));
        }
    }
    text.push('\n');
}

/// Truncates a cell that is too long: a path at its beginning, other text at its end.
fn cut(cell: &str, room: usize, is_path: bool, ellipsis: &str) -> String {
    if width(cell) <= room {
        return cell.to_owned();
    }
    let room = room.saturating_sub(width(ellipsis));
    if is_path {
        let end: Vec<char> = fitting(cell.chars().rev(), room);
        let end: String = end.into_iter().rev().collect();
        format!("{ellipsis}{end}")
    } else {
        let begin: String = fitting(cell.chars(), room);
        format!("{begin}{ellipsis}")
    }
}

/// As many of the first characters as fit.
fn fitting<T: FromIterator<char>>(characters: impl Iterator<Item = char>, room: usize) -> T {
    let mut taken = 0;
    let fits = |character: &char| {
        taken += width_of(*character);
        taken <= room
    };
    characters.take_while(fits).collect()
}

/// The colour: red, yellow or green.
fn paint(state: State) -> u8 {
    match state {
        State::Expired | State::Critical => 31,
        State::Warning | State::NotYetValid => 33,
        State::Ok => 32,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    fn rows() -> Vec<Row> {
        let row = |file: &str, state, days_left| Row {
            file: file.into(),
            position: 1,
            subject: "etcd\x1b[31m member".into(),
            kind: "peer",
            issuer: "My own CA".into(),
            serial_number: "1".into(),
            not_before: String::new(),
            not_after: String::new(),
            days_left,
            state,
            begins: datetime!(2026-01-01 0:00 UTC),
            ends: datetime!(2027-01-02 0:00 UTC),
        };
        vec![
            row("pki/member-1.pem", State::Expired, -3),
            row("pki/a-rather-long-name-of-a-client.pem", State::Ok, 400),
        ]
    }

    fn on(columns: usize) -> Look {
        Look {
            columns: Some(columns),
            colour: true,
            ascii: false,
        }
    }

    #[test]
    fn in_a_pipe_the_table_is_plain_and_complete() {
        let text = draw_for(&rows(), Look::of(None));
        assert_eq!(
            text,
            "\
FILE                                    SUBJECT           KIND  ISSUER     EXPIRES     DAYS  STATE
pki/member-1.pem                        etcd\u{fffd}[31m member  peer  My own CA  2027-01-02    -3  expired
pki/a-rather-long-name-of-a-client.pem  etcd\u{fffd}[31m member  peer  My own CA  2027-01-02   400  ok
"
        );
    }

    #[test]
    fn on_a_terminal_the_table_fits_and_the_state_has_a_colour() {
        let text = draw_for(&rows(), on(80));
        let plain = text
            .replace("\x1b[31m", "")
            .replace("\x1b[32m", "")
            .replace("\x1b[0m", "");
        assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
        assert!(plain.contains("…e-of-a-client.pem  "), "{plain}");
        assert!(text.contains("\x1b[31mexpired\x1b[0m") && text.contains("\x1b[32mok\x1b[0m"));
        // The terminal is too narrow for anything; the table must still be drawn.
        draw_for(&rows(), on(1));
    }

    #[test]
    fn wide_characters_are_counted_as_wide() {
        let mut rows = rows();
        rows[0].subject = "日本語".repeat(20);
        rows[1].file = format!("{}.pem", "証明書".repeat(20));
        let text = draw_for(
            &rows,
            Look {
                colour: false,
                ..on(80)
            },
        );
        assert!(text.lines().all(|line| width(line) <= 80), "{text}");
        // Cells are aligned with their headings.
        let at = |line: &str, word: &str| line.find(word).map(|end| width(&line[..end]));
        let places: Vec<_> = text
            .lines()
            .map(|line| at(line, "20").or(at(line, "EXPIRES")))
            .collect();
        assert!(places.iter().all(|place| *place == places[0]), "{text}");
    }

    #[test]
    fn without_a_utf_8_locale_output_is_ascii() {
        let mut rows = rows();
        rows[0].subject = "Zürich, 日本".into();
        let look = Look {
            ascii: true,
            ..on(80)
        };
        let text = draw_for(&rows, look);
        assert!(text.is_ascii() && text.contains("Z?rich, ??"), "{text}");
        assert!(text.contains("-a-client.pem"), "{text}");
    }
}
