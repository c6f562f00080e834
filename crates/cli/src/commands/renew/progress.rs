//! The progress of a run: a bar on a terminal, a line every few seconds elsewhere.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::log::{Level, Log};
use crate::terminal::{self, Terminal};

/// The interval between updates of the bar.
const FRAME: Duration = Duration::from_millis(100);
/// The interval between lines without a terminal.
const LINE: Duration = Duration::from_secs(5);
/// The maximum width of the bar, in characters.
const WIDTH: usize = 30;

/// The number of certificates done, out of the total.
pub struct Progress {
    shared: Arc<Shared>,
    /// When the last line was printed, without a terminal.
    last: Option<Instant>,
    /// The thread that redraws the bar while a certificate is being processed.
    ticker: Option<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    ended: Condvar,
}

struct State {
    count: Count,
    /// Whether other lines are being printed in place of the bar.
    is_paused: bool,
    has_ended: bool,
    /// The terminal on which the bar is drawn.
    screen: Option<Screen>,
}

struct Screen {
    out: Box<dyn Write + Send>,
    columns: fn() -> usize,
}

struct Count {
    total: usize,
    done: usize,
    start: Instant,
}

impl Progress {
    /// Starts the progress. On a terminal the bar appears at once.
    pub fn new(total: usize, log: &Log) -> Self {
        let terminal = Terminal::of(&io::stderr());
        let Some(terminal) = terminal else {
            return Self::with(total, None, Some(Instant::now()));
        };
        let screen = (!terminal.is_dumb && log.shows_hints()).then(|| Screen {
            out: Box::new(io::stderr()),
            columns: || terminal::columns(io::stderr()),
        });
        Self::with(total, screen, None)
    }

    fn with(total: usize, screen: Option<Screen>, last: Option<Instant>) -> Self {
        let draws = screen.is_some();
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                count: Count {
                    total,
                    done: 0,
                    start: Instant::now(),
                },
                is_paused: false,
                has_ended: false,
                screen,
            }),
            ended: Condvar::new(),
        });
        shared.lock().draw();
        let drawing = Arc::clone(&shared);
        // Without a thread the bar moves only with each result.
        let start = || {
            std::thread::Builder::new()
                .spawn(move || drawing.keep_drawing())
                .ok()
        };
        let ticker = if draws { start() } else { None };
        Progress { shared, last, ticker }
    }

    /// Removes the bar until [`Progress::advance`], so that lines can be printed.
    pub fn clear(&mut self) {
        let mut state = self.shared.lock();
        if !state.is_paused {
            state.print("\r\x1b[K");
        }
        state.is_paused = true;
    }

    /// Reduces the total by one.
    pub fn leave_out(&mut self) {
        let mut state = self.shared.lock();
        state.count.total = state.count.total.saturating_sub(1);
    }

    /// Counts one certificate as done.
    pub fn advance(&mut self, log: &Log) {
        let mut state = self.shared.lock();
        state.count.done += 1;
        state.is_paused = false;
        state.draw();
        if self.last.is_some_and(|last| last.elapsed() >= LINE) {
            self.last = Some(Instant::now());
            log.line(Level::Info, state.count.text());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
        self.shared.lock().has_ended = true;
        self.shared.ended.notify_all();
        if let Some(ticker) = self.ticker.take() {
            let _ = ticker.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep_drawing(&self) {
        let mut state = self.lock();
        while !state.has_ended {
            let waited = self.ended.wait_timeout(state, FRAME);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.draw();
        }
    }
}

impl State {
    fn draw(&mut self) {
        if self.is_paused || self.has_ended {
            return;
        }
        if let Some(columns) = self.screen.as_ref().map(|screen| (screen.columns)()) {
            self.print(&self.count.bar(columns));
        }
    }

    /// Prints in a single write. A closed terminal does not stop the run.
    fn print(&mut self, text: &str) {
        if let Some(screen) = &mut self.screen {
            let _ = screen.out.write_all(text.as_bytes());
        }
    }
}

impl Count {
    /// `3400 of 10000, 2100/s, 3 s left`
    fn text(&self) -> String {
        if self.done == 0 {
            return format!("0 of {}", self.total);
        }
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

    fn bar(&self, columns: usize) -> String {
        let text = self.text();
        let room = columns.saturating_sub(text.len() + 5).min(WIDTH);
        if room < 5 {
            let text: String = text.chars().take(columns.saturating_sub(1)).collect();
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

    fn count(done: usize) -> Count {
        Count {
            total: 200,
            done,
            start: Instant::now() - Duration::from_secs(2),
        }
    }

    #[test]
    fn rate_and_time_left_are_shown() {
        assert_eq!(count(0).text(), "0 of 200");
        assert_eq!(count(50).text(), "50 of 200, 25/s, 6 s left");
        assert_eq!(count(2).text(), "2 of 200, 1.0/s, 3 min left");
    }

    #[test]
    fn the_bar_fits_its_terminal() {
        for columns in [0, 10, 40, 80, 300] {
            let bar = count(100).bar(columns);
            let visible = bar.trim_start_matches('\r').trim_end_matches("\x1b[K");
            assert!(visible.chars().count() < columns.max(1), "{bar}");
        }
        assert!(
            count(100)
                .bar(80)
                .starts_with("\r[###############---------------] 100 of 200")
        );
    }

    /// Collects what is printed, until it is read.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn read(&self) -> String {
            String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
        }
    }

    #[test]
    fn the_bar_appears_at_once_and_is_redrawn_on_a_timer() {
        let paper = Paper::default();
        let screen = Screen {
            out: Box::new(paper.clone()),
            columns: || 80,
        };
        let log = Log::new(1);
        let mut progress = Progress::with(3, Some(screen), None);
        assert!(paper.read().contains("] 0 of 3"));
        let wait = |what: &str| {
            let start = Instant::now();
            while !paper.read().contains(what) {
                assert!(start.elapsed() < Duration::from_secs(20), "no {what}");
                std::thread::sleep(FRAME / 2);
            }
        };
        wait("] 0 of 3");
        progress.clear();
        assert!(paper.read().ends_with("\r\x1b[K"));
        std::thread::sleep(FRAME * 3);
        assert_eq!(paper.read(), "", "it is drawn into the lines of others");
        progress.leave_out();
        progress.advance(&log);
        assert!(paper.read().contains("] 1 of 2"), "the result erased it");
        wait("] 1 of 2");
        drop(progress);
        assert!(paper.read().ends_with("\r\x1b[K"));
    }
}
