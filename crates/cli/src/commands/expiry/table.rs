//! The table for people.

use std::io::{self, IsTerminal};

use super::{Row, State};
use crate::output::printable;

const HEAD: [&str; 7] = ["FILE", "SUBJECT", "KIND", "ISSUER", "ENDS", "DAYS", "STATE"];
/// Columns that may be cut: file, subject, issuer.
const ELASTIC: [usize; 3] = [0, 1, 3];
/// Below this a column is not cut.
const NARROWEST: usize = 10;
const GAP: usize = 2;

/// Draws the table for standard output: as wide as the terminal and in colour
/// there, plain elsewhere.
pub fn draw(rows: &[Row]) -> String {
    let out = io::stdout();
    if !out.is_terminal() {
        return draw_for(rows, None, false);
    }
    let columns = rustix::termios::tcgetwinsize(&out).map_or(80, |size| usize::from(size.ws_col));
    // <https://no-color.org>
    let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    draw_for(rows, Some(columns.max(40)), colour)
}

fn draw_for(rows: &[Row], columns: Option<usize>, colour: bool) -> String {
    let cells: Vec<[String; 7]> = rows.iter().map(cells).collect();
    let heads = HEAD.map(str::to_owned);
    let mut widths = [0; 7];
    for line in cells.iter().chain([&heads]) {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    if let Some(columns) = columns {
        shrink(&mut widths, columns);
    }
    let mut text = String::new();
    line(&mut text, &heads, &widths, None);
    for (row, cells) in rows.iter().zip(&cells) {
        line(&mut text, cells, &widths, colour.then_some(row.state));
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

/// Takes from the widest column that may be cut, until the line fits.
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

fn line(text: &mut String, cells: &[String; 7], widths: &[usize; 7], colour: Option<State>) {
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let cut = cut(cell, *width, at == 0);
        let gap = " ".repeat(width - cut.chars().count());
        match at {
            // Numbers stand to the right.
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

/// A cell that is too long loses its end, a path its beginning.
fn cut(cell: &str, width: usize, is_path: bool) -> String {
    let length = cell.chars().count();
    if length <= width {
        return cell.to_owned();
    }
    let kept = width.saturating_sub(1);
    if is_path {
        let end: String = cell.chars().skip(length - kept).collect();
        format!("…{end}")
    } else {
        let begin: String = cell.chars().take(kept).collect();
        format!("{begin}…")
    }
}

/// Red, yellow, green.
fn paint(state: State) -> u8 {
    match state {
        State::Expired | State::Critical => 31,
        State::Warning | State::Early => 33,
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

    #[test]
    fn piped_it_is_plain_and_whole() {
        let text = draw_for(&rows(), None, false);
        assert_eq!(
            text,
            "\
FILE                                    SUBJECT           KIND  ISSUER     ENDS        DAYS  STATE
pki/member-1.pem                        etcd\u{fffd}[31m member  peer  My own CA  2027-01-02    -3  expired
pki/a-rather-long-name-of-a-client.pem  etcd\u{fffd}[31m member  peer  My own CA  2027-01-02   400  ok
"
        );
    }

    #[test]
    fn on_a_terminal_it_fits_and_the_state_has_a_colour() {
        let text = draw_for(&rows(), Some(80), true);
        let plain = text
            .replace("\x1b[31m", "")
            .replace("\x1b[32m", "")
            .replace("\x1b[0m", "");
        assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
        assert!(plain.contains("…e-of-a-client.pem  "), "{plain}");
        assert!(text.contains("\x1b[31mexpired\x1b[0m") && text.contains("\x1b[32mok\x1b[0m"));
        // Too narrow for anything: it is drawn all the same.
        draw_for(&rows(), Some(1), true);
    }
}
