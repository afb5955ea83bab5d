//! The key management service: keys that sign, and never leave it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::secrets::aws::client::{AwsClient, Service};
use crate::secrets::settings::SecretSettings;

const KMS: Service = Service {
    title: "KMS",
    name: "kms",
    target: "TrentService",
    variable: "AWS_ENDPOINT_URL_KMS",
    setting: "kms.endpoint_url",
    first: GET_PUBLIC_KEY,
    known: &[
        "DisabledException",
        "InvalidKeyUsageException",
        "KMSInternalException",
        "KMSInvalidStateException",
        "KeyUnavailableException",
        "NotFoundException",
    ],
};

const GET_PUBLIC_KEY: &str = "GetPublicKey";

/// A key.
#[derive(Debug)]
pub(crate) struct AwsKey {
    client: AwsClient,
    id: String,
}

impl AwsKey {
    /// The key `id`: an id, an ARN, or `alias/NAME`. `host` is where the service is, if it is not where it always is.
    ///
    /// # Errors
    ///
    /// What is wrong with the environment.
    pub(crate) fn new(settings: &SecretSettings, host: &str, id: &str) -> Result<Self, String> {
        let address = match host {
            "" => None,
            host => Some(Url::parse(&format!("https://{host}")).map_err(|error| format!("{host}: {error}"))?),
        };
        let client = AwsClient::at(&KMS, settings, address).map_err(|error| error.to_string())?;
        Ok(Self { client, id: id.to_owned() })
    }

    /// The public half, as `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    ///
    /// The service does not give it.
    pub(crate) async fn public(&self) -> Result<Vec<u8>, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Key {
            public_key: String,
        }
        let key: Key = self.call(GET_PUBLIC_KEY, json!({ "KeyId": self.id })).await?;
        decoded(&key.public_key)
    }

    /// Signs a digest the way that `algorithm` names.
    ///
    /// # Errors
    ///
    /// The service does not.
    pub(crate) async fn sign(&self, algorithm: &str, digest: &[u8]) -> Result<Vec<u8>, String> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Signed {
            signature: String,
        }
        let body = json!({
            "KeyId": self.id,
            "Message": STANDARD.encode(digest),
            "MessageType": "DIGEST",
            "SigningAlgorithm": algorithm,
        });
        let signed: Signed = self.call("Sign", body).await?;
        decoded(&signed.signature)
    }

    async fn call<T: DeserializeOwned>(&self, call: &'static str, body: serde_json::Value) -> Result<T, String> {
        let answer = self.client.call(call, &body.to_string()).await.map_err(|error| error.to_string())?;
        answer.json().map_err(|error| format!("the answer cannot be read: {error}"))
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, String> {
    STANDARD.decode(text).map_err(|error| format!("the answer is not base 64: {error}"))
}
