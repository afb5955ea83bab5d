//! Ends the test when a case does not end, and says which one it was.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{Scope, ThreadId};
use std::time::{Duration, Instant};

/// No case takes a thousandth of this; a machine that is busy with other things may stretch it.
const PATIENCE: Duration = Duration::from_secs(60);

/// The cases under way, by the thread that is at them.
#[derive(Default)]
pub(crate) struct Watchdog(Mutex<HashMap<ThreadId, (Instant, String)>>);

impl Watchdog {
    /// Watches until the answer is dropped.
    pub(crate) fn watch<'s>(&'s self, scope: &'s Scope<'s, '_>) -> Sender<()> {
        let (watched, over) = channel();
        scope.spawn(move || self.look(&over));
        watched
    }

    /// Runs a case, which is described by `text`.
    pub(crate) fn during<T>(&self, text: &str, case: impl FnOnce() -> T) -> T {
        let thread = std::thread::current().id();
        self.cases().insert(thread, (Instant::now(), text.to_owned()));
        let result = case();
        self.cases().remove(&thread);
        result
    }

    fn cases(&self) -> MutexGuard<'_, HashMap<ThreadId, (Instant, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[expect(clippy::print_stderr, reason = "a case that hangs cannot be reported in any other way")]
    fn look(&self, over: &Receiver<()>) {
        while over.recv_timeout(Duration::from_secs(1)) == Err(RecvTimeoutError::Timeout) {
            if let Some((_, text)) = self.cases().values().find(|(since, _)| since.elapsed() > PATIENCE) {
                eprintln!("this takes more than {PATIENCE:?}:\n{text}");
                std::process::abort();
            }
        }
    }
}
