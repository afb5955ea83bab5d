//! Draws the live status below the lines of a terminal, and gets out of their way while they are written.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::report::Progress;
use super::status::Status;

/// The status at the bottom of a terminal.
pub(super) struct Live {
    bar: ProgressBar,
    status: Status,
    size: fn() -> (usize, usize),
}

impl Live {
    /// On standard output.
    pub(super) fn on_stdout() -> Self {
        Self::new(ProgressDrawTarget::stdout(), terminal_size)
    }

    fn new(target: ProgressDrawTarget, size: fn() -> (usize, usize)) -> Self {
        let bar = ProgressBar::with_draw_target(None, target);
        // One bar of several lines: they come and go together, in one write.
        bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bar, status: Status::new(Instant::now()), size }
    }

    pub(super) fn apply(&mut self, progress: Progress) {
        self.status.apply(progress, Instant::now());
    }

    /// Whether something is drawn that changes with time.
    pub(super) fn is_showing(&self) -> bool {
        !self.status.is_empty()
    }

    /// Draws the status as it is now; not more often than an eye can follow.
    pub(super) fn draw(&self) {
        if self.is_showing() {
            let (width, height) = (self.size)();
            self.bar.set_message(self.status.lines(Instant::now(), width, height).join("\n"));
            self.bar.tick();
        }
    }

    /// Runs `write` with the status taken away, then draws it again.
    pub(super) fn suspend<R>(&self, write: impl FnOnce() -> R) -> R {
        if self.is_showing() { self.bar.suspend(write) } else { write() }
    }

    /// Takes the status away for good.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// Columns and lines; the usual ones where the terminal does not say.
fn terminal_size() -> (usize, usize) {
    match rustix::termios::tcgetwinsize(rustix::stdio::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    const WIDTH: usize = 40;

    /// A terminal as tall as needed: what was drawn is what stands in its rows.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<Cells>>);

    /// Rows, and the cursor's row and column.
    type Cells = (Vec<Vec<char>>, usize, usize);

    impl Screen {
        fn print(&self, text: &str) {
            let mut screen = self.0.lock().unwrap();
            let (rows, row, column) = &mut *screen;
            for char in text.chars() {
                rows.resize(rows.len().max(*row + 1), Vec::new());
                match char {
                    '\n' => (*row, *column) = (*row + 1, 0),
                    '\r' => *column = 0,
                    char => {
                        // Terminals wrap when the next character comes, not before.
                        if *column == WIDTH {
                            (*row, *column) = (*row + 1, 0);
                            rows.resize(rows.len().max(*row + 1), Vec::new());
                        }
                        let width = rows[*row].len().max(*column + 1);
                        rows[*row].resize(width, ' ');
                        rows[*row][*column] = char;
                        *column += 1;
                    }
                }
            }
        }

        fn text(&self) -> String {
            let rows: Vec<String> = self.0.lock().unwrap().0.iter().map(|row| row.iter().collect()).collect();
            rows.iter().map(|row| row.trim_end()).collect::<Vec<_>>().join("\n").trim_end().to_owned()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            WIDTH as u16
        }

        fn move_cursor_up(&self, n: usize) -> std::io::Result<()> {
            self.0.lock().unwrap().1 -= n;
            Ok(())
        }

        fn move_cursor_down(&self, n: usize) -> std::io::Result<()> {
            self.0.lock().unwrap().1 += n;
            Ok(())
        }

        fn move_cursor_right(&self, n: usize) -> std::io::Result<()> {
            self.0.lock().unwrap().2 += n;
            Ok(())
        }

        fn move_cursor_left(&self, n: usize) -> std::io::Result<()> {
            self.0.lock().unwrap().2 -= n;
            Ok(())
        }

        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.print(&format!("{text}\n"));
            Ok(())
        }

        fn write_str(&self, text: &str) -> std::io::Result<()> {
            self.print(text);
            Ok(())
        }

        fn clear_line(&self) -> std::io::Result<()> {
            let mut screen = self.0.lock().unwrap();
            let (rows, row, column) = &mut *screen;
            rows.resize(rows.len().max(*row + 1), Vec::new());
            rows[*row].clear();
            *column = 0;
            Ok(())
        }

        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_go_above_the_status_and_nothing_of_it_is_left() {
        let screen = Screen::default();
        let mut live = Live::new(ProgressDrawTarget::term_like(Box::new(screen.clone())), || (WIDTH, 24));
        live.draw();
        live.suspend(|| screen.print("before\n"));
        assert_eq!(screen.text(), "before");

        live.apply(Progress::Total { nodes: 2 });
        live.apply(Progress::Started { key: 1, label: "null.a".into() });
        live.draw();
        live.suspend(|| screen.print("==> null.a: one\n==> null.a: two\n"));
        let expected = "before\n==> null.a: one\n==> null.a: two\n   0:00  null.a\n   0:00  0/2 done, 1 running";
        assert_eq!(screen.text(), expected);

        live.suspend(|| {
            screen.print("sure? yes\n");
            assert_eq!(screen.text(), "before\n==> null.a: one\n==> null.a: two\nsure? yes");
        });
        live.apply(Progress::Ended { key: 1, ok: true });
        live.draw();
        live.suspend(|| screen.print("three\n"));
        let expected = "before\n==> null.a: one\n==> null.a: two\nsure? yes\nthree\n   0:00  1/2 done, 0 running";
        assert_eq!(screen.text(), expected);

        live.finish();
        screen.print("end\n");
        assert_eq!(screen.text(), "before\n==> null.a: one\n==> null.a: two\nsure? yes\nthree\nend");
    }
}
