//! A command's output, shown line by line while it comes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::AsyncWrite;

use crate::component::Ui;
use crate::lines::LineSplitter;
use crate::scrubber::Scrubber;

/// Who sees what commands write.
#[derive(Clone)]
pub struct Audience {
    /// Where it is said.
    pub ui: Arc<dyn Ui>,
    /// What is not cut in two where a line is too long.
    pub secrets: Scrubber,
}

/// How lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// As what the build does.
    Said,
    /// As what goes wrong.
    Error,
}

/// Takes a command's output and shows its lines. Holds one line at most, however much comes, and a long one in pieces.
pub struct LineSink {
    ui: Arc<dyn Ui>,
    shown: Shown,
    lines: LineSplitter,
}

impl LineSink {
    /// Shows lines to `audience`.
    pub fn new(audience: &Audience, shown: Shown) -> Self {
        Self { ui: audience.ui.clone(), shown, lines: LineSplitter::new(audience.secrets.clone()) }
    }

    fn finish(&mut self) {
        let (ui, shown) = (&self.ui, self.shown);
        self.lines.finish(&mut |line| show(ui.as_ref(), shown, line));
    }
}

fn show(ui: &dyn Ui, shown: Shown, line: &str) {
    match shown {
        Shown::Said => ui.say(line),
        Shown::Error => ui.error(line),
    }
}

impl AsyncWrite for LineSink {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        this.lines.feed(bytes, &mut |line| show(this.ui.as_ref(), this.shown, line));
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}

/// Not every communicator ends a stream before it lets go of it.
impl Drop for LineSink {
    fn drop(&mut self) {
        self.finish();
    }
}
