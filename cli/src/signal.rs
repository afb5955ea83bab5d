//! Signals to cancellation: the first stops the run and lets it clean up, the second ends what runs at once, the third
//! ends the program. Work without cleanup ends after the step it is at, or with the second signal.
//!
//! A terminal that closes is such a signal, too, unless hangups were ignored when we started, as `nohup` has it. It may
//! come several times, from the system and from the shell, and is one request whatever their number.

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

/// From here on a file that must not grow any more is an error for who writes to it; by default the system would end us.
/// What we start is not affected.
pub fn outlive_file_size_limit() {
    let caught = tokio::runtime::Builder::new_current_thread().enable_io().build().and_then(|runtime| {
        let _entered = runtime.enter();
        // The handler stays when nobody listens.
        signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw())).map(drop)
    });
    if let Err(error) = caught {
        tracing::debug!("a limit on the size of files will end the program: {error}");
    }
}

/// Watches for signals until dropped. The handlers of the process stay installed after that and do nothing: drop it
/// when the run is over and the program about to end.
pub struct Watcher {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watcher {
    /// Starts watching for interrupt, termination and hangup, on a thread of its own: a busy or stuck run cannot hold it
    /// back.
    ///
    /// Fails if the system gives no thread or refuses the handlers.
    pub fn start(cancel: Cancel, reports: Reports) -> std::io::Result<Self> {
        Self::spawn(|signals| watch(signals, cancel, reports))
    }

    fn spawn<W>(watch: impl FnOnce(Signals) -> W) -> std::io::Result<Self>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let signals = {
            let _entered = runtime.enter();
            Signals::catch()?
        };
        let (stop, stopped) = oneshot::channel();
        let watch = watch(signals);
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
        let watcher = Watcher::spawn(|signals| note(signals, number.clone(), cancel));
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
async fn note(mut signals: Signals, noted: Arc<AtomicU8>, cancel: Cancel) {
    while let Some(request) = signals.next().await {
        if noted.load(Ordering::Relaxed) == 0 {
            noted.store(request.number(), Ordering::Relaxed);
            cancel.raise(CancelPhase::Killing);
        } else if request != Request::Hangup {
            std::process::exit(Exit::Signal(request.number()).code().into());
        }
    }
}

/// Ends the program with the first signal, after `farewell`, until what is returned is dropped. When the system does not
/// let us, signals end the program as usual.
pub fn end_after(farewell: impl FnOnce() + Send + 'static) -> Option<Watcher> {
    let watcher = Watcher::spawn(|signals| end_with(signals, farewell));
    watcher.inspect_err(|error| tracing::warn!("signals are not caught: {error}")).ok()
}

#[expect(clippy::exit, reason = "the main thread waits for input that does not come")]
async fn end_with(mut signals: Signals, farewell: impl FnOnce()) {
    let Some(request) = signals.next().await else { return };
    farewell();
    std::process::exit(Exit::Signal(request.number()).code().into());
}

/// Somebody wants the program to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Request {
    Interrupt,
    Terminate,
    /// The terminal closed.
    Hangup,
}

impl Request {
    /// The signal's number.
    fn number(self) -> u8 {
        match self {
            Self::Hangup => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }

    /// Go's word for the signal.
    fn word(self) -> &'static str {
        match self {
            Self::Hangup => "hangup",
            Self::Interrupt => "interrupt",
            Self::Terminate => "terminated",
        }
    }
}

/// The signals that are caught.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where it is left to the system.
    hangup: Option<Signal>,
}

impl Signals {
    /// Catches them. Must be called within a runtime.
    fn catch() -> std::io::Result<Self> {
        let hangup = if is_hangup_ours() { Some(signal(SignalKind::hangup())?) } else { None };
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next one.
    async fn next(&mut self) -> Option<Request> {
        let Self { interrupt, terminate, hangup } = self;
        let hangup = async {
            match hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(()) = interrupt.recv() => Some(Request::Interrupt),
            Some(()) = terminate.recv() => Some(Request::Terminate),
            Some(()) = hangup => Some(Request::Hangup),
            else => None,
        }
    }
}

/// Whether hangups are for us to heed: they are not if they were ignored when we started. Only Linux tells; elsewhere
/// they are left to the system, which ends us, and whoever guards our children then ends those.
fn is_hangup_ours() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Bit n - 1 is signal n.
    ignored.is_some_and(|mask| mask & 1 == 0)
}

async fn watch(mut signals: Signals, cancel: Cancel, reports: Reports) {
    while let Some(request) = signals.next().await {
        let phase = cancel.phase();
        if request == Request::Hangup && phase != CancelPhase::Running {
            continue;
        }
        match next_phase(phase) {
            Some((phase, text)) => {
                let text = format!("{text} {}", request.word());
                reports.send_within(PATIENCE, Report::Plain { target: None, kind: UiKind::Error, text });
                cancel.raise(phase);
            }
            None => end_now(&reports, Exit::Signal(request.number())),
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
