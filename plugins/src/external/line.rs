//! Our end of the connection to a plugin. It sees when work begins and ends that the plugin is to be asked to cancel should
//! we be killed, and has the guard know that in time: of the beginning before the plugin, of the end before we take it in.
//!
//! Told later, or earlier, the guard would leave a machine behind, or wait for minutes for the end of what is over.

use std::io::{self, IoSlice};
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustix::net::{RecvFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::UnixStream;

use crate::bequest::Mentions;
use crate::process::{Entrusted, Fence};

/// The connection. See the module.
#[derive(Debug)]
pub(super) struct Line {
    stream: UnixStream,
    fence: Fence,
    /// What the guard needs: a copy of the stream, and our ends of the plugin's pipes.
    copies: Arc<Vec<OwnedFd>>,
    sent: Mentions,
    came: Mentions,
    /// The plugin is at work.
    entrusted: Option<Entrusted>,
}

impl Line {
    /// Takes over `stream`; `pipes` are our ends of the plugin's pipes. Without a copy of it all works as well, unless we
    /// are killed.
    pub(super) fn new(stream: UnixStream, pipes: Vec<OwnedFd>, fence: Fence) -> Self {
        let copy = stream.as_fd().try_clone_to_owned();
        let copies = copy.map(|copy| std::iter::once(copy).chain(pipes).collect()).unwrap_or_default();
        let (sent, came) = (Mentions::default(), Mentions::default());
        Self { stream, fence, copies: Arc::new(copies), sent, came, entrusted: None }
    }

    /// These bytes are about to be sent.
    fn announce(&mut self, pieces: &[IoSlice<'_>]) {
        if self.entrusted.is_some() || self.copies.is_empty() {
            return;
        }
        let mut ahead = self.sent.clone();
        let found = pieces.iter().filter_map(|piece| ahead.pass(piece)).last();
        self.entrusted = found.map(|work| self.fence.entrust(Arc::clone(&self.copies), work));
    }

    /// Reads like any other, but looks at what comes while it is still where the guard would find it.
    fn poll_carefully(&mut self, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let room = into.initialize_unfilled();
        let length = loop {
            ready!(self.stream.poll_read_ready(context))?;
            match self.peek_and_take(room) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                taken => break taken?,
            }
        };
        match self.entrusted {
            Some(_) => drop(self.came.pass(&room[..length])),
            None => self.came.skip(&room[..length]),
        }
        into.advance(length);
        Poll::Ready(Ok(()))
    }

    fn peek_and_take(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let receive = |room: &mut [u8], flags| {
            let receive = || Ok(recv(&self.stream, room, flags)?.1);
            self.stream.try_io(Interest::READABLE, receive)
        };
        let length = receive(room, RecvFlags::PEEK)?;
        if self.came.clone().pass(&room[..length]).is_some() {
            self.entrusted = None;
        }
        // Not more than was looked at.
        receive(&mut room[..length], RecvFlags::empty())
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.entrusted.is_some() {
            return self.poll_carefully(context, into);
        }
        let filled = into.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, into))?;
        self.came.skip(&into.filled()[filled..]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Line {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.announce(pieces);
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, pieces))?;
        let mut left = written;
        for piece in pieces {
            let passed = left.min(piece.len());
            match self.entrusted {
                Some(_) => self.sent.skip(&piece[..passed]),
                None => drop(self.sent.pass(&piece[..passed])),
            }
            left -= passed;
        }
        Poll::Ready(Ok(written))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::wire::client::request;

    fn pair() -> (Line, UnixStream) {
        let (near, far) = UnixStream::pair().unwrap();
        (Line::new(near, Vec::new(), Fence::default()), far)
    }

    /// A frame of the component's own calls.
    fn frame(body: &[u8]) -> Vec<u8> {
        [&[0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, body.len() as u8], body].concat()
    }

    #[tokio::test]
    async fn work_is_entrusted_from_before_its_request_until_its_answer_has_come() {
        let (mut near, mut far) = pair();
        let (prepare, run) =
            (frame(&request("Builder.Prepare", 1).unwrap()), frame(&request("Builder.Run", 2).unwrap()));
        near.write_all(&prepare).await.unwrap();
        assert!(near.entrusted.is_none());
        near.announce(&[IoSlice::new(&run[..9]), IoSlice::new(&run[9..])]);
        assert!(near.entrusted.is_some(), "before a byte of it is sent");
        near.write_all(&run).await.unwrap();
        let mut read = vec![0; prepare.len() + 5];
        far.read_exact(&mut read).await.unwrap();
        far.write_all(&[prepare.as_slice(), &run[..5]].concat()).await.unwrap();
        near.read_exact(&mut read).await.unwrap();
        assert!(near.entrusted.is_some(), "another answer, and the beginning of this one");
        far.write_all(&run[5..]).await.unwrap();
        near.read_exact(&mut vec![0; run.len() - 5]).await.unwrap();
        assert!(near.entrusted.is_none());
        near.write_all(&run).await.unwrap();
        assert!(near.entrusted.is_some(), "again");
        far.read_exact(&mut vec![0; 2 * run.len() - 5]).await.unwrap();
        drop(far);
        assert_eq!(near.read(&mut read).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_was_not_taken_in_is_still_there_for_the_guard() {
        let (mut near, mut far) = pair();
        near.write_all(&frame(&request("Builder.Run", 1).unwrap())).await.unwrap();
        let answer = frame(&request("Builder.Run", 1).unwrap());
        far.write_all(&answer).await.unwrap();
        let mut room = [0; 7];
        // Too little to know.
        near.read_exact(&mut room).await.unwrap();
        assert!(near.entrusted.is_some());
        let mut left = vec![0; 99];
        let length = recv(&near.copies[0], left.as_mut_slice(), RecvFlags::PEEK).unwrap().1;
        assert_eq!(left[..length], answer[7..]);
    }
}
