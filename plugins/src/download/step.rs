//! How far a transfer is, for whoever watches.

use std::sync::Arc;

/// Something that happened to a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It begins, or goes on after a break.
    Begun {
        /// The name of the file.
        name: String,
        /// How many bytes are there already.
        done: u64,
        /// How many there will be, if the server says.
        total: Option<u64>,
    },
    /// So many more bytes are there.
    Arrived(u64),
    /// It is over, one way or the other.
    Ended,
}

/// Is told every step. It must not take long.
pub type Watch = Arc<dyn Fn(Step) + Send + Sync>;

/// For transfers that nobody watches.
pub fn unwatched() -> Watch {
    Arc::new(|_| {})
}
