//! Functions on paths as text. They look at no files.

use std::path::Path;

use crate::eval::functions::function::{Function, Param, Takes, returns};
use crate::eval::host::Host;
use crate::value::Value;

const PATH: &[Param] = &[Param::new("path", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abspath", PATH, returns::string, |call| {
        let path = from_working_dir(call.text(0), call.host);
        Ok(Value::string(if cfg!(windows) { path.replace('\\', "/") } else { path }))
    }),
    Function::new("basename", PATH, returns::string, |call| Ok(Value::string(base(call.text(0))))),
    Function::new("dirname", PATH, returns::string, |call| Ok(Value::string(folder(call.text(0))))),
    Function::new("pathexpand", PATH, returns::string, |call| Ok(Value::string(expand(call.text(0), call.host)?))),
];

/// `path` with a leading `~` replaced.
pub(super) fn expand(path: &str, host: &Host) -> Result<String, String> {
    let Some(rest) = path.strip_prefix('~') else { return Ok(path.to_owned()) };
    if !rest.is_empty() && !rest.starts_with(['/', '\\']) {
        return Err("cannot expand user-specific home dir".to_owned());
    }
    let home = host.home.as_ref().ok_or("the home directory is not known")?;
    Ok(clean(&format!("{}/{rest}", home.display())))
}

/// `path` from the template's folder, in the words the folder was given in.
pub(super) fn from_base(path: &str, host: &Host) -> String {
    joined(&host.base_dir, path)
}

/// The same from the working directory.
pub(super) fn from_working_dir(path: &str, host: &Host) -> String {
    joined(&host.working_dir, path)
}

fn joined(folder: &Path, path: &str) -> String {
    if path.starts_with('/') { clean(path) } else { clean(&format!("{}/{path}", folder.display())) }
}

/// The shortest path that means the same, by its text alone: no `.`, no doubled or trailing slash, no `..` that an
/// earlier part takes back. Empty is `.`.
pub(super) fn clean(path: &str) -> String {
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
    use crate::eval::Functions;
    use crate::eval::functions::tests::run_with;

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

    #[test]
    fn paths_of_a_host() {
        let host =
            Host { base_dir: "t".into(), working_dir: "/w/d".into(), home: Some("/home/ü".into()), ..Host::empty() };
        let run = |call: &str| run_with(call, &Functions::standard(), &host);
        for (call, expected) in [
            (r#"abspath("")"#, r#""/w/d" string"#),
            (r#"abspath("x/../y/")"#, r#""/w/d/y" string"#),
            (r#"abspath("../../../x")"#, r#""/x" string"#),
            (r#"abspath("//a//")"#, r#""/a" string"#),
            (r#"abspath("~")"#, r#""/w/d/~" string"#),
            (r#"pathexpand("~")"#, r#""/home/ü" string"#),
            (r#"pathexpand("~/a/../b/")"#, r#""/home/ü/b" string"#),
            (r#"pathexpand("a/~")"#, r#""a/~" string"#),
            (r#"pathexpand("./a//b")"#, r#""./a//b" string"#),
            (r#"pathexpand("")"#, r#""" string"#),
            (
                r#"pathexpand("~other/a")"#,
                r#"Error in function call: Call to function "pathexpand" failed: cannot expand user-specific home dir."#,
            ),
            (r#"basename(5)"#, r#""5" string"#),
            (r#"dirname(unk)"#, "unknown string"),
            (
                r#"basename(null)"#,
                r#"Invalid function argument: Invalid value for "path" parameter: argument must not be null."#,
            ),
        ] {
            assert_eq!(run(call), expected, "{call}");
        }
        let homeless = Host { home: None, ..host };
        assert!(
            run_with(r#"pathexpand("~")"#, &Functions::standard(), &homeless).contains("home directory is not known")
        );
    }

    #[cfg(unix)]
    #[test]
    fn backslashes_are_nothing_special() {
        let host = Host { working_dir: "/w".into(), ..Host::empty() };
        let call = r#"[abspath("a\\b"), basename("a\\b"), dirname("a\\b/c")]"#;
        let expected = r#"["/w/a\\b","a\\b","a\\b"] tuple"#;
        assert_eq!(run_with(call, &Functions::standard(), &host), expected);
    }
}
