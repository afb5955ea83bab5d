//! The border to services that keep secrets. Functions ask through it; who answers lives in another crate, because this
//! one never touches the network.

use std::error::Error;

/// Where the functions `vault`, `consul_key`, `aws_secretsmanager` and `aws_secretsmanager_raw` get their values.
///
/// Calls block until there is an answer, may come from any thread, and never write what they read anywhere.
pub trait SecretStore: Send + Sync {
    /// The text under `key` in the secret at `path` of HashiCorp Vault.
    ///
    /// # Errors
    ///
    /// The service does not answer, or has no such text.
    fn vault(&self, path: &str, key: &str) -> Result<String, SecretError>;

    /// The text at `key` in Consul's key-value store.
    ///
    /// # Errors
    ///
    /// The service does not answer, or has no such text.
    fn consul(&self, key: &str) -> Result<String, SecretError>;

    /// A text from AWS Secrets Manager: the one under `key` if the secret is a JSON object, otherwise the whole. Without
    /// a key the object must have only one.
    ///
    /// # Errors
    ///
    /// The service does not answer, or has no such text.
    fn aws(&self, name: &str, key: Option<&str>) -> Result<String, SecretError>;

    /// The whole text of a secret from AWS Secrets Manager.
    ///
    /// # Errors
    ///
    /// The service does not answer, or has no such text.
    fn aws_raw(&self, name: &str) -> Result<String, SecretError>;
}

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There are no services at all.
    #[error("services that keep secrets are not available here")]
    Unavailable,
    /// The service said no, or nothing that makes sense.
    #[error(transparent)]
    Service(Box<dyn Error + Send + Sync>),
}

impl SecretError {
    /// What went wrong with a service, in its own words.
    pub fn service(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Service(Box::new(error))
    }
}

/// No services: every call fails.
#[derive(Clone, Copy, Debug)]
pub struct NoSecrets;

impl SecretStore for NoSecrets {
    fn vault(&self, _path: &str, _key: &str) -> Result<String, SecretError> {
        Err(SecretError::Unavailable)
    }

    fn consul(&self, _key: &str) -> Result<String, SecretError> {
        Err(SecretError::Unavailable)
    }

    fn aws(&self, _name: &str, _key: Option<&str>) -> Result<String, SecretError> {
        Err(SecretError::Unavailable)
    }

    fn aws_raw(&self, _name: &str) -> Result<String, SecretError> {
        Err(SecretError::Unavailable)
    }
}
