//! The whole exchange.

use reqwest::Url;

use super::bundle::Bundle;
use super::certificate::Claims;
use super::token::IdentityToken;
use super::trusted_root::TrustedRoot;
use super::{fulcio, rekor};
use crate::signing::envelope::{Envelope, STATEMENT};
use crate::signing::fault::SigningError;
use crate::signing::private_key::PrivateKey;
use crate::signing::public_key::{PublicKey, pem};
use crate::signing::service::JsonService;

/// How to sign without a key of one's own.
#[derive(Debug)]
pub struct Keyless {
    /// Where the certificate authority is.
    pub fulcio: Url,
    /// Where the log is, if it is to be told.
    pub rekor: Option<Url>,
    /// Who we are, in the certificate.
    pub identity: String,
    /// Who says so.
    pub issuer: String,
    /// Whom to believe, if not everybody who answers at these addresses.
    pub trusted_root: Option<TrustedRoot>,
}

/// What was signed.
#[derive(Debug)]
pub struct Sealed {
    /// The envelope, with the certificate in it.
    pub envelope: Envelope,
    /// The bundle.
    pub bundle: Bundle,
}

impl Keyless {
    /// Signs a statement with a key that is forgotten afterwards.
    ///
    /// # Errors
    ///
    /// A service said no, or what it said cannot be believed.
    pub async fn seal(
        &self,
        statement: &[u8],
        token: &IdentityToken,
        service: &JsonService,
    ) -> Result<Sealed, SigningError> {
        let key = PrivateKey::generate()?;
        let chain = fulcio::certify(service, &self.fulcio, token, &key).await?;
        let unbelievable = |reason| SigningError::Certificate { fulcio: self.fulcio.to_string(), reason };
        let [leaf, ..] = chain.as_slice() else {
            return Err(unbelievable("there is none".to_owned()));
        };
        Claims::of(leaf).and_then(|claims| claims.check(&self.identity, &self.issuer)).map_err(unbelievable)?;
        if let Some(root) = &self.trusted_root {
            root.check_certificate(leaf).map_err(unbelievable)?;
        }
        let message = Envelope::signed_bytes(STATEMENT, statement);
        let signature = key.sign(&message)?;
        let public = PublicKey::of_certificate(leaf, "the certificate")?;
        if !public.verifies(&message, &signature) {
            return Err(unbelievable("it is for another key".to_owned()));
        }
        let certificate = pem("CERTIFICATE", leaf);
        let envelope = Envelope::of_statement(statement, &signature, public.id(), Some(certificate.clone()));
        let entry = match &self.rekor {
            Some(rekor) => Some(rekor::upload(service, rekor, &envelope, &certificate).await?),
            None => None,
        };
        if let (Some(root), Some(entry), Some(rekor)) = (&self.trusted_root, &entry, &self.rekor) {
            root.check_entry(entry).map_err(|reason| SigningError::Service {
                service: format!("the transparency log at {rekor}"),
                reason,
            })?;
        }
        let bundle = Bundle::new(&envelope, leaf, entry.as_ref());
        Ok(Sealed { envelope, bundle })
    }
}

/// The address of `path` below `base`.
pub(super) fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
