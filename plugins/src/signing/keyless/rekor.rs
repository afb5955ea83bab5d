//! Rekor: a public log that nothing can be taken out of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::signing::envelope::Envelope;
use crate::signing::fault::SigningError;
use crate::signing::hex;
use crate::signing::service::JsonService;

/// What it is, for messages.
const WHAT: &str = "the transparency log";

/// An entry of the log, as it answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogEntry {
    pub(super) body: String,
    pub(super) integrated_time: i64,
    #[serde(rename = "logID")]
    pub(super) log_id: String,
    pub(super) log_index: i64,
    pub(super) verification: Verification,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Verification {
    pub(super) signed_entry_timestamp: String,
    pub(super) inclusion_proof: Option<InclusionProof>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InclusionProof {
    #[serde(default)]
    pub(super) checkpoint: String,
    pub(super) hashes: Vec<String>,
    pub(super) log_index: i64,
    pub(super) root_hash: String,
    pub(super) tree_size: i64,
}

/// Has an envelope written down; `certificate` is the PEM of whoever signed it.
pub(super) async fn upload(
    service: &JsonService,
    base: &Url,
    envelope: &Envelope,
    certificate: &str,
) -> Result<LogEntry, SigningError> {
    let url = super::sign::below(base, "api/v1/log/entries");
    let failed = |reason: String| SigningError::Service { service: format!("{WHAT} at {base}"), reason };
    let text = serde_json::to_string(envelope).map_err(|error| failed(error.to_string()))?;
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": { "proposedContent": { "envelope": text, "verifiers": [STANDARD.encode(certificate)] } },
    });
    let answer = service.post(WHAT, &url, &body).await?;
    // The one entry, under its name.
    let entry = answer.as_object().and_then(|entries| entries.values().next().cloned());
    let entry = entry.ok_or_else(|| failed("its answer has no entry".to_owned()))?;
    serde_json::from_value(entry).map_err(|error| failed(format!("its answer cannot be read: {error}")))
}

impl LogEntry {
    /// The log's name in bytes.
    pub(super) fn log_key(&self) -> Vec<u8> {
        hex::bytes(&self.log_id).unwrap_or_default()
    }

    /// What the log signs when it promises to keep the entry: its members in the order of their names.
    pub(super) fn promised(&self) -> Vec<u8> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Promise<'a> {
            body: &'a str,
            integrated_time: i64,
            #[serde(rename = "logID")]
            log_id: &'a str,
            log_index: i64,
        }
        let Self { body, integrated_time, log_id, log_index, .. } = self;
        let promise = Promise { body, integrated_time: *integrated_time, log_id, log_index: *log_index };
        // Texts and numbers always have a form in JSON.
        serde_json::to_vec(&promise).unwrap_or_default()
    }
}
