//! What a plugin writes to its standard error: into the log, under the plugin's name, and the end of it into diagnostics.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use crate::scrubber::Scrubber;

/// How many of the last lines are kept for diagnostics.
const TAIL: usize = 10;
/// How many bytes of each are.
const LONGEST: usize = 1000;
/// How many bytes are logged of what comes at once, and how many per second of what goes on and on: a plugin that writes
/// without end must not fill the disk, nor keep the others from being heard.
const BURST: f64 = 8e6;
const RATE: f64 = 1e6;

/// Takes the lines of one process.
#[derive(Debug)]
pub(super) struct Stderr {
    name: String,
    secrets: Scrubber,
    tail: Arc<Tail>,
    allowance: f64,
    filled: Instant,
    unlogged: u64,
}

impl Stderr {
    /// For the plugin whose binary is called `name`.
    pub(super) fn new(name: String, secrets: Scrubber) -> Self {
        Self { name, secrets, tail: Arc::default(), allowance: BURST, filled: Instant::now(), unlogged: 0 }
    }

    /// The last lines, now and later.
    pub(super) fn tail(&self) -> Arc<Tail> {
        Arc::clone(&self.tail)
    }

    /// Takes a line.
    pub(super) fn take(&mut self, line: &str) {
        // Before it is shortened: the half of a secret would not be known for one.
        let line = &*self.secrets.scrub(line);
        self.tail.push(line);
        if !self.may_log(line.len()) {
            self.unlogged += 1;
            return;
        }
        self.own_up();
        tracing::info!("{} plugin: {line}", self.name);
    }

    fn may_log(&mut self, n_bytes: usize) -> bool {
        let now = Instant::now();
        let refill = now.duration_since(std::mem::replace(&mut self.filled, now)).as_secs_f64() * RATE;
        self.allowance = (self.allowance + refill).min(BURST);
        // More than any line has, so that there are not gaps of a line each.
        let needed = if self.unlogged > 0 { RATE } else { n_bytes as f64 };
        let may = self.allowance >= needed;
        if may {
            self.allowance -= n_bytes as f64;
        }
        may
    }

    /// Says what was left out, if anything was.
    fn own_up(&mut self) {
        let unlogged = std::mem::take(&mut self.unlogged);
        if unlogged > 0 {
            tracing::warn!("{} plugin: {unlogged} lines are not logged: it wrote too many at once", self.name);
        }
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        self.own_up();
    }
}

/// The last lines.
#[derive(Debug, Default)]
pub(super) struct Tail(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    last: VecDeque<String>,
    /// The words with which a Go program dies. Stacks follow, longer than what is kept.
    dying: Option<String>,
}

impl Tail {
    fn push(&self, line: &str) {
        let shown = match line.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &line[..end]),
            None => line.to_owned(),
        };
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ["panic: ", "fatal error: "].iter().any(|words| line.starts_with(words)) {
            lines.dying = Some(shown.clone());
        }
        lines.last.push_back(shown);
        if lines.last.len() > TAIL {
            lines.last.pop_front();
        }
    }

    /// The oldest first.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Lines { last, dying } = &*lines;
        match dying.as_ref().filter(|dying| !last.contains(dying)) {
            Some(dying) => {
                let rest = last.iter().skip((last.len() + 2).saturating_sub(TAIL)).cloned();
                [dying.clone(), "…".to_owned()].into_iter().chain(rest).collect()
            }
            None => last.iter().cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_end_is_kept_in_short() {
        let mut stderr = Stderr::new("p".to_owned(), Scrubber::new());
        (0..20).for_each(|n| stderr.take(&n.to_string()));
        stderr.take(&"é".repeat(2 * LONGEST));
        let lines = stderr.tail().lines();
        assert_eq!(lines.len(), TAIL);
        assert_eq!(lines[0], "11");
        assert_eq!(lines[9], format!("{}…", "é".repeat(LONGEST)));
    }

    #[test]
    fn what_is_kept_holds_no_half_of_a_secret() {
        let secrets = Scrubber::new();
        let mut stderr = Stderr::new("p".to_owned(), secrets.clone());
        secrets.hide("hunter2");
        stderr.take(&format!("{}hunter2{}", "x".repeat(LONGEST - 3), "x".repeat(LONGEST)));
        assert_eq!(stderr.tail().lines(), [format!("{}<se…", "x".repeat(LONGEST - 3))]);
    }

    #[test]
    fn the_reason_of_a_panic_is_not_lost_behind_its_stack() {
        let mut stderr = Stderr::new("p".to_owned(), Scrubber::new());
        stderr.take("panic: no luck");
        assert_eq!(stderr.tail().lines(), ["panic: no luck"]);
        (0..30).for_each(|n| stderr.take(&n.to_string()));
        let lines = stderr.tail().lines();
        assert_eq!(lines.len(), TAIL);
        assert_eq!(lines[..3], ["panic: no luck", "…", "22"]);
        assert_eq!(lines[9], "29");
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_logged_in_part() {
        let mut stderr = Stderr::new("p".to_owned(), Scrubber::new());
        let line = "x".repeat(1000);
        (0..10_000).for_each(|_| stderr.take(&line));
        assert_eq!(stderr.unlogged, 2_000);
        tokio::time::advance(Duration::from_millis(500)).await;
        stderr.take(&line);
        assert_eq!(stderr.unlogged, 2_001, "not for half a second's worth");
        tokio::time::advance(Duration::from_millis(600)).await;
        stderr.take(&line);
        assert_eq!(stderr.unlogged, 0);
    }
}
