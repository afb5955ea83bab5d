//! Why there is no secret.

use crate::secrets::answer::TransportError;
use crate::secrets::aws::value::ValueFault;
use crate::secrets::connection::SetupError;

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
        "operation error Secrets Manager: GetSecretValue, Missing Region: set AWS_REGION, or region in the profile of the \
         shared configuration file"
    )]
    NoRegion,
    /// Nobody to ask as.
    #[error("operation error Secrets Manager: GetSecretValue, no credentials: {0}")]
    NoCredentials(String),
    /// Nobody answered.
    #[error("operation error Secrets Manager: GetSecretValue, {attempts}{source}")]
    Transport {
        /// How often it was tried, if that was the end of it.
        attempts: String,
        /// Why.
        source: TransportError,
    },
    /// The service said no.
    #[error(
        "operation error Secrets Manager: GetSecretValue, {attempts}https response error StatusCode: {status}, RequestID: \
         {request}, {reason}"
    )]
    Refused {
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
    #[error("operation error Secrets Manager: GetSecretValue, the answer cannot be read: {0}")]
    Malformed(String),
    /// Bytes.
    #[error("Secret is not string")]
    Binary,
    /// A text, but not this.
    #[error(transparent)]
    Value(#[from] ValueFault),
}
