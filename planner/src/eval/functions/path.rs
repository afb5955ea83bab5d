//! Functions on paths as text. They look at no files.

use std::path::{Path, PathBuf};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Function, Param, Takes, returns};
use crate::eval::host::Host;
use crate::value::Value;

const PATH: &[Param] = &[Param::new("path", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abspath", PATH, returns::string, |call| {
        Ok(Value::string(clean(&joined(&call.host.working_dir, call.text(0)).to_string_lossy().replace('\\', "/"))))
    }),
    Function::new("basename", PATH, returns::string, |call| Ok(Value::string(base(call.text(0))))),
    Function::new("dirname", PATH, returns::string, |call| Ok(Value::string(folder(call.text(0))))),
    Function::new("pathexpand", PATH, returns::string, |call| Ok(Value::string(expand(call.text(0), call.host)?))),
];

fn joined(folder: &Path, path: &str) -> PathBuf {
    if path.is_empty() { folder.to_owned() } else { folder.join(path) }
}

/// `path` with a leading `~` replaced.
pub(super) fn expand(path: &str, host: &Host) -> Result<String, CallError> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
    if !rest.is_empty() && !rest.starts_with('/') {
        return Err("cannot expand user-specific home dir".into());
    }
    let home = host.home.as_ref().ok_or("cannot expand ~: the home directory is not known")?;
    Ok(clean(&format!("{}/{rest}", home.display())))
}

/// The file that `path` means: `~` expanded, relative to the template's folder.
pub(super) fn resolve(path: &str, host: &Host) -> Result<PathBuf, CallError> {
    let whole = joined(&host.base_dir, &expand(path, host)?);
    // A path that is no text is left as it is: cleaning is for messages only.
    Ok(whole.to_str().map_or(whole.clone(), |text| PathBuf::from(clean(text))))
}

/// The shortest path that means the same, by its text alone: no `.`, no doubled or trailing slash, no `..` that an
/// earlier part takes back. Empty is `.`.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            ".." if rooted => {}
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

fn folder(path: &str) -> String {
    clean(path.rfind('/').map_or("", |at| &path[..=at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_by_their_text() {
        for (path, cleaned, last, before) in [
            ("", ".", ".", "."),
            ("a", "a", "a", "."),
            ("a/b", "a/b", "b", "a"),
            ("a/b/", "a/b", "b", "a/b"),
            ("/", "/", "/", "/"),
            ("/a", "/a", "a", "/"),
            ("//a//b/../c", "/a/c", "c", "/a"),
            ("../x", "../x", "x", ".."),
            ("/../x", "/x", "x", "/"),
            ("a/../..", "..", "..", "."),
            ("./é", "é", "é", "."),
        ] {
            assert_eq!((clean(path).as_str(), base(path), folder(path).as_str()), (cleaned, last, before), "{path}");
        }
    }
}
