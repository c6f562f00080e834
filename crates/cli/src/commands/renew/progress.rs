//! How far a run is: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::log::{Level, Log};

/// How often the bar is drawn.
const FRAME: Duration = Duration::from_millis(100);
/// How often a line is printed where there is no terminal.
const LINE: Duration = Duration::from_secs(5);
/// How wide the bar is at most, in characters.
const WIDTH: usize = 30;

/// Certificates done, of all that there are.
pub struct Progress {
    total: usize,
    done: usize,
    start: Instant,
    last: Instant,
    terminal: bool,
    drawn: bool,
}

impl Progress {
    /// Before the first.
    pub fn new(total: usize) -> Self {
        let now = Instant::now();
        Progress {
            total,
            done: 0,
            start: now,
            last: now,
            terminal: io::stderr().is_terminal(),
            drawn: false,
        }
    }

    /// Takes the bar away, so that a line can be printed.
    pub fn clear(&mut self) {
        if self.drawn {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
            self.drawn = false;
        }
    }

    /// One of those that were counted is none of ours.
    pub fn leave_out(&mut self) {
        self.total = self.total.saturating_sub(1);
    }

    /// One more is done.
    pub fn advance(&mut self, log: &Log) {
        self.done += 1;
        let pause = if self.terminal { FRAME } else { LINE };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        if !self.terminal {
            log.line(Level::Info, self.text());
        } else if log.shows_hints() {
            let columns = rustix::termios::tcgetwinsize(io::stderr()).map_or(80, |size| size.ws_col);
            let _ = io::stderr().lock().write_all(self.bar(columns).as_bytes());
            self.drawn = true;
        }
    }

    /// `3400 of 10000, 2100/s, 3 s left`
    fn text(&self) -> String {
        let seconds = self.start.elapsed().as_secs_f64().max(0.001);
        let rate = self.done as f64 / seconds;
        let left = self.total.saturating_sub(self.done) as f64 / rate;
        let left = match left.round() as u64 {
            seconds @ ..120 => format!("{seconds} s"),
            seconds @ ..7200 => format!("{} min", seconds / 60),
            seconds => format!("{} h", seconds / 3600),
        };
        let rate = if rate < 10.0 {
            format!("{rate:.1}")
        } else {
            format!("{rate:.0}")
        };
        format!("{} of {}, {rate}/s, {left} left", self.done, self.total)
    }

    fn bar(&self, columns: u16) -> String {
        let text = self.text();
        let room = usize::from(columns).saturating_sub(text.len() + 5).min(WIDTH);
        if room < 5 {
            let text: String = text
                .chars()
                .take(usize::from(columns).saturating_sub(1))
                .collect();
            return format!("\r{text}\x1b[K");
        }
        let full = (room * self.done)
            .checked_div(self.total)
            .unwrap_or(room)
            .min(room);
        format!("\r[{:-<room$}] {text}\x1b[K", "#".repeat(full))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(done: usize) -> Progress {
        Progress {
            done,
            start: Instant::now() - Duration::from_secs(2),
            ..Progress::new(200)
        }
    }

    #[test]
    fn rate_and_time_left_are_told() {
        assert_eq!(progress(50).text(), "50 of 200, 25/s, 6 s left");
        let mut early = progress(2);
        assert_eq!(early.text(), "2 of 200, 1.0/s, 3 min left");
        early.leave_out();
        assert_eq!(early.text(), "2 of 199, 1.0/s, 3 min left");
    }

    #[test]
    fn the_bar_fits_its_terminal() {
        for columns in [0, 10, 40, 80, 300] {
            let bar = progress(100).bar(columns);
            let visible = bar.trim_start_matches('\r').trim_end_matches("\x1b[K");
            assert!(visible.chars().count() < usize::from(columns).max(1), "{bar}");
        }
        assert!(
            progress(100)
                .bar(80)
                .starts_with("\r[###############---------------] 100 of 200")
        );
    }
}
