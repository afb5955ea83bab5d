//! One of our own scripts on the machine, fed and read while it runs, and given up on when nothing moves any more.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Cancel, CancelPhase};
use tokio::io::{AsyncReadExt as _, DuplexStream, duplex};
use tokio::time::sleep;

use crate::component::DISCONNECTED;
use crate::winrm::execution::{Execution, Streams};
use crate::winrm::fault::Fault;
use crate::winrm::powershell::{command, complaint};
use crate::winrm::service::Service;
use crate::winrm::shell::Shell;

/// How much is under way between us and the connection.
const PIPE: usize = 256 << 10;
/// As much as anybody reads of what a script complains about.
const MAX_COMPLAINT: usize = 16 << 10;

/// Counts what moves.
#[derive(Clone, Default)]
pub(super) struct Movement(Arc<AtomicU64>);

impl Movement {
    /// Something moved.
    pub(super) fn note(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends when nothing moved for as long as `patience`.
    async fn standstill(&self, patience: std::time::Duration) {
        let mut before = None;
        loop {
            let now = self.0.load(Ordering::Relaxed);
            if before == Some(now) {
                return;
            }
            before = Some(now);
            sleep(patience).await;
        }
    }
}

/// The near ends of a script's input and output.
pub(super) struct Ends {
    pub(super) input: Option<DuplexStream>,
    pub(super) output: DuplexStream,
    pub(super) movement: Movement,
}

/// Runs `script` while `work` handles its ends. The script must end with status 0.
pub(super) async fn run<T, W>(
    service: &Arc<Service>,
    script: &str,
    reads: bool,
    cancel: &Cancel,
    work: impl FnOnce(Ends) -> W,
) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Fault>>,
{
    let line = command(script).ok_or_else(|| Fault::Local("the path is too long for a command".to_owned()))?;
    let shell = Shell::open(service, cancel).await?;
    let execution = Execution::start(shell, &line, !reads, cancel).await?;
    let (input, stdin) = if reads { Some(duplex(PIPE)).unzip() } else { (None, None) };
    let (output, stdout) = duplex(PIPE);
    let (mut errors, stderr) = duplex(PIPE);
    let movement = Movement::default();
    let stop = cancel.child();
    let streams = Streams {
        stdin: stdin.map(|stdin| Box::new(stdin) as _),
        stdout: Some(Box::new(stdout)),
        stderr: Some(Box::new(stderr)),
    };
    let ends = Ends { input, output, movement: movement.clone() };
    let both = both(execution.finish(streams, &stop), work(ends), &stop);
    let all = async { tokio::join!(both, gather(&mut errors)) };
    let mut all = pin!(all);
    let patience = service.settings().timeout;
    let mut is_slow = false;
    let ((status, result), errors) = tokio::select! {
        ended = &mut all => ended,
        () = movement.standstill(patience) => {
            is_slow = true;
            stop.raise(CancelPhase::Stopping);
            all.await
        }
    };
    match (status, result) {
        (Err(Fault::Cancelled), _) if is_slow => Err(Fault::Slow(patience)),
        // Trouble on our side is what it was stopped for.
        (Err(_), Some(Err(fault))) if !cancel.is_stopping() => Err(fault),
        (Err(fault), _) => Err(fault),
        (Ok(0), Some(result)) => result,
        (Ok(DISCONNECTED), _) => Err(Fault::Lost("the connection to the machine was lost".to_owned())),
        (Ok(status), _) => {
            let complaint = complaint(&errors);
            let why = if complaint.is_empty() { format!("PowerShell ended with status {status}") } else { complaint };
            Err(Fault::Local(why))
        }
    }
}

/// Waits for the script, and for our work with it as long as that can succeed.
async fn both<T>(
    script: impl Future<Output = Result<i64, Fault>>,
    work: impl Future<Output = Result<T, Fault>>,
    stop: &Cancel,
) -> (Result<i64, Fault>, Option<Result<T, Fault>>) {
    let (mut script, mut work) = (pin!(script), pin!(work));
    tokio::select! {
        biased;
        result = &mut work => {
            if result.is_err() {
                // The script must not go on with half of what it needs.
                stop.raise(CancelPhase::Stopping);
            }
            (script.await, Some(result))
        }
        status = &mut script => match status {
            Ok(0) => (Ok(0), Some(work.await)),
            failed => (failed, None),
        },
    }
}

/// What a script complains about, to its end.
async fn gather(errors: &mut DuplexStream) -> Vec<u8> {
    let mut gathered = Vec::new();
    let mut buffer = vec![0; 4096];
    while let Ok(read @ 1..) = errors.read(&mut buffer).await {
        let room = MAX_COMPLAINT - gathered.len();
        gathered.extend_from_slice(&buffer[..read.min(room)]);
    }
    gathered
}
