//! Functions that read files.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::functions::path::resolve;
use crate::value::{Value, quote};

const PATH: &[Param] = &[Param::new("path", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("file", PATH, returns::string, |call| Ok(Value::string(read(call, 0)?))),
    Function::new("fileexists", PATH, returns::bool, exists),
];

/// The text of the file that an argument names.
pub(super) fn read(call: &Call<'_>, at: usize) -> Result<String, CallError> {
    let path = resolve(call.text(at), call.host)?;
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => CallError::argument(at, format!("no file exists at {}", path.display())),
        _ => CallError::argument(at, format!("failed to read {}", path.display())),
    })?;
    String::from_utf8(bytes)
        .map_err(|_| CallError::argument(at, format!("contents of {} are not valid UTF-8", path.display())))
}

fn exists(call: &Call<'_>) -> Result<Value, CallError> {
    let path = resolve(call.text(0), call.host)?;
    match fs::metadata(&path) {
        Ok(found) if found.is_file() => Ok(Value::Bool(true)),
        Ok(found) => Err(format!("{} is not a regular file, but {}", path.display(), quote(&mode(&found))).into()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Value::Bool(false)),
        Err(_) => Err(failed(&path)),
    }
}

fn failed(path: &Path) -> CallError {
    CallError::argument(0, format!("failed to stat {}", path.display()))
}

/// Kind and permissions in the nine letters of `ls`.
fn mode(found: &fs::Metadata) -> String {
    let kind = if found.is_dir() { 'd' } else { '-' };
    #[cfg(unix)]
    let bits = std::os::unix::fs::PermissionsExt::mode(&found.permissions());
    #[cfg(not(unix))]
    let bits = if found.permissions().readonly() { 0o555u32 } else { 0o777 };
    let letter = |at: usize, letter: char| if bits >> (8 - at) & 1 == 1 { letter } else { '-' };
    std::iter::once(kind).chain("rwxrwxrwx".chars().enumerate().map(|(at, name)| letter(at, name))).collect()
}
