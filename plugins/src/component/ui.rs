//! Where a component says what it does.

use async_trait::async_trait;

use super::error::ComponentError;

/// A component's output. Lines reach the user under the build's name.
#[async_trait]
pub trait Ui: Send + Sync {
    /// A step worth a line.
    fn say(&self, text: &str);

    /// A detail.
    fn message(&self, text: &str);

    /// Something went wrong.
    fn error(&self, text: &str);

    /// A machine-readable line.
    fn machine(&self, kind: &str, args: &[String]);

    /// Completes once what was said and matters later is safe: who said it is about to do it.
    async fn heard(&self) {}

    /// Shows how far a transfer of `total` bytes, 0 when nobody knows how many, has come; `done` of them are there already.
    /// It is shown until what is returned is dropped.
    fn track(&self, _what: &str, _done: u64, _total: u64) -> Box<dyn Progress> {
        Box::new(Unseen)
    }

    /// Asks the user and waits for a line. Fails with `no available tty` where nobody can answer.
    async fn ask(&self, query: &str) -> Result<String, ComponentError>;

    /// Asks for something that must not be seen while it is typed. Fails where that cannot be kept from being seen.
    async fn ask_secret(&self, _query: &str) -> Result<String, ComponentError> {
        Err(ComponentError::new("no available tty"))
    }
}

/// Whether what is typed is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// As on any terminal.
    Shown,
    /// Nothing is.
    Hidden,
}

/// A transfer on its way.
pub trait Progress: Send {
    /// So many more bytes are there.
    fn add(&mut self, n_bytes: u64);
}

/// A transfer that nobody looks at.
#[derive(Clone, Copy, Debug)]
pub struct Unseen;

impl Progress for Unseen {
    fn add(&mut self, _n_bytes: u64) {}
}
