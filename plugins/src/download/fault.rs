//! Why a file did not come.

use std::io;
use std::path::{Path, PathBuf};

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::io_fault::{os_words, words_and_advice};

/// A file was not read.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// There is no such file.
    #[error("{0} does not exist")]
    Missing(String),
    /// The server gives something else instead.
    #[error("{place}: the server answers {status}")]
    Refused {
        /// The file.
        place: String,
        /// The answer.
        status: StatusCode,
        /// What came with it.
        headers: Box<HeaderMap>,
    },
    /// The system or the network fails.
    #[error("{place}: {reason}")]
    Unreadable {
        /// The file.
        place: String,
        /// What happened.
        reason: String,
    },
    /// It came, and cannot be kept.
    #[error("keeping {place}{}: {}", at(.path), words_and_advice(.source))]
    Room {
        /// The file.
        place: String,
        /// Where it was to be kept, if that has a name.
        path: Option<PathBuf>,
        /// What the system says.
        source: io::Error,
    },
}

impl FetchError {
    pub(super) fn of_file(path: &Path, error: &io::Error) -> Self {
        let place = path.display().to_string();
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(place),
            _ => Self::Unreadable { place, reason: os_words(error) },
        }
    }

    /// Whether it may go better a little later.
    pub(super) fn is_passing(&self) -> bool {
        match self {
            Self::Unreadable { .. } => true,
            Self::Refused { status, .. } => status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT,
            Self::Missing(_) | Self::Room { .. } => false,
        }
    }
}

fn at(path: &Option<PathBuf>) -> String {
    path.as_ref().map(|path| format!(" in {}", path.display())).unwrap_or_default()
}

/// The innermost cause, which is the one that says something.
pub(super) fn words(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
