//! Secrets Manager.

use serde::Deserialize;

use crate::secrets::aws::client::{AwsClient, Service};
use crate::secrets::aws::fault::AwsError;
use crate::secrets::aws::value::pick;
use crate::secrets::settings::SecretSettings;

pub(super) const SECRETS_MANAGER: Service = Service {
    title: "Secrets Manager",
    name: "secretsmanager",
    target: "secretsmanager",
    variable: "AWS_ENDPOINT_URL_SECRETS_MANAGER",
    setting: "secrets_manager.endpoint_url",
    first: GET,
    known: &[
        "DecryptionFailure",
        "InternalServiceError",
        "InvalidParameterException",
        "InvalidRequestException",
        "ResourceNotFoundException",
    ],
};

const GET: &str = "GetSecretValue";

/// A client.
#[derive(Debug)]
pub(in crate::secrets) struct SecretsManager(AwsClient);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Secret {
    secret_string: Option<String>,
}

impl SecretsManager {
    pub(in crate::secrets) fn new(settings: &SecretSettings) -> Result<Self, AwsError> {
        AwsClient::new(&SECRETS_MANAGER, settings).map(Self)
    }

    /// A text in a secret.
    pub(in crate::secrets) async fn read(&self, name: &str, key: Option<&str>) -> Result<String, AwsError> {
        Ok(pick(self.read_raw(name).await?, key)?)
    }

    /// The whole text of a secret.
    pub(in crate::secrets) async fn read_raw(&self, name: &str) -> Result<String, AwsError> {
        let body = serde_json::json!({ "SecretId": name, "VersionStage": "AWSCURRENT" }).to_string();
        let answer = self.0.call(GET, &body).await?;
        let unreadable = |reason| AwsError::Malformed { operation: SECRETS_MANAGER.first_call(), reason };
        let secret: Secret = answer.json().map_err(unreadable)?;
        secret.secret_string.ok_or(AwsError::Binary)
    }
}
