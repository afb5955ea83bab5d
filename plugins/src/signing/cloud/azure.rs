//! Azure Key Vault.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::{Value, json};

use super::jwk;
use crate::io_fault::words_and_advice;
use crate::signing::public_key::{PublicKey, Scheme};
use crate::signing::service::JsonService;

const AUTHORITY: &str = "https://login.microsoftonline.com";
const API: &str = "7.4";
const WHAT: &str = "Azure Key Vault";

/// A key.
pub(in crate::signing) struct AzureKey<'a> {
    service: &'a JsonService,
    token: String,
    /// The address of its newest version, or of the one that was named.
    address: Url,
    public: PublicKey,
}

impl<'a> AzureKey<'a> {
    /// The key `name` of the vault at `host`; `name` may go on with a version.
    pub(in crate::signing) async fn open(
        service: &'a JsonService,
        environment: &BTreeMap<String, String>,
        working_dir: &Path,
        (host, name, uri): (&str, &str, &str),
    ) -> Result<Self, String> {
        let token = token(service, environment, working_dir, host).await?;
        let url = address(host).map_err(|error| format!("{host} is no host: {error}"))?;
        let mut url = url;
        url.set_path(&format!("/keys/{name}"));
        let answer = service.get(WHAT, &with_version(&url), &token).await.map_err(|error| error.to_string())?;
        let key = answer.get("key").ok_or("its answer has no key")?;
        let named = key.get("kid").and_then(Value::as_str).and_then(|kid| Url::parse(kid).ok());
        // It signs where it says that it is, but nobody else gets the token.
        let address = named.filter(|named| named.host_str() == url.host_str() && named.scheme() == url.scheme());
        let der = jwk::public_key(key).ok_or("it is a key of a kind that is not supported")?;
        let public = PublicKey::from_der(der, uri).map_err(|error| error.to_string())?;
        Ok(Self { service, token, address: address.unwrap_or(url), public })
    }

    /// The public half.
    pub(in crate::signing) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs a digest.
    pub(in crate::signing) async fn sign(&self, digest: &[u8]) -> Result<Vec<u8>, String> {
        let algorithm = match self.public.scheme() {
            Scheme::EcdsaP256 => "ES256",
            Scheme::EcdsaP384 => "ES384",
            Scheme::EcdsaP521 => "ES512",
            Scheme::Rsa => "RS256",
            Scheme::Ed25519 => return Err("Ed25519 keys of this service are not supported".to_owned()),
        };
        let mut url = self.address.clone();
        url.set_path(&format!("{}/sign", self.address.path()));
        let body = json!({ "alg": algorithm, "value": URL_SAFE_NO_PAD.encode(digest) });
        let answer = self.service.post_as(WHAT, &with_version(&url), &body, &self.token).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let text = answer.get("value").and_then(Value::as_str).unwrap_or_default().trim_end_matches('=');
        let signature = URL_SAFE_NO_PAD.decode(text).map_err(|error| format!("its signature is damaged: {error}"))?;
        match self.public.scheme() {
            Scheme::Rsa | Scheme::Ed25519 => Ok(signature),
            _ => jwk::signature(&signature).ok_or_else(|| "its signature is damaged".to_owned()),
        }
    }
}

/// A vault is a name alone, or a host. One on this machine is an emulator, and needs no certificate.
fn address(host: &str) -> Result<Url, String> {
    let host = if host.contains(['.', ':']) { host.to_owned() } else { format!("{host}.vault.azure.net") };
    let is_near = host.starts_with("127.0.0.1:") || host.starts_with("localhost:");
    let scheme = if is_near { "http" } else { "https" };
    Url::parse(&format!("{scheme}://{host}")).map_err(|error| error.to_string())
}

fn with_version(url: &Url) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("api-version", API);
    url
}

/// An access token for the program that the environment names.
async fn token(
    service: &JsonService,
    environment: &BTreeMap<String, String>,
    working_dir: &Path,
    host: &str,
) -> Result<String, String> {
    let get = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
    let (Some(tenant), Some(client)) = (get("AZURE_TENANT_ID"), get("AZURE_CLIENT_ID")) else {
        return Err(NO_CREDENTIALS.to_owned());
    };
    let scope = format!("https://{}/.default", vault_domain(host));
    let mut form = vec![("grant_type", "client_credentials"), ("client_id", client), ("scope", scope.as_str())];
    let assertion;
    match (get("AZURE_CLIENT_SECRET"), get("AZURE_FEDERATED_TOKEN_FILE")) {
        (Some(secret), _) => form.push(("client_secret", secret)),
        (None, Some(path)) => {
            let read = std::fs::read_to_string(working_dir.join(path));
            assertion = read.map_err(|error| format!("unable to read {path}: {}", words_and_advice(&error)))?;
            form.push(("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
            form.push(("client_assertion", assertion.trim()));
        }
        (None, None) => return Err(NO_CREDENTIALS.to_owned()),
    }
    let authority = get("AZURE_AUTHORITY_HOST").unwrap_or(AUTHORITY);
    let mut url = Url::parse(authority).map_err(|error| format!("{authority} is no address: {error}"))?;
    url.set_path(&format!("/{tenant}/oauth2/v2.0/token"));
    let answer =
        service.post_form("Microsoft's token service", &url, &form).await.map_err(|error| error.to_string())?;
    let token = answer.get("access_token").and_then(Value::as_str);
    token.map(str::to_owned).ok_or_else(|| "Microsoft's token service gives no token".to_owned())
}

const NO_CREDENTIALS: &str = "there are no credentials: set AZURE_TENANT_ID, AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or \
                              AZURE_FEDERATED_TOKEN_FILE";

/// Whose tokens a vault takes: those for the cloud that it is in.
fn vault_domain(host: &str) -> &str {
    let host = host.split(':').next().unwrap_or(host);
    let domain = host.split_once('.').map(|(_, domain)| domain);
    domain.filter(|domain| domain.starts_with("vault.")).unwrap_or("vault.azure.net")
}
