//! Why there is no secret.

use crate::secrets::answer::TransportError;
use crate::secrets::aws::value::ValueFault;
use crate::secrets::connection::SetupError;

/// What a service is asked to do.
#[derive(Clone, Copy, Debug)]
pub(in crate::secrets) struct Operation {
    /// The service.
    pub(in crate::secrets) service: &'static str,
    /// What.
    pub(in crate::secrets) call: &'static str,
}

impl std::fmt::Display for Operation {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}", self.service, self.call)
    }
}

/// No text from a secret.
#[derive(Debug, thiserror::Error)]
pub(in crate::secrets) enum AwsError {
    /// Nothing was asked for.
    #[error("At least one secret name must be provided")]
    NoName,
    /// Nobody to ask.
    #[error("failed to load AWS config: {0}")]
    Setup(String),
    /// The environment does not describe a client.
    #[error("failed to load AWS config: {0}")]
    Connection(#[from] SetupError),
    /// Nowhere to ask.
    #[error(
        "operation error {0}, Missing Region: set AWS_REGION, or region in the profile of the shared configuration file"
    )]
    NoRegion(Operation),
    /// Nobody to ask as.
    #[error("operation error {operation}, no credentials: {reason}")]
    NoCredentials {
        /// What was asked.
        operation: Operation,
        /// Why.
        reason: String,
    },
    /// Nobody answered.
    #[error("operation error {operation}, {attempts}{source}")]
    Transport {
        /// What was asked.
        operation: Operation,
        /// How often it was tried, if that was the end of it.
        attempts: String,
        /// Why.
        source: TransportError,
    },
    /// The service said no.
    #[error(
        "operation error {operation}, {attempts}https response error StatusCode: {status}, RequestID: {request}, {reason}"
    )]
    Refused {
        /// What was asked.
        operation: Operation,
        /// How often it was tried, if that was the end of it.
        attempts: String,
        /// How.
        status: u16,
        /// The service's name for the request.
        request: String,
        /// In which words.
        reason: String,
    },
    /// Not what the service says.
    #[error("operation error {operation}, the answer cannot be read: {reason}")]
    Malformed {
        /// What was asked.
        operation: Operation,
        /// Why not.
        reason: String,
    },
    /// Bytes.
    #[error("Secret is not string")]
    Binary,
    /// A text, but not this.
    #[error(transparent)]
    Value(#[from] ValueFault),
}
