//! Keys of the transit engine: they sign, and never leave the service.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::secrets::answer::Answer;
use crate::secrets::settings::SecretSettings;
use crate::secrets::vault::client::{Vault, refusal};

/// A key.
#[derive(Debug)]
pub(crate) struct TransitKey {
    vault: Vault,
    engine: String,
    name: String,
}

/// What a key is, in its newest version.
#[derive(Debug)]
pub(crate) struct TransitPublic {
    /// `ecdsa-p256`, `rsa-2048`, `ed25519`, …
    pub(crate) kind: String,
    /// PEM, or for Ed25519 the bytes in base 64.
    pub(crate) key: String,
    /// Which version it is of.
    version: u64,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

impl TransitKey {
    /// The key `name`; `TRANSIT_SECRET_ENGINE_PATH` says where the engine is.
    ///
    /// # Errors
    ///
    /// What is wrong with the environment.
    pub(crate) fn new(settings: &SecretSettings, name: &str) -> Result<Self, String> {
        let engine = settings.get("TRANSIT_SECRET_ENGINE_PATH").unwrap_or("transit").trim_matches('/').to_owned();
        let vault = Vault::new(settings).map_err(|error| error.to_string())?;
        Ok(Self { vault, engine, name: name.to_owned() })
    }

    /// The public half.
    ///
    /// # Errors
    ///
    /// The service does not give it.
    pub(crate) async fn public(&self) -> Result<TransitPublic, String> {
        #[derive(Deserialize)]
        struct Key {
            #[serde(rename = "type")]
            kind: String,
            latest_version: u64,
            keys: std::collections::BTreeMap<String, Version>,
        }
        #[derive(Deserialize)]
        struct Version {
            public_key: String,
        }
        let key: Key = self.read(self.vault.ask(&format!("{}/keys/{}", self.engine, self.name), None).await, None)?;
        let found = key.keys.get(&key.latest_version.to_string()).map(|version| version.public_key.clone());
        let public = found.ok_or("the service does not say what its newest version is")?;
        Ok(TransitPublic { kind: key.kind, key: public, version: key.latest_version })
    }

    /// Signs: a digest that was made with `hash`, or the message itself for keys that hash on their own.
    ///
    /// # Errors
    ///
    /// The service does not.
    pub(crate) async fn sign(
        &self,
        public: &TransitPublic,
        hash: Option<&str>,
        input: &[u8],
    ) -> Result<Vec<u8>, String> {
        #[derive(Deserialize)]
        struct Signed {
            signature: String,
        }
        let mut body = json!({ "input": STANDARD.encode(input), "key_version": public.version });
        if hash.is_some() {
            body["prehashed"] = true.into();
            body["marshaling_algorithm"] = "asn1".into();
            body["signature_algorithm"] = "pkcs1v15".into();
        }
        let hash = hash.map(|hash| format!("/{hash}")).unwrap_or_default();
        let path = format!("{}/sign/{}{hash}", self.engine, self.name);
        let signed: Signed = self.read(self.vault.ask(&path, Some(&body.to_string())).await, Some(Method::POST))?;
        // `vault:v1:<base 64>`
        let text = signed.signature.rsplit(':').next().unwrap_or_default();
        STANDARD.decode(text).map_err(|error| format!("its signature is not base 64: {error}"))
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        answer: Result<Answer, impl std::fmt::Display>,
        method: Option<Method>,
    ) -> Result<T, String> {
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status == StatusCode::NOT_FOUND {
            let why = refusal(method.unwrap_or(Method::GET), &answer);
            return Err(format!("there is no key {} in the engine {}: {why}", self.name, self.engine));
        }
        answer.json::<Data<T>>().map(|data| data.data).map_err(|error| format!("the answer cannot be read: {error}"))
    }
}
