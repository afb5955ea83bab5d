//! Google's key management service.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::io_fault::words_and_advice;
use crate::signing::private_key::PrivateKey;
use crate::signing::public_key::PublicKey;
use crate::signing::service::JsonService;

const SERVICE: &str = "https://cloudkms.googleapis.com";
const SCOPE: &str = "https://www.googleapis.com/auth/cloudkms";
const WHAT: &str = "Google's key management service";

/// A key, in a version.
pub(in crate::signing) struct GoogleKey<'a> {
    service: &'a JsonService,
    base: Url,
    token: String,
    /// `projects/…/cryptoKeyVersions/…`
    version: String,
}

/// What a file of credentials says about an account of a program.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    token_uri: String,
}

impl<'a> GoogleKey<'a> {
    /// The key `name`: the newest version that can be used, if it names none.
    pub(in crate::signing) async fn open(
        service: &'a JsonService,
        environment: &BTreeMap<String, String>,
        working_dir: &Path,
        name: &str,
    ) -> Result<Self, String> {
        let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let base = get("CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS").unwrap_or(SERVICE);
        let base = Url::parse(base).map_err(|error| format!("{base} is no address: {error}"))?;
        let token = match (get("GOOGLE_OAUTH_ACCESS_TOKEN"), get("GOOGLE_APPLICATION_CREDENTIALS")) {
            (Some(token), _) => token.to_owned(),
            (None, Some(path)) => {
                let file = std::fs::read(working_dir.join(path));
                let file = file.map_err(|error| format!("unable to read {path}: {}", words_and_advice(&error)))?;
                exchange(service, &file, path).await?
            }
            (None, None) => {
                return Err(
                    "there are no credentials: set GOOGLE_APPLICATION_CREDENTIALS to the file of the key of a \
                            service account, or GOOGLE_OAUTH_ACCESS_TOKEN"
                        .to_owned(),
                );
            }
        };
        let name = name.replace("/versions/", "/cryptoKeyVersions/");
        let mut key = Self { service, base, token, version: name.clone() };
        if !name.contains("/cryptoKeyVersions/") {
            key.version = key.newest(&name).await?;
        }
        Ok(key)
    }

    async fn newest(&self, name: &str) -> Result<String, String> {
        let answer = self.get(&format!("{name}/cryptoKeyVersions")).await?;
        let versions = answer.get("cryptoKeyVersions").and_then(Value::as_array).cloned().unwrap_or_default();
        let enabled = versions.iter().filter(|version| version.get("state").is_some_and(|state| state == "ENABLED"));
        let names = enabled.filter_map(|version| version.get("name")?.as_str());
        let number = |name: &str| name.rsplit('/').next().and_then(|number| number.parse::<u64>().ok());
        let newest = names.max_by_key(|name| number(name));
        newest.map(str::to_owned).ok_or_else(|| "it has no version that is enabled".to_owned())
    }

    /// The public half.
    pub(in crate::signing) async fn public(&self, uri: &str) -> Result<PublicKey, String> {
        let answer = self.get(&format!("{}/publicKey", self.version)).await?;
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let algorithm = text("algorithm");
        let is_known = matches!(algorithm, "EC_SIGN_P256_SHA256" | "EC_SIGN_P384_SHA384")
            || algorithm.starts_with("RSA_SIGN_PKCS1_") && algorithm.ends_with("_SHA256");
        if !is_known {
            return Err(format!("keys that sign with {algorithm} are not supported"));
        }
        PublicKey::from_pem(text("pem").as_bytes(), uri).map_err(|error| error.to_string())
    }

    /// Signs a digest that was made with `hash`.
    pub(in crate::signing) async fn sign(&self, hash: &str, digest: &[u8]) -> Result<Vec<u8>, String> {
        let url = self.url(&format!("{}:asymmetricSign", self.version));
        let body = json!({ "digest": { hash: STANDARD.encode(digest) } });
        let answer = self.service.post_as(WHAT, &url, &body, &self.token).await.map_err(|error| error.to_string())?;
        let signature = answer.get("signature").and_then(Value::as_str).unwrap_or_default();
        STANDARD.decode(signature).map_err(|error| format!("its signature is not base 64: {error}"))
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.service.get(WHAT, &self.url(path), &self.token).await.map_err(|error| error.to_string())
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/v1/{path}", self.base.path().trim_end_matches('/')));
        url
    }
}

/// An access token for the account of a file of credentials.
async fn exchange(service: &JsonService, file: &[u8], path: &str) -> Result<String, String> {
    let account: Account = serde_json::from_slice(file).map_err(|error| {
        format!("{path} is not the key of a service account (line {}, column {})", error.line(), error.column())
    })?;
    let key = PrivateKey::from_pem(account.private_key.as_bytes(), path).map_err(|error| error.to_string())?;
    let url =
        Url::parse(&account.token_uri).map_err(|error| format!("the token_uri in {path} is no address: {error}"))?;
    let now = Timestamp::now().as_second();
    let mut header = json!({ "alg": "RS256", "typ": "JWT" });
    if let Some(id) = &account.private_key_id {
        header["kid"] = id.as_str().into();
    }
    let claims = json!({
        "iss": account.client_email, "scope": SCOPE, "aud": account.token_uri, "iat": now, "exp": now + 3600,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(&header), part(&claims));
    let signature = key.sign(message.as_bytes()).map_err(|error| error.to_string())?;
    let assertion = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", assertion.as_str())];
    let answer = service.post_form("Google's token service", &url, &form).await.map_err(|error| error.to_string())?;
    let token = answer.get("access_token").and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| "Google's token service gives no token".to_owned())
}
