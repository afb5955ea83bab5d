//! Open files that go from one process to another, over a socket between them, with the bytes that say what they are.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::rc::Rc;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};

/// So many files at most go at once.
const AT_ONCE: usize = 16;

/// Sends `bytes`, and `files` with the first of them. Gives how many bytes were sent.
pub(super) fn send(line: impl AsFd, bytes: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<usize> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(files)) {
        return Err(io::ErrorKind::OutOfMemory.into());
    }
    Ok(sendmsg(line, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?)
}

/// Files that came, in order.
pub(super) type Received = Rc<RefCell<VecDeque<OwnedFd>>>;

/// Reads bytes, and keeps what files come with them.
pub(super) struct Receiver<F> {
    line: F,
    files: Received,
}

impl<F: AsFd> Receiver<F> {
    /// Reads from `line`; what comes is put into `files`.
    pub(super) fn new(line: F, files: Received) -> Self {
        Self { line, files }
    }
}

impl<F: AsFd> Read for Receiver<F> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = recvmsg(&self.line, &mut [IoSliceMut::new(into)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
        let mut files = self.files.borrow_mut();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(came) = message {
                files.extend(came);
            }
        }
        Ok(received.bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn files_arrive_with_their_bytes() {
        let (near, far) = UnixStream::pair().unwrap();
        let (mut one, other) = UnixStream::pair().unwrap();
        assert_eq!(send(&near, b"@1 a\n", &[other.as_fd()]).unwrap(), 5);
        drop((near, other));
        let files = Received::default();
        let mut text = String::new();
        Receiver::new(far, files.clone()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "@1 a\n");
        let came = UnixStream::from(files.borrow_mut().pop_front().unwrap());
        one.write_all(b"through").unwrap();
        drop(one);
        assert_eq!(io::read_to_string(came).unwrap(), "through");
    }
}
