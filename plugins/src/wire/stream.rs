//! One stream of a connection. It can tell its end from its loss: bytes that were cut off are not taken for all there was.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::compat::{Compat, FuturesAsyncReadCompatExt};

/// A stream. Shut down, it ends for the other side; only dropped, the other side sees it fail.
#[derive(Debug)]
pub struct Stream {
    inner: Compat<yamux::Stream>,
    /// Whether the other side was told that nothing more comes.
    shut: bool,
}

impl Stream {
    pub(super) fn new(inner: yamux::Stream) -> Self {
        Self { inner: inner.compat(), shut: false }
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let filled = into.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(context, into))?;
        let is_over = into.filled().len() == filled && into.remaining() > 0;
        // A half that ends leaves the other one open. Both are closed at once when the stream is given up over there, or
        // the connection is lost; the crate shows this as an ordinary end.
        if is_over && !self.shut && self.inner.get_ref().is_closed() {
            return Poll::Ready(Err(io::Error::new(
                io::ErrorKind::ConnectionReset,
                "the other side gave the stream up",
            )));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes).map_err(refused)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context).map_err(refused)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Go's yamux takes a second end of the same half for a breach of protocol, which ends the whole connection.
        if !self.shut {
            ready!(Pin::new(&mut self.inner).poll_shutdown(context).map_err(refused))?;
            self.shut = true;
        }
        Poll::Ready(Ok(()))
    }
}

/// The crate has one error, which is none that callers could tell from a bug of their own.
fn refused(_: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the other side takes nothing more")
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::wire::mux::Mux;

    async fn pair() -> ((Mux, Stream), (Mux, Stream)) {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (near, far) = (Mux::client(near), Mux::server(far));
        let listener = far.listen(1);
        let (dialled, accepted) = tokio::join!(near.dial(1), listener.accept());
        ((near, dialled.unwrap()), (far, accepted.unwrap()))
    }

    #[tokio::test]
    async fn an_end_is_told_from_a_loss() {
        let ((_near_mux, mut near), (_far_mux, mut far)) = pair().await;
        let mut read = Vec::new();
        near.write_all(b"all").await.unwrap();
        near.shutdown().await.unwrap();
        near.shutdown().await.unwrap();
        far.read_to_end(&mut read).await.unwrap();
        assert_eq!(read, b"all");
        // The other half is still there, and is left without an end.
        far.write_all(b"part").await.unwrap();
        drop(far);
        assert_eq!(near.read(&mut [0; 9]).await.unwrap(), 4);

        let ((_near_mux, mut near), (_far_mux, far)) = pair().await;
        near.write_all(b"part").await.unwrap();
        drop(far);
        assert_eq!(near.read(&mut [0; 9]).await.unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(near.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn who_waits_for_a_stream_learns_of_the_end_of_the_connection() {
        let ((near_mux, mut read), (far_mux, _quiet)) = pair().await;
        let listener = far_mux.listen(2);
        let (written, _unread) = tokio::join!(near_mux.dial(2), listener.accept());
        let mut written = written.unwrap();
        let reading = tokio::spawn(async move { read.read(&mut [0; 9]).await.map(|_| ()) });
        // More than is taken without being read.
        let writing = tokio::spawn(async move { written.write_all(&vec![0; 1 << 20]).await });
        tokio::task::yield_now().await;
        drop(near_mux);
        assert_eq!(reading.await.unwrap().unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
