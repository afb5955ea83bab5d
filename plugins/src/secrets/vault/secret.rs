//! What Vault answers, and the text in it.

use planner::value::quote;
use reqwest::StatusCode;
use serde_json::{Map, Value};

use crate::secrets::answer::Answer;

/// An answer without the text that was asked for.
#[derive(Debug, thiserror::Error)]
pub(in crate::secrets) enum SecretFault {
    /// Nothing there, or no longer.
    #[error("Vault Secret does not exist at the given path")]
    Missing,
    /// Something there, but not this.
    #[error("Vault path does not contain the requested key")]
    NoKey,
    /// Neither form of a secret.
    #[error(
        "Vault data was empty at the given path. A secret of the second version of the key-value engine has the word \
         data in its path, as in secret/data/name. Original warnings from Vault call: {0}"
    )]
    Empty(String),
    /// A number or something larger.
    #[error("the value under {} in the Vault secret is not a string", quote(.0))]
    NoText(String),
    /// Not what Vault says.
    #[error("Error reading vault secret: the answer cannot be read: {0}")]
    Malformed(String),
    /// Errors beside data.
    #[error("Error reading vault secret: {0}")]
    Reported(String),
}

/// The members of an answer that say what kind of secret it is. One without any of them is the secret itself.
const ENVELOPE: [&str; 9] =
    ["auth", "data", "lease_duration", "lease_id", "mount_type", "renewable", "request_id", "warnings", "wrap_info"];

/// The text under `key` in an answer, in either layout: that of the second version of the key-value engine, with one
/// more `data` around it, or that of the first.
pub(super) fn text(answer: &Answer, key: &str) -> Result<String, SecretFault> {
    let (data, warnings) = read(answer)?;
    let found = match data.get("data") {
        Some(Value::Object(inner)) => inner.get(key).ok_or(SecretFault::NoKey)?,
        // Deleted, but its history is still there.
        Some(Value::Null) if data.contains_key("metadata") => return Err(SecretFault::Missing),
        _ => data.get(key).ok_or(SecretFault::Empty(warnings))?,
    };
    let text = found.as_str().ok_or_else(|| SecretFault::NoText(key.to_owned()))?;
    Ok(text.to_owned())
}

/// The data of an answer, and its warnings.
fn read(answer: &Answer) -> Result<(Map<String, Value>, String), SecretFault> {
    if answer.body.is_empty() {
        return Err(SecretFault::Missing);
    }
    let whole: Option<Map<String, Value>> = answer.json().map_err(SecretFault::Malformed)?;
    let mut whole = whole.unwrap_or_default();
    let warnings = texts(whole.get("warnings"), "; ");
    let is_empty = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => false,
    };
    let data = match whole.remove("data") {
        Some(Value::Object(data)) => data,
        None | Some(Value::Null) if ENVELOPE.iter().all(|name| whole.get(*name).is_none_or(is_empty)) => bare(whole)?,
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(SecretFault::Malformed("its data is not an object".to_owned())),
    };
    if answer.status == StatusCode::NOT_FOUND && data.is_empty() && warnings.is_empty() {
        return Err(SecretFault::Missing);
    }
    Ok((data, warnings))
}

/// An answer without envelope.
fn bare(whole: Map<String, Value>) -> Result<Map<String, Value>, SecretFault> {
    match whole.get("errors") {
        Some(_) if whole.len() == 1 => Err(SecretFault::Missing),
        Some(errors) => Err(SecretFault::Reported(texts(Some(errors), " "))),
        None => Ok(whole),
    }
}

/// The texts in a list.
fn texts(list: Option<&Value>, between: &str) -> String {
    let texts = list.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join(between)
}
