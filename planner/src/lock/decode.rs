//! Reads a lock file.

use std::fs;
use std::io;
use std::path::Path;

use crate::config::plugin::check_source;
use crate::config::shape::{Shape, attribute, has_labels};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval;
use crate::files::Files;
use crate::lock::plugin_lock::{Hashes, LockedPlugin, PluginLock};
use crate::os_words::os_words;
use crate::span::FileId;
use crate::syntax::ast::{Block, Body, Expr};
use crate::syntax::parse_body;
use crate::value::Value;
use crate::version::Version;

const LOCK: Shape = Shape { attributes: &[], required: &[], blocks: &[("plugin", &["source"])] };
const PLUGIN: Shape =
    Shape { attributes: &["version", "constraints", "hashes"], required: &["version", "hashes"], blocks: &[] };
/// What to do about a file that was damaged, perhaps in a merge.
const ADVICE: &str = "Put the file right, or delete it and run packer init again.";

/// Reads the file at `path`, which messages call `name`; `None` when it is not there.
///
/// # Errors
///
/// It cannot be read or understood.
pub fn read(path: &Path, name: &str, files: &mut Files) -> Result<Option<PluginLock>, Diagnostics> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Diagnostic::error(format!("Failed to read {name}"), os_words(&error), None).into()),
    };
    let no_text = |_| Diagnostic::error(format!("Failed to read {name}"), format!("It is no text. {ADVICE}"), None);
    let text = String::from_utf8(text).map_err(no_text)?;
    let file = files.add(name, text);
    decode(name, file, files).map(Some)
}

/// Decodes a file.
///
/// # Errors
///
/// What is wrong with it.
pub fn decode(name: &str, file: FileId, files: &mut Files) -> Result<PluginLock, Diagnostics> {
    let (body, mut diags) = parse_body(files, file);
    let mut lock = PluginLock::new(name);
    if let Some(body) = body {
        let body = LOCK.content(&body, body.span, &mut diags);
        for block in body.blocks.iter().filter(|block| has_labels(block, 1)) {
            if let Some(plugin) = decode_plugin(block, &mut diags) {
                lock.add(plugin);
            }
        }
    }
    if diags.has_errors() { Err(diags) } else { Ok(lock) }
}

fn decode_plugin(block: &Block, diags: &mut Diagnostics) -> Option<LockedPlugin> {
    let body = PLUGIN.content(&block.body, block.header, diags);
    let source = &block.labels[0];
    if let Err(detail) = check_source(&source.name) {
        diags.error("Failed to parse source", detail, source.span);
        return None;
    }
    let version = text(&body, "version", diags).and_then(|(text, expr)| {
        let version = Version::parse(&text).filter(|version| version.to_string() == text);
        if version.is_none() {
            let detail = format!("{text:?} is no version such as \"1.2.3\". {ADVICE}");
            diags.error("Invalid version", detail, expr.span);
        }
        version
    });
    let constraints = text(&body, "constraints", diags).map(|(text, _)| text).unwrap_or_default();
    let hashes = hashes(&attribute(&body, "hashes")?.expr, diags)?;
    Some(LockedPlugin { source: source.name.to_string(), version: version?, constraints, hashes })
}

fn text<'b>(body: &'b Body, name: &str, diags: &mut Diagnostics) -> Option<(String, &'b Expr)> {
    let expr = &attribute(body, name)?.expr;
    let value = constant(expr, diags)?;
    let text = value.as_str().map(str::to_owned);
    if text.is_none() {
        diags.error(format!("Invalid {name}"), format!("This must be a string. {ADVICE}"), expr.span);
    }
    Some((text?, expr))
}

fn hashes(expr: &Expr, diags: &mut Diagnostics) -> Option<Hashes> {
    let value = constant(expr, diags)?;
    let found = match &value {
        Value::Object(platforms) => platforms
            .iter()
            .map(|(platform, hashes)| {
                let Value::Tuple(hashes) = hashes else { return None };
                let hashes = hashes.iter().map(|hash| hash.as_str().map(str::to_owned));
                Some((platform.to_string(), hashes.collect::<Option<_>>()?))
            })
            .collect::<Option<Hashes>>(),
        _ => None,
    };
    if found.is_none() {
        let detail = format!("This must be an object with a list of strings for each platform. {ADVICE}");
        diags.error("Invalid hashes", detail, expr.span);
    }
    found
}

fn constant(expr: &Expr, diags: &mut Diagnostics) -> Option<Value> {
    let mut found = Diagnostics::new();
    let value = eval::evaluate_constant(expr, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    (!failed).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::{RenderOptions, render};

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let plugin = |body: &str| format!("plugin \"h/n/a\" {{\n{body}\n}}\n");
        for (text, expected) in [
            ("plugin \"h/n/a\" {\n".to_owned(), vec!["on lock line 1"]),
            ("<<<<<<< HEAD\n".to_owned(), vec!["on lock line 1"]),
            ("x = 1\n".to_owned(), vec!["Unsupported argument", "on lock line 1"]),
            (
                "plugin \"a\" {\n  version = \"1.0.0\"\n  hashes = {}\n}\n".to_owned(),
                vec!["Failed to parse source", "line 1"],
            ),
            (plugin("hashes = {}"), vec!["Missing required argument", "\"version\"", "on lock line 1"]),
            (plugin("version = \"1.0.0\""), vec!["Missing required argument", "\"hashes\""]),
            (plugin("hashes = {}\nversion = \"1.0\""), vec!["Invalid version", "\"1.0\" is no version", "line 3"]),
            (plugin("hashes = {}\nversion = [1]"), vec!["Invalid version", "must be a string", "line 3"]),
            (plugin("version = \"1.0.0\"\nhashes = { a = \"x\" }"), vec!["Invalid hashes", "line 3"]),
            (plugin("version = \"1.0.0\"\nhashes = { a = [1] }"), vec!["Invalid hashes", "line 3"]),
            (plugin("version = \"1.0.0\"\nhashes = { a = f() }"), vec!["line 3"]),
        ] {
            let mut files = Files::new();
            let file = files.add("lock", text.as_str());
            let diags = decode("lock", file, &mut files).unwrap_err();
            let shown = render(&diags, &files, RenderOptions::default());
            assert!(expected.iter().all(|part| shown.contains(part)), "{text}: {shown}");
        }
    }
}
