//! Bytes from here to there, and who is to blame when they do not arrive.

use std::io;

use engine::Cancel;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::component::ComponentError;

/// So much is read at a time at first, and at most: what comes in small pieces needs no large room.
const FIRST: usize = 16 << 10;
const MOST: usize = 256 << 10;

/// Which end of a copy broke.
#[derive(Debug)]
pub(super) enum Broken {
    Source(io::Error),
    Sink(io::Error),
}

/// Copies until the source ends; the sink is not shut down then. While one piece is written the next one is read, and
/// nothing that was read waits for more.
pub(super) async fn copy(
    source: &mut (impl AsyncRead + Unpin + ?Sized),
    sink: &mut (impl AsyncWrite + Unpin + ?Sized),
) -> Result<(), Broken> {
    let (mut full, mut free) = (vec![0; FIRST], vec![0; FIRST]);
    let mut len = source.read(&mut full).await.map_err(Broken::Source)?;
    while len > 0 {
        let wanted = (len * 2).min(MOST);
        if len >= free.len() && wanted > free.len() {
            free = vec![0; wanted];
        }
        let write = async {
            sink.write_all(&full[..len]).await.map_err(Broken::Sink)?;
            sink.flush().await.map_err(Broken::Sink)
        };
        // Should this fail, what was read before is still written.
        let read = async { Ok(source.read(&mut free).await) };
        let ((), read) = tokio::try_join!(write, read)?;
        len = read.map_err(Broken::Source)?;
        std::mem::swap(&mut full, &mut free);
    }
    sink.flush().await.map_err(Broken::Sink)
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
