//! Values that the user gives for variables: on the command line, and in files of one flat JSON object.

use std::path::Path;

use crate::legacy::json_syntax::{self, SyntaxError};
use crate::legacy::parse::summaries;
use crate::legacy::variables::Texts;
use crate::span::FileId;
use crate::syntax::json::{self, Kind};
use crate::values::VariableInputs;

/// Reads the files, then lays over them what stands on the command line.
///
/// # Errors
///
/// The first file that cannot be read, in the reference's words.
pub(super) fn collect(inputs: &VariableInputs, working_dir: &Path) -> Result<Texts, String> {
    let mut given = Texts::new();
    for name in &inputs.files {
        let bytes = std::fs::read(working_dir.join(name)).map_err(|error| unreadable(name, &error))?;
        read(&bytes, &mut given).map_err(|error| format!("Error reading variables in '{name}': {error}"))?;
    }
    given.extend(inputs.arguments.iter().cloned());
    Ok(given)
}

fn unreadable(name: &str, error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => format!("open {name}: no such file or directory"),
        std::io::ErrorKind::PermissionDenied => format!("open {name}: permission denied"),
        std::io::ErrorKind::IsADirectory => format!("read {name}: is a directory"),
        _ => format!("open {name}: {error}"),
    }
}

/// Takes the first value in the text; what follows is not looked at. Of names that stand twice the later wins.
fn read(bytes: &[u8], given: &mut Texts) -> Result<(), String> {
    let end = json_syntax::first_value(bytes).map_err(|SyntaxError { message, .. }| message)?;
    // No place in this text is ever shown.
    let tree = json::parse(&String::from_utf8_lossy(&bytes[..end]), FileId(0)).map_err(|found| summaries(&found))?;
    let properties = match &tree.kind {
        Kind::Null => {
            given.clear();
            return Ok(());
        }
        Kind::Object(properties) => properties,
        other => return Err(mismatch(other, "kvflag.FlagJSON")),
    };
    let mut first_mismatch = None;
    for property in properties.iter() {
        let name = property.name.to_string();
        match &property.value.kind {
            Kind::String(text) => drop(given.insert(name, text.to_string())),
            Kind::Null => drop(given.insert(name, String::new())),
            other => {
                first_mismatch.get_or_insert_with(|| mismatch(other, "string"));
            }
        }
    }
    first_mismatch.map_or(Ok(()), Err)
}

fn mismatch(kind: &Kind, wanted: &str) -> String {
    let kind = match kind {
        Kind::Null => "null",
        Kind::Bool(_) => "bool",
        Kind::Number(_) => "number",
        Kind::String(_) => "string",
        Kind::Array(_) => "array",
        Kind::Object(_) => "object",
    };
    format!("json: cannot unmarshal {kind} into Go value of type {wanted}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_flat_and_hold_text() {
        for (text, expected) in [
            (r#"{"a": "b"}"#, Ok("a=b old=1")),
            (r#"{"a": "b"} and {"more"#, Ok("a=b old=1")),
            (r#"{"a": "1", "a": "2", "old": ""}"#, Ok("a=2 old=")),
            (r#"{"a": null}"#, Ok("a= old=1")),
            ("null", Ok("")),
            (r#"{"a": true, "b": 1}"#, Err("json: cannot unmarshal bool into Go value of type string")),
            (r#"{"a": {"b": 1}}"#, Err("json: cannot unmarshal object into Go value of type string")),
            ("[]", Err("json: cannot unmarshal array into Go value of type kvflag.FlagJSON")),
            ("", Err("EOF")),
            (r#"{"a": "#, Err("unexpected EOF")),
            ("a = 1", Err("invalid character 'a' looking for beginning of value")),
        ] {
            let mut given = Texts::from([("old".to_owned(), "1".to_owned())]);
            let read = read(text.as_bytes(), &mut given);
            let shown: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let result = read.map(|()| shown.join(" "));
            assert_eq!(result.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
