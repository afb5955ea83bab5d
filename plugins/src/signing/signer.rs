//! Who signs with a key that stays.

use super::envelope::{Envelope, STATEMENT};
use super::fault::SigningError;
use super::kms::{self, KeyUri};
use super::private_key::PrivateKey;
use super::public_key::PublicKey;
use crate::component::ComponentContext;
use crate::secrets::{Patience, SecretSettings};

/// A key to sign with.
#[derive(Debug)]
pub enum Signer {
    /// From a file.
    Key(Box<PrivateKey>),
    /// In a service.
    Service(KeyUri),
}

/// What clients of key services read their configuration from.
#[derive(Clone, Debug)]
pub struct Surroundings(SecretSettings);

impl Surroundings {
    /// Those of a component.
    pub fn of(context: &ComponentContext, patience: Patience) -> Self {
        Self(SecretSettings {
            environment: context.environment.clone(),
            home: context.environment.get("HOME").map(Into::into),
            working_dir: context.working_dir.as_ref().clone(),
            patience,
            fence: context.fence.clone(),
        })
    }
}

impl Signer {
    /// Signs a statement, and makes sure that the signature holds: with `verifier`, if there is one, else with the
    /// signer's own public key.
    ///
    /// # Errors
    ///
    /// There is no signature, or it does not hold.
    pub async fn seal(
        &self,
        statement: &[u8],
        verifier: Option<(&PublicKey, &str)>,
        surroundings: &Surroundings,
    ) -> Result<Envelope, SigningError> {
        let message = Envelope::signed_bytes(STATEMENT, statement);
        let (signature, public) = match self {
            Self::Key(key) => (key.sign(&message)?, key.public().clone()),
            Self::Service(uri) => kms::sign(uri, &surroundings.0, &message).await?,
        };
        let (key, name) = verifier.unwrap_or((&public, "the signer itself"));
        if !key.verifies(&message, &signature) {
            return Err(SigningError::Mismatch(name.to_owned()));
        }
        Ok(Envelope::of_statement(statement, &signature, public.id(), None))
    }
}
