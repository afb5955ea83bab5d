//! A socket for a multiplexer, which writes every frame as a head of a few bytes and then its body, and reads them so.
//! Both go out at once, and come in at once.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};

/// Up to so much waits for what comes after it, or for a flush.
const HELD: usize = 256;
/// So much is read at a time. What is longer goes past this buffer.
const READ: usize = 32 << 10;

/// The socket.
#[derive(Debug)]
pub(super) struct Socket<T> {
    inner: BufReader<T>,
    /// What was not written yet.
    held: Vec<u8>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Socket<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner: BufReader::with_capacity(READ, inner), held: Vec::with_capacity(HELD) }
    }

    /// Writes what waits, with nothing after it.
    fn poll_held(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.held.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(context, &self.held))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.held.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Socket<T> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(context, into)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Socket<T> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.held.len() + bytes.len() <= HELD {
            this.held.extend_from_slice(bytes);
            return Poll::Ready(Ok(bytes.len()));
        }
        loop {
            let both = [IoSlice::new(&this.held), IoSlice::new(bytes)];
            let written = ready!(Pin::new(&mut this.inner).poll_write_vectored(context, &both))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            let of_held = written.min(this.held.len());
            this.held.drain(..of_held);
            if written > of_held {
                return Poll::Ready(Ok(written - of_held));
            }
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(context))?;
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_held(context))?;
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in(
            pieces in proptest::collection::vec((0..600_usize, any::<bool>()), 0..40),
            room in 1..1000_usize,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            runtime.block_on(async {
                let (near, far) = tokio::io::duplex(room);
                let (mut near, mut far) = (Socket::new(near), Socket::new(far));
                let mut expected = Vec::new();
                let write = async {
                    for (nth, (len, flush)) in pieces.into_iter().enumerate() {
                        let piece = vec![nth as u8; len];
                        near.write_all(&piece).await.unwrap();
                        expected.extend(piece);
                        if flush {
                            near.flush().await.unwrap();
                        }
                    }
                    near.shutdown().await.unwrap();
                };
                let mut all = Vec::new();
                let (read, ()) = tokio::join!(far.read_to_end(&mut all), write);
                read.unwrap();
                assert!(all == expected);
            });
        }
    }

    #[tokio::test]
    async fn what_is_flushed_does_not_wait() {
        let (near, mut far) = tokio::io::duplex(1 << 10);
        let mut near = Socket::new(near);
        near.write_all(b"short").await.unwrap();
        near.flush().await.unwrap();
        let mut read = [0; 5];
        far.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"short");
    }
}
