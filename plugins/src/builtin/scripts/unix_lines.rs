//! `\r\n` into `\n`, while it is read.

use std::io::{self, BufRead};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};

/// So much is read at a time.
const PIECE: usize = 16 << 10;

/// Reads something with its line ends converted. A carriage return that no line feed follows stays.
pub(super) struct UnixLines<R> {
    from: R,
    read: Box<[u8]>,
    /// What is converted, from `at` on.
    ready: Vec<u8>,
    at: usize,
    /// The last byte was a carriage return, and what follows it is not known yet.
    held: bool,
    ended: bool,
}

impl<R> UnixLines<R> {
    pub(super) fn new(from: R) -> Self {
        let read = vec![0; PIECE].into_boxed_slice();
        Self { from, read, ready: Vec::with_capacity(PIECE + 1), at: 0, held: false, ended: false }
    }

    fn convert(&mut self, n_bytes: usize) {
        (self.at, self.ended) = (0, n_bytes == 0);
        self.ready.clear();
        for byte in &self.read[..n_bytes] {
            if self.held && *byte != b'\n' {
                self.ready.push(b'\r');
            }
            self.held = *byte == b'\r';
            if !self.held {
                self.ready.push(*byte);
            }
        }
        if self.ended && std::mem::take(&mut self.held) {
            self.ready.push(b'\r');
        }
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for UnixLines<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.at == this.ready.len() && !this.ended {
            let mut piece = ReadBuf::new(&mut this.read);
            ready!(Pin::new(&mut this.from).poll_read(context, &mut piece))?;
            let n_bytes = piece.filled().len();
            this.convert(n_bytes);
        }
        let n_bytes = buffer.remaining().min(this.ready.len() - this.at);
        buffer.put_slice(&this.ready[this.at..this.at + n_bytes]);
        this.at += n_bytes;
        Poll::Ready(Ok(()))
    }
}

/// The same of a text that is there as a whole.
pub(super) fn unix_lines_of(text: &[u8]) -> Vec<u8> {
    let is_extra = |at: usize| text[at] == b'\r' && text.get(at + 1) == Some(&b'\n');
    (0..text.len()).filter(|at| !is_extra(*at)).map(|at| text[at]).collect()
}

/// How many bytes there are, and how many of them are carriage returns before a line feed.
pub(super) fn count_windows_ends(mut from: impl BufRead) -> io::Result<(u64, u64)> {
    let (mut n_bytes, mut n_ends, mut held) = (0, 0, false);
    loop {
        let piece = from.fill_buf()?;
        if piece.is_empty() {
            return Ok((n_bytes, n_ends));
        }
        for byte in piece {
            n_ends += u64::from(held && *byte == b'\n');
            held = *byte == b'\r';
        }
        let len = piece.len();
        n_bytes += len as u64;
        from.consume(len);
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// Gives one byte at a time.
    struct Dripping<'a>(&'a [u8]);

    impl AsyncRead for Dripping<'_> {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            if let Some((first, rest)) = self.0.split_first() {
                buffer.put_slice(&[*first]);
                self.0 = rest;
            }
            Poll::Ready(Ok(()))
        }
    }

    #[tokio::test]
    async fn only_the_pair_is_converted() {
        for (text, expected) in [
            ("", ""),
            ("a\r\nb\r\n", "a\nb\n"),
            ("a\nb", "a\nb"),
            ("\r\r\n\r", "\r\n\r"),
            ("\r", "\r"),
            ("a\rb", "a\rb"),
            ("\n\r\n\r\n", "\n\n\n"),
        ] {
            let (mut whole, mut dripped) = (String::new(), String::new());
            UnixLines::new(text.as_bytes()).read_to_string(&mut whole).await.unwrap();
            UnixLines::new(Dripping(text.as_bytes())).read_to_string(&mut dripped).await.unwrap();
            assert_eq!((whole.as_str(), dripped.as_str()), (expected, expected));
            assert_eq!(unix_lines_of(text.as_bytes()), expected.as_bytes());
            let (n_bytes, n_ends) = count_windows_ends(text.as_bytes()).unwrap();
            assert_eq!((n_bytes, n_bytes - n_ends), (text.len() as u64, expected.len() as u64));
        }
    }

    #[tokio::test]
    async fn long_texts_come_whole() {
        let text = "0123456\r\n".repeat(40_000);
        let mut converted = String::new();
        UnixLines::new(text.as_bytes()).read_to_string(&mut converted).await.unwrap();
        assert_eq!(converted, "0123456\n".repeat(40_000));
    }
}
