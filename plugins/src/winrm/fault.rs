//! Why a request to the machine's service came to nothing.

use std::time::Duration;

use crate::component::ComponentError;

/// The service gave up waiting, which is no failure when there is no output yet.
const TIMED_OUT: &str = "2150858793";
/// The shell is not there any more: the machine was started anew.
const NO_SUCH_SHELL: &str = "2150858843";
/// The service is going down, or ended the shell.
const ABORTED: &str = "995";

/// Why a request came to nothing.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Fault {
    /// Not with this user and this password.
    #[error("{0}")]
    Unauthorized(String),
    /// An answer that is none of a WinRM service.
    #[error("the answer is not one of a WinRM service: {0}")]
    Nonsense(String),
    /// The service says why.
    #[error("{}", said(.code, .reason))]
    Refused {
        /// The number Windows has for it, or the name the protocol has.
        code: String,
        /// In words.
        reason: String,
    },
    /// No connection, or no more.
    #[error("{0}")]
    Lost(String),
    /// No answer.
    #[error("no answer within {0:?}")]
    Slow(Duration),
    /// Encryption that does not add up.
    #[error("NTLM: {0}")]
    Ntlm(&'static str),
    /// Something on our side.
    #[error("{0}")]
    Local(String),
    /// It was told to stop.
    #[error("context canceled")]
    Cancelled,
}

fn said(code: &str, reason: &str) -> String {
    if code.is_empty() { reason.to_owned() } else { format!("{reason} (code {code})") }
}

impl Fault {
    /// Nothing happened for so long that the service answered; ask again.
    pub(super) fn is_quiet(&self) -> bool {
        matches!(self, Self::Refused { code, .. } if code == TIMED_OUT || code.ends_with("TimedOut"))
    }

    /// The machine, or the session on it, is gone.
    pub(super) fn is_lost(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Slow(_) => true,
            Self::Refused { code, .. } => code == NO_SUCH_SHELL || code == ABORTED,
            _ => false,
        }
    }

    /// As the error of a component that was doing `what`.
    pub(super) fn during(self, what: &str) -> ComponentError {
        match self {
            Self::Cancelled => ComponentError::Cancelled,
            other => ComponentError::new(format!("{what}: {other}")),
        }
    }
}
