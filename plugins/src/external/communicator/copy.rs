//! Bytes from here to there, and who is to blame when they do not arrive.

use std::io;

use engine::Cancel;
use futures_util::FutureExt;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::component::ComponentError;

/// So much is held at a time.
const CHUNK: usize = 64 << 10;

/// Which end of a copy broke.
#[derive(Debug)]
pub(super) enum Broken {
    Source(io::Error),
    Sink(io::Error),
}

/// Copies until the source ends. The sink is flushed then, and whenever the source has nothing to give, but not shut down.
pub(super) async fn copy(
    source: &mut (impl AsyncRead + Unpin + ?Sized),
    sink: &mut (impl AsyncWrite + Unpin + ?Sized),
) -> Result<(), Broken> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = match source.read(&mut chunk).now_or_never() {
            Some(read) => read,
            None => {
                sink.flush().await.map_err(Broken::Sink)?;
                source.read(&mut chunk).await
            }
        };
        match read.map_err(Broken::Source)? {
            0 => return sink.flush().await.map_err(Broken::Sink),
            len => sink.write_all(&chunk[..len]).await.map_err(Broken::Sink)?,
        }
    }
}

/// The result of `work`, or that it was told to stop first.
pub(super) async fn until_stopped<T>(
    cancel: &Cancel,
    work: impl Future<Output = Result<T, ComponentError>>,
) -> Result<T, ComponentError> {
    tokio::select! {
        biased;
        result = work => result,
        () = cancel.stopping() => Err(ComponentError::Cancelled),
    }
}

/// As components fail.
pub(super) fn failure(error: impl ToString) -> ComponentError {
    ComponentError::new(error.to_string())
}
