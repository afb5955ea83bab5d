//! Commands that components run on the machine.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use engine::Cancel;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::channel::{Incoming, Session, Writer, status};
use super::pool::Pool;
use crate::component::{ComponentError, RemoteCommand, Running, Sink, Source};

/// Output is awaited this long after a command has ended: what it left running in the background may hold its streams for
/// ever.
const AFTERMATH: Duration = Duration::from_secs(5);

/// As much input is read at a time.
const CHUNK: usize = 32 * 1024;

/// Starts a command.
///
/// # Errors
///
/// The machine is not reached any more, or refuses.
pub(super) async fn start(pool: &Pool, command: RemoteCommand, cancel: &Cancel) -> Result<Running, ComponentError> {
    let mut session = pool.session().await?;
    session.command(&format!("{}\n", command.line), pool.settings()).await?;
    session.begun().await?;
    Ok(Box::pin(run(session, command, cancel.clone())))
}

async fn run(mut session: Session, command: RemoteCommand, cancel: Cancel) -> Result<i64, ComponentError> {
    let writer = session.writer();
    let ended = {
        // What is not read any more when the command ends is not needed.
        let input = async {
            feed(&writer, command.stdin).await;
            std::future::pending().await
        };
        tokio::select! {
            biased;
            () = cancel.stopping() => None,
            status = collect(&mut session, command.stdout, command.stderr) => Some(status),
            () = input => None,
        }
    };
    ended.ok_or(ComponentError::Cancelled)
}

/// Passes on what the command is to read.
async fn feed(writer: &Writer, stdin: Option<Box<Source<'static>>>) {
    if let Some(mut stdin) = stdin {
        let mut buffer = BytesMut::with_capacity(CHUNK);
        loop {
            buffer.reserve(CHUNK);
            match stdin.read_buf(&mut buffer).await {
                Ok(0) => break,
                Ok(_) if writer.write(buffer.split().freeze()).await.is_err() => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "what a command reads cannot be read to its end");
                    break;
                }
            }
        }
    }
    writer.finish().await;
}

/// Passes on what the command says until its session is over.
async fn collect(session: &mut Session, stdout: Option<Box<Sink<'static>>>, stderr: Option<Box<Sink<'static>>>) -> i64 {
    let (mut stdout, mut stderr) = (Outlet(stdout), Outlet(stderr));
    let mut told = None;
    loop {
        let incoming = match told {
            None => session.next().await,
            Some(_) => match tokio::time::timeout(AFTERMATH, session.next()).await {
                Ok(incoming) => incoming,
                Err(_) => {
                    tracing::info!("a command has ended, but something that it started still holds its output");
                    break;
                }
            },
        };
        match incoming {
            Incoming::Out(bytes) => stdout.pass(bytes).await,
            Incoming::Err(bytes) => stderr.pass(bytes).await,
            Incoming::Eof => {}
            Incoming::Ended(status) => told = Some(status),
            Incoming::Closed => break,
        }
    }
    stdout.finish().await;
    stderr.finish().await;
    status(told)
}

/// Where output goes, until nobody takes it any more.
struct Outlet(Option<Box<Sink<'static>>>);

impl Outlet {
    async fn pass(&mut self, bytes: Bytes) {
        let Some(sink) = &mut self.0 else { return };
        if let Err(error) = sink.write_all(&bytes).await {
            tracing::debug!(%error, "nobody takes a command's output any more");
            self.0 = None;
        }
    }

    async fn finish(&mut self) {
        if let Some(mut sink) = self.0.take() {
            // Whoever does not want the end does not need it.
            let _ = sink.shutdown().await;
        }
    }
}
