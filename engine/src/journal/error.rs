//! What can go wrong with a journal.

use std::io;
use std::sync::Arc;

/// Why a journal cannot be written, or not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum JournalError {
    /// Its storage takes no more bytes.
    #[error("cannot write the journal: {0}")]
    Write(Arc<io::Error>),
    /// Its storage does not make them durable.
    #[error("cannot make the journal durable: {0}")]
    Sync(Arc<io::Error>),
    /// More gathered at once than a frame can hold.
    #[error("cannot write the journal: {0} bytes of records gathered at once, more than a frame holds")]
    TooLarge(usize),
    /// The system gave no thread to write it with.
    #[error("cannot start the thread that writes the journal: {0}")]
    Thread(Arc<io::Error>),
    /// The thread that writes it is gone.
    #[error("the thread that writes the journal has died")]
    WriterDied,
    /// Its bytes cannot be had.
    #[error("cannot read the journal: {0}")]
    Read(Arc<io::Error>),
    /// The file is something else.
    #[error("this is not the journal of a run")]
    NotAJournal,
    /// It was written by a newer program.
    #[error("the journal has format version {found}, this program reads up to {known}: read it with a newer one")]
    Newer {
        /// Its version.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// What was durable once is not what was written: records are bad and good ones follow.
    #[error("the journal is damaged: bytes {offset} to {next} are not what was written, and good records follow")]
    Damaged {
        /// Where the bad bytes begin.
        offset: u64,
        /// Where good ones go on.
        next: u64,
    },
    /// A record has the right checksum and yet makes no sense.
    #[error("the journal holds a record at byte {offset} that makes no sense: {what}")]
    Nonsense {
        /// Where the frame with it begins.
        offset: u64,
        /// What is wrong with it.
        what: &'static str,
    },
}

impl JournalError {
    pub(crate) fn write(error: io::Error) -> Self {
        Self::Write(Arc::new(error))
    }

    pub(crate) fn sync(error: io::Error) -> Self {
        Self::Sync(Arc::new(error))
    }
}
