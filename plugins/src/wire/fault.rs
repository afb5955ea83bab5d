//! Why a call came to nothing.

use std::io;

/// A call that has no result.
#[derive(Debug, thiserror::Error)]
pub enum CallFault {
    /// The other side's answer is an error, in its words.
    #[error("{0}")]
    Refused(String),
    /// The connection ended, or was ended, before there was an answer.
    #[error("connection is shut down")]
    Closed,
    /// The connection failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What was received is not what the method answers with.
    #[error("cannot read the answer of {method}: {reason}")]
    Answer {
        /// The method.
        method: String,
        /// What is wrong with the answer.
        reason: String,
    },
    /// What was to be sent cannot be written.
    #[error("cannot write the arguments of {method}: {reason}")]
    Arguments {
        /// The method.
        method: String,
        /// Why not.
        reason: String,
    },
}
