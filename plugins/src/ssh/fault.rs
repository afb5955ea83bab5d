//! How reaching a machine fails, in words.

use crate::component::ComponentError;
use crate::io_fault::os_words;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConnectFault {
    /// The server refused everything we have to prove who we are.
    #[error("ssh: handshake failed: ssh: unable to authenticate, {0}")]
    Refused(String),
    /// Something that waiting does not change.
    #[error("{0}")]
    Hopeless(String),
    /// The machine was not reached, or the two sides did not understand each other.
    #[error("{0}")]
    Unreached(String),
}

impl ConnectFault {
    /// What the library says while the two sides get to know each other.
    pub(super) fn greeting(error: &russh::Error) -> Self {
        let text = format!("ssh: handshake failed: {}", words(error));
        match error {
            russh::Error::NoCommonAlgo { .. } => Self::Hopeless(text),
            _ => Self::Unreached(text),
        }
    }

    /// The same, said of something.
    pub(super) fn of(self, what: &str) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{why} ({what})")),
            Self::Hopeless(why) => Self::Hopeless(format!("{what}: {why}")),
            Self::Unreached(why) => Self::Unreached(format!("{what}: {why}")),
        }
    }

    /// A failure with one text.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self::Unreached(text.into())
    }
}

impl From<ConnectFault> for ComponentError {
    fn from(fault: ConnectFault) -> Self {
        Self::new(fault.to_string())
    }
}

/// What the library says, in words for those who have never heard of it.
pub(super) fn words(error: &russh::Error) -> String {
    match error {
        russh::Error::IO(error) => os_words(error),
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError | russh::Error::RecvError => {
            "the connection was lost".to_owned()
        }
        russh::Error::KeepaliveTimeout => "the connection was lost: the machine does not answer any more".to_owned(),
        russh::Error::Version => "what answers there does not speak SSH".to_owned(),
        russh::Error::NoCommonAlgo { kind, ours, theirs } => format!(
            "no common algorithm for {}: offered {}, the server knows {}",
            format!("{kind:?}").to_lowercase(),
            ours.join(", "),
            theirs.join(", ")
        ),
        other => other.to_string(),
    }
}
