//! Signs statements the way that is configured.

use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use super::config::{KeylessConfig, SigningConfig};
use crate::component::{ComponentContext, ComponentError};
use crate::io_fault::words_and_advice;
use crate::secrets::Patience;
use crate::signing::keyless::{Bundle, IdentityToken, Keyless, TokenSource, TrustedRoot};
use crate::signing::{Envelope, JsonService, PrivateKey, PublicKey, Signer, SigningError, Surroundings};

/// How long services are given before they are asked again.
const PAUSE: Duration = Duration::from_millis(500);

/// Ready to sign.
pub(super) enum Notary {
    Nobody,
    Key { signer: Signer, verifier: Option<(PublicKey, String)>, surroundings: Box<Surroundings> },
    Keyless { keyless: Box<Keyless>, token: IdentityToken, service: JsonService },
}

/// What goes into files.
pub(super) struct Notarised {
    /// The statement, or the envelope around it.
    pub(super) text: String,
    /// The bundle, if there is one.
    pub(super) bundle: Option<String>,
}

impl Notary {
    /// Reads keys, fetches the identity token.
    pub(super) async fn new(config: &SigningConfig, context: &ComponentContext) -> Result<Self, ComponentError> {
        let (signer, verifier) = match config {
            SigningConfig::Nobody => return Ok(Self::Nobody),
            SigningConfig::Keyless(config) => return keyless(config, context).await,
            SigningConfig::Key(path, verifier) => (Signer::Key(Box::new(private_key(path, context)?)), verifier),
            SigningConfig::Service(uri, verifier) => (Signer::Service(uri.clone()), verifier),
        };
        let verifier = match verifier {
            Some(path) => Some((public_key(path, context)?, path.clone())),
            None => None,
        };
        let surroundings = Box::new(Surroundings::of(context, Patience::default()));
        Ok(Self::Key { signer, verifier, surroundings })
    }

    /// Signs a statement, or just writes it down.
    pub(super) async fn notarise(&self, statement: &impl Serialize) -> Result<Notarised, ComponentError> {
        let text = pretty(statement)?;
        match self {
            Self::Nobody => Ok(Notarised { text, bundle: None }),
            Self::Key { signer, verifier, surroundings } => {
                let verifier = verifier.as_ref().map(|(key, name)| (key, name.as_str()));
                let envelope = signer.seal(&compact(statement)?, verifier, surroundings).await.map_err(failed)?;
                Ok(Notarised { text: pretty::<Envelope>(&envelope)?, bundle: None })
            }
            Self::Keyless { keyless, token, service } => {
                let sealed = keyless.seal(&compact(statement)?, token, service).await.map_err(failed)?;
                let bundle = Some(pretty::<Bundle>(&sealed.bundle)?);
                Ok(Notarised { text: pretty::<Envelope>(&sealed.envelope)?, bundle })
            }
        }
    }
}

/// Finds out early what is wrong with the files that are named; those that are not there yet are told about.
pub(super) fn foresee(config: &SigningConfig, context: &ComponentContext) -> Result<Vec<String>, String> {
    let words = |result: Result<(), SigningError>| result.map_err(|error| error.to_string());
    let mut absent = Vec::new();
    let mut look = |path: &String, check: &dyn Fn(&[u8]) -> Result<(), SigningError>| match read(path, context) {
        _ if crate::config::is_placeholder(path) => Ok(()),
        Ok(content) => words(check(&content)),
        Err(_) => {
            absent.push(format!("{path} cannot be read yet; it must be there when the build is done"));
            Ok(())
        }
    };
    match config {
        SigningConfig::Nobody => {}
        SigningConfig::Keyless(config) => {
            if let Some(path) = &config.trusted_root {
                look(path, &|text| TrustedRoot::parse(text, path).map(drop))?;
            }
        }
        SigningConfig::Key(_, verifier) | SigningConfig::Service(_, verifier) => {
            if let SigningConfig::Key(path, _) = config
                && !path.is_empty()
            {
                look(path, &|pem| PrivateKey::from_pem(pem, path).map(drop))?;
            }
            if let Some(path) = verifier {
                look(path, &|pem| PublicKey::from_pem(pem, path).map(drop))?;
            }
        }
    }
    Ok(absent)
}

async fn keyless(config: &KeylessConfig, context: &ComponentContext) -> Result<Notary, ComponentError> {
    let trusted_root = match &config.trusted_root {
        Some(path) => Some(TrustedRoot::parse(&read(path, context)?, path).map_err(failed)?),
        None => None,
    };
    let service = JsonService::new(&context.environment, PAUSE).map_err(failed)?;
    let source = TokenSource::of(&context.environment).map_err(failed)?;
    let (TokenSource::Given(token) | TokenSource::Actions { token, .. }) = &source;
    context.secrets.hide(token);
    let token = source.token(&service).await.map_err(failed)?;
    context.secrets.hide(&token.text);
    let keyless = Keyless {
        fulcio: config.fulcio.clone(),
        rekor: config.rekor.clone(),
        identity: config.identity.clone(),
        issuer: config.issuer.clone(),
        trusted_root,
    };
    Ok(Notary::Keyless { keyless: Box::new(keyless), token, service })
}

fn private_key(path: &str, context: &ComponentContext) -> Result<PrivateKey, ComponentError> {
    PrivateKey::from_pem(&read(path, context)?, path).map_err(failed)
}

fn public_key(path: &str, context: &ComponentContext) -> Result<PublicKey, ComponentError> {
    PublicKey::from_pem(&read(path, context)?, path).map_err(failed)
}

fn read(path: &str, context: &ComponentContext) -> Result<Vec<u8>, ComponentError> {
    std::fs::read(context.working_dir.join(Path::new(path)))
        .map_err(|error| ComponentError::new(format!("unable to read {path}: {}", words_and_advice(&error))))
}

fn failed(error: SigningError) -> ComponentError {
    ComponentError::new(format!("unable to sign the attestation: {error}"))
}

fn pretty<T: Serialize>(value: &T) -> Result<String, ComponentError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(|error| ComponentError::new(error.to_string()))
}

fn compact(value: &impl Serialize) -> Result<Vec<u8>, ComponentError> {
    serde_json::to_vec(value).map_err(|error| ComponentError::new(error.to_string()))
}
