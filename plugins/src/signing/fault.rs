//! Why there is no signature.

/// Nothing was signed, or what was signed cannot be believed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// Not a private key that can be used.
    #[error("{name} holds no private key that can be used: {reason}")]
    PrivateKey {
        /// The file.
        name: String,
        /// Why not.
        reason: String,
    },
    /// Not a public key or certificate that can be used.
    #[error("{name} holds no public key that can be used: {reason}")]
    PublicKey {
        /// The file, or the service.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The library would not sign.
    #[error("the key refuses to sign")]
    Refused,
    /// Signed by another key than the one it is checked with.
    #[error("the signature is not one of {0}: it was made with another key")]
    Mismatch(String),
    /// A key service failed.
    #[error("{uri}: {reason}")]
    KeyService {
        /// The key.
        uri: String,
        /// Why.
        reason: String,
    },
    /// Nobody says who we are.
    #[error(
        "keyless signing needs an identity token, and there is none: set SIGSTORE_ID_TOKEN, or run where CI_JOB_JWT_V2, \
         CI_JOB_JWT, or ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are set (on GitHub Actions with \
         the permission id-token: write)"
    )]
    NoToken,
    /// A token that says nothing.
    #[error("the identity token cannot be used: {0}")]
    Token(String),
    /// A service of Sigstore failed.
    #[error("{service}: {reason}")]
    Service {
        /// What it is for, and where it is.
        service: String,
        /// Why.
        reason: String,
    },
    /// The certificate is not the one it should be.
    #[error("the certificate from {fulcio} cannot be used: {reason}")]
    Certificate {
        /// Who made it.
        fulcio: String,
        /// Why not.
        reason: String,
    },
    /// The list of whom to believe cannot be used.
    #[error("{path} is no trusted root: {reason}")]
    TrustedRoot {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
}
