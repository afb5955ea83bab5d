//! The text in a secret: the whole, or one member of a JSON object.

use planner::value::quote;
use serde_json::Value;

/// A secret without the text that was asked for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::secrets) enum ValueFault {
    /// There are several.
    #[error("Secret has multiple values and no key was set")]
    NoKey,
    /// There are others.
    #[error("No secret found for key {}", quote(.0))]
    Missing(String),
    /// JSON, but no object.
    #[error("the secret is JSON, but not an object: its type is {0}; aws_secretsmanager_raw gives it as it is")]
    NoObject(&'static str),
    /// Neither text nor number.
    #[error("Unsupported secret value type: {0}")]
    Type(&'static str),
}

/// The text under `key`, or the only one. What is not JSON is text as a whole.
pub(super) fn pick(secret: String, key: Option<&str>) -> Result<String, ValueFault> {
    let Ok(value) = serde_json::from_str(&secret) else { return Ok(secret) };
    let members = match value {
        Value::Object(members) => members,
        Value::Null => serde_json::Map::new(),
        other => return Err(ValueFault::NoObject(type_name(&other))),
    };
    let found = match key {
        Some(key) => members.get(key),
        None if members.len() > 1 => return Err(ValueFault::NoKey),
        None => members.values().next(),
    };
    match found {
        Some(Value::String(text)) => Ok(text.clone()),
        // Without decimals, however large.
        Some(Value::Number(number)) => Ok(format!("{:.0}", number.as_f64().unwrap_or_default())),
        Some(other) => Err(ValueFault::Type(type_name(other))),
        None => Err(ValueFault::Missing(key.unwrap_or_default().to_owned())),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_in_secrets() {
        for (secret, key, expected) in [
            ("plain", None, Ok("plain")),
            ("plain", Some("k"), Ok("plain")),
            ("", None, Ok("")),
            ("{broken", Some("k"), Ok("{broken")),
            (r#"{"k":"v"}"#, None, Ok("v")),
            (r#"{"k":"v"}"#, Some("k"), Ok("v")),
            (r#"{"k":"v","é":"w"}"#, Some("é"), Ok("w")),
            (r#"{"k":""}"#, None, Ok("")),
            (r#"{"k":5432}"#, None, Ok("5432")),
            (r#"{"k":1.5}"#, None, Ok("2")),
            (r#"{"k":2.5}"#, None, Ok("2")),
            (r#"{"k":-0.4}"#, None, Ok("-0")),
            (r#"{"k":1e21}"#, None, Ok("1000000000000000000000")),
            (r#"{"k":9007199254740993}"#, None, Ok("9007199254740992")),
            (r#"{"a":"v","b":"w"}"#, None, Err(ValueFault::NoKey)),
            (r#"{"a":"v"}"#, Some("b"), Err(ValueFault::Missing("b".to_owned()))),
            ("{}", None, Err(ValueFault::Missing(String::new()))),
            ("null", Some("k"), Err(ValueFault::Missing("k".to_owned()))),
            (r#"{"k":true}"#, None, Err(ValueFault::Type("bool"))),
            (r#"{"k":null}"#, Some("k"), Err(ValueFault::Type("null"))),
            (r#"{"k":{"a":1}}"#, Some("k"), Err(ValueFault::Type("object"))),
            ("[1]", None, Err(ValueFault::NoObject("list"))),
            ("12", None, Err(ValueFault::NoObject("number"))),
            (r#""text""#, Some("k"), Err(ValueFault::NoObject("string"))),
        ] {
            assert_eq!(pick(secret.to_owned(), key), expected.map(str::to_owned), "{secret} {key:?}");
        }
    }
}
