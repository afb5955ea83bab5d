//! Signals to cancellation: the first stops the run and lets it clean up, the second ends what runs at once, the third
//! ends the program. Work without cleanup ends after the step it is at, or with the second signal.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use engine::{Cancel, CancelPhase};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use crate::exit::Exit;
use crate::reporter::{Report, Reports, UiKind};

/// How long a message may take; the signal must act even when nobody reads our output.
const PATIENCE: Duration = Duration::from_millis(200);

/// Watches for signals until dropped. The handlers of the process stay installed after that and do nothing: drop it
/// when the run is over and the program about to end.
pub struct Watcher {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching for interrupt and termination, on a thread of its own: a busy or stuck run cannot hold it back.
    ///
    /// Fails if the system gives no thread or refuses the handlers.
    pub fn start(cancel: Cancel, reports: Reports) -> std::io::Result<Self> {
        Self::spawn(|interrupt, terminate| watch(interrupt, terminate, cancel, reports))
    }

    fn spawn<W>(watch: impl FnOnce(Signal, Signal) -> W) -> std::io::Result<Self>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let (interrupt, terminate) = {
            let _entered = runtime.enter();
            (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
        };
        let (stop, stopped) = oneshot::channel();
        let watch = watch(interrupt, terminate);
        let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    () = watch => {}
                    _ = stopped => {}
                }
            });
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already; the run itself is over.
            let _ = thread.join();
        }
    }
}

/// Whether a signal asked the program to end, for work in short steps that must not be cut in two.
pub struct Interruption {
    /// The signal's number; zero is none.
    number: Arc<AtomicU8>,
    _watcher: Option<Watcher>,
}

impl Interruption {
    /// Catches signals from here on. When the system does not let us, they end the program as usual.
    pub fn watch() -> Self {
        Self::ending(Cancel::new())
    }

    /// The same; the signal also ends what `cancel` can end, at once.
    pub fn ending(cancel: Cancel) -> Self {
        let number = Arc::new(AtomicU8::new(0));
        let watcher = Watcher::spawn(|interrupt, terminate| note(interrupt, terminate, number.clone(), cancel));
        if let Err(error) = &watcher {
            tracing::warn!("signals are not caught: {error}");
        }
        Self { number, _watcher: watcher.ok() }
    }

    /// Leaves signals to the system.
    pub fn ignored() -> Self {
        Self { number: Arc::default(), _watcher: None }
    }

    /// The number of the signal that came.
    pub fn signal(&self) -> Option<u8> {
        Some(self.number.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }
}

#[expect(clippy::exit, reason = "the second signal: the user wants out, whatever still runs")]
async fn note(mut interrupt: Signal, mut terminate: Signal, noted: Arc<AtomicU8>, cancel: Cancel) {
    loop {
        let (number, _) = tokio::select! {
            Some(()) = interrupt.recv() => INTERRUPT,
            Some(()) = terminate.recv() => TERMINATE,
            else => return,
        };
        if noted.swap(number, Ordering::Relaxed) != 0 {
            std::process::exit(Exit::Signal(number).code().into());
        }
        cancel.raise(CancelPhase::Killing);
    }
}

/// Ends the program with the first signal, after `farewell`, until what is returned is dropped. When the system does not
/// let us, signals end the program as usual.
pub fn end_after(farewell: impl FnOnce() + Send + 'static) -> Option<Watcher> {
    let watcher = Watcher::spawn(|interrupt, terminate| end_with(interrupt, terminate, farewell));
    watcher.inspect_err(|error| tracing::warn!("signals are not caught: {error}")).ok()
}

#[expect(clippy::exit, reason = "the main thread waits for input that does not come")]
async fn end_with(mut interrupt: Signal, mut terminate: Signal, farewell: impl FnOnce()) {
    let (number, _) = tokio::select! {
        Some(()) = interrupt.recv() => INTERRUPT,
        Some(()) = terminate.recv() => TERMINATE,
        else => return,
    };
    farewell();
    std::process::exit(Exit::Signal(number).code().into());
}

/// A signal's number and Go's word for it.
const INTERRUPT: (u8, &str) = (2, "interrupt");
const TERMINATE: (u8, &str) = (15, "terminated");

async fn watch(mut interrupt: Signal, mut terminate: Signal, cancel: Cancel, reports: Reports) {
    loop {
        let (number, word) = tokio::select! {
            Some(()) = interrupt.recv() => INTERRUPT,
            Some(()) = terminate.recv() => TERMINATE,
            else => return,
        };
        match next_phase(cancel.phase()) {
            Some((phase, text)) => {
                let text = format!("{text} {word}");
                reports.send_within(PATIENCE, Report::Plain { target: None, kind: UiKind::Error, text });
                cancel.raise(phase);
            }
            None => end_now(&reports, Exit::Signal(number)),
        }
    }
}

/// Where a signal takes the run, and what is said about it; none when all that is left is to end.
fn next_phase(phase: CancelPhase) -> Option<(CancelPhase, &'static str)> {
    match phase {
        CancelPhase::Running => Some((CancelPhase::Stopping, "Cancelling build after receiving")),
        CancelPhase::Stopping => Some((CancelPhase::Killing, "Ending everything at once after receiving another")),
        CancelPhase::Killing => None,
    }
}

#[expect(clippy::exit, reason = "the third signal: the user wants out, whatever still runs")]
fn end_now(reports: &Reports, exit: Exit) {
    reports.close_within(PATIENCE);
    std::process::exit(exit.code().into());
}

#[cfg(test)]
mod tests {
    use plugins::scrubber::Scrubber;
    use rustix::process::{Signal, getpid, kill_process};

    use super::*;
    use crate::reporter::{Printer, Reporter, Settings};

    /// Waits for the phase, on a runtime of its own.
    fn wait(cancel: &Cancel, phase: CancelPhase) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(cancel.reached(phase));
    }

    #[test]
    fn each_signal_takes_the_run_one_phase_further() {
        let cancel = Cancel::new();
        let printer = Printer::new(Settings::default(), Scrubber::new(), Box::new(std::io::sink()));
        let reporter = Reporter::start(printer, cancel.clone()).unwrap();
        let watcher = Watcher::start(cancel.clone(), reporter.reports().clone()).unwrap();
        kill_process(getpid(), Signal::INT).unwrap();
        wait(&cancel, CancelPhase::Stopping);
        assert_eq!(cancel.phase(), CancelPhase::Stopping);
        kill_process(getpid(), Signal::TERM).unwrap();
        wait(&cancel, CancelPhase::Killing);
        drop(watcher);
        assert_eq!(next_phase(cancel.phase()), None);
    }
}
