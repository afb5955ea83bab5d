//! Why the registry gives no answer.

/// The registry gives no answer. Never with a secret in it.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum HcpError {
    /// Nobody said who we are.
    #[error(
        "HCP authentication information required: set HCP_CLIENT_ID and HCP_CLIENT_SECRET to those of a service \
         principal, or HCP_CRED_FILE to the path of its credential file"
    )]
    NoCredentials,
    /// A variable, or a file that one names, that cannot be right.
    #[error("{0}")]
    Setting(String),
    /// We are not who we say.
    #[error("HCP does not accept the client id and secret: {0}")]
    Refused(String),
    /// No connection, or nonsense.
    #[error("{what}: {why}")]
    Unreachable {
        /// What was asked for.
        what: String,
        /// What happened instead.
        why: String,
    },
    /// An answer that says no.
    #[error("{what}: HTTP {status}, Code:{code}: {message}")]
    Answer {
        /// What was asked for.
        what: String,
        /// The status.
        status: u16,
        /// The number of the reason; 5 is "not found".
        code: i64,
        /// The reason.
        message: String,
    },
    /// Where our part of the registry is cannot be found out.
    #[error("{0}")]
    Place(String),
}
