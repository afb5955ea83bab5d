//! Running one command on a machine.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use engine::Cancel;
use tokio::io::AsyncWrite;

use super::lines::{Audience, LineSink, Shown};
use crate::component::{Communicator, ComponentError, RemoteCommand, Running};

/// Runs `line` to its end, shows what it writes, and gives its status, [`DISCONNECTED`](crate::component::DISCONNECTED)
/// among them.
///
/// # Errors
///
/// When it cannot be started, when nobody can say how it ended, when the run is stopping.
pub async fn run(
    machine: &dyn Communicator,
    line: &str,
    audience: &Audience,
    cancel: &Cancel,
) -> Result<i64, ComponentError> {
    start(machine, line, audience, cancel).await?.await
}

/// The first half of [`run`], for those who try again to start what must not be run twice.
///
/// # Errors
///
/// When it cannot be started, and when the run is stopping.
pub async fn start(
    machine: &dyn Communicator,
    line: &str,
    audience: &Audience,
    cancel: &Cancel,
) -> Result<Running, ComponentError> {
    let command = RemoteCommand {
        line: line.to_owned(),
        stdin: None,
        stdout: Some(Box::new(LineSink::new(audience, Shown::Said))),
        stderr: Some(Box::new(LineSink::new(audience, Shown::Error))),
    };
    start_command(machine, command, cancel).await
}

/// What a command wrote and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// Its status.
    pub status: i64,
    /// The beginning of its output.
    pub stdout: Vec<u8>,
    /// The beginning of its errors.
    pub stderr: Vec<u8>,
}

/// Runs `line` to its end and keeps up to `limit` bytes each of what it writes; what comes after them is read and dropped.
///
/// # Errors
///
/// As for [`run`].
pub async fn capture(
    machine: &dyn Communicator,
    line: &str,
    limit: usize,
    cancel: &Cancel,
) -> Result<Captured, ComponentError> {
    let (stdout, stderr) = (Catch::new(limit), Catch::new(limit));
    let command = RemoteCommand {
        line: line.to_owned(),
        stdin: None,
        stdout: Some(Box::new(stdout.clone())),
        stderr: Some(Box::new(stderr.clone())),
    };
    let status = start_command(machine, command, cancel).await?.await?;
    Ok(Captured { status, stdout: stdout.take(), stderr: stderr.take() })
}

/// Communicators stop by themselves when they are told to; one that does not is left behind when the run is killed.
async fn start_command(
    machine: &dyn Communicator,
    command: RemoteCommand,
    cancel: &Cancel,
) -> Result<Running, ComponentError> {
    if cancel.is_stopping() {
        return Err(ComponentError::Cancelled);
    }
    let running = tokio::select! {
        biased;
        started = machine.start(command, cancel) => started?,
        () = cancel.killing() => return Err(ComponentError::Cancelled),
    };
    let cancel = cancel.clone();
    Ok(Box::pin(async move {
        tokio::select! {
            biased;
            end = running => end,
            () = cancel.killing() => Err(ComponentError::Cancelled),
        }
    }))
}

/// Keeps the first bytes of what is written to it.
#[derive(Clone)]
struct Catch {
    bytes: Arc<Mutex<Vec<u8>>>,
    limit: usize,
}

impl Catch {
    fn new(limit: usize) -> Self {
        Self { bytes: Arc::default(), limit }
    }

    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut *self.bytes())
    }

    fn bytes(&self) -> MutexGuard<'_, Vec<u8>> {
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncWrite for Catch {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, more: &[u8]) -> Poll<io::Result<usize>> {
        let mut bytes = self.bytes();
        let room = self.limit - bytes.len();
        bytes.extend_from_slice(&more[..more.len().min(room)]);
        Poll::Ready(Ok(more.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
