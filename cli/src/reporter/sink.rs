//! Where bytes go, and what becomes of a write that fails: later bytes are dropped, and the first failure is kept.

use std::io::{ErrorKind, Write};

/// What became of everything written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputEnd {
    /// All of it arrived.
    #[default]
    Written,
    /// The reader went away (`| head -1`): nothing to complain about, and nobody to complain to.
    Closed,
    /// It could not be written: disk full, device gone. Holds the cause.
    Failed(String),
}

impl OutputEnd {
    /// Whether something was lost.
    pub fn is_broken(&self) -> bool {
        *self != OutputEnd::Written
    }
}

/// A writer that never fails twice.
pub(super) struct Sink {
    out: Box<dyn Write + Send>,
    end: OutputEnd,
}

impl Sink {
    pub(super) fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out, end: OutputEnd::Written }
    }

    /// Writes and flushes, unless an earlier write failed.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.end.is_broken() {
            return;
        }
        if let Err(error) = self.out.write_all(bytes).and_then(|()| self.out.flush()) {
            self.end = match error.kind() {
                ErrorKind::BrokenPipe => OutputEnd::Closed,
                _ => OutputEnd::Failed(error.to_string()),
            };
        }
    }

    pub(super) fn end(&self) -> &OutputEnd {
        &self.end
    }
}
