//! What a child process writes, delivered line by line while it runs and for a moment after.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdout};
use tokio::time::{Instant, timeout};

use crate::lines::LineSplitter;
use crate::scrubber::Scrubber;

/// How long output may pause after the process has ended, when something it left behind still holds the pipe.
pub const QUIET: Duration = Duration::from_millis(250);
/// How long such leftovers may go on writing.
const LINGER: Duration = Duration::from_secs(2);

/// Which pipe a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// Receives output line by line.
pub type LineSink<'a> = dyn FnMut(Stream, &str) + Send + 'a;

/// Reads both pipes and delivers lines. Holds no buffer while it waits: hundreds of these are alive at once.
pub struct Pump {
    out: Pipe<ChildStdout>,
    err: Pipe<ChildStderr>,
}

struct Pipe<R> {
    reader: Option<R>,
    lines: LineSplitter,
}

impl Pump {
    /// The pipes of a child that has just started. Lines that have to be cut keep `secrets` whole.
    pub fn new(child: &mut Child, secrets: &Scrubber) -> Self {
        Self {
            out: Pipe { reader: child.stdout.take(), lines: LineSplitter::new(secrets.clone()) },
            err: Pipe { reader: child.stderr.take(), lines: LineSplitter::new(secrets.clone()) },
        }
    }

    /// Whether anything can still come.
    pub fn is_open(&self) -> bool {
        self.out.reader.is_some() || self.err.reader.is_some()
    }

    /// Waits for output and delivers it; false once both pipes have ended. Cancel-safe.
    pub async fn deliver(&mut self, lines: &mut LineSink<'_>) -> bool {
        std::future::poll_fn(|context| {
            let out = self.out.poll(context, &mut |line| lines(Stream::Out, line));
            let err = self.err.poll(context, &mut |line| lines(Stream::Err, line));
            if !self.is_open() {
                Poll::Ready(false)
            } else if out || err {
                Poll::Ready(true)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// Delivers what is left after the process has ended.
    pub async fn drain(&mut self, lines: &mut LineSink<'_>) {
        let until = Instant::now() + LINGER;
        while self.is_open() && Instant::now() < until {
            match timeout(QUIET, self.deliver(lines)).await {
                Ok(true) => {}
                Ok(false) | Err(_) => break,
            }
        }
        self.out.lines.finish(&mut |line| lines(Stream::Out, line));
        self.err.lines.finish(&mut |line| lines(Stream::Err, line));
    }
}

impl<R: AsyncRead + Unpin> Pipe<R> {
    /// Reads what is there; true when anything was.
    fn poll(&mut self, context: &mut Context<'_>, emit: &mut dyn FnMut(&str)) -> bool {
        let mut any = false;
        let mut space = [0_u8; 8 * 1024];
        // Once per call and pipe at most this often, so that a flood cannot keep us from noticing an end.
        for _ in 0..16 {
            let Some(reader) = self.reader.as_mut() else { break };
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(reader).poll_read(context, &mut buffer) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.lines.feed(buffer.filled(), emit);
                    any = true;
                }
                // The end, or a pipe that cannot be read any more: nothing will come.
                Poll::Ready(_) => self.reader = None,
            }
        }
        any
    }
}
