//! `required_plugins`: which plugins a template needs, from where, and in which versions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval;
use crate::span::Span;
use crate::syntax::ast::{Attribute, Block, Ident};
use crate::value::{Type, Value, convert};
use crate::version::Constraint;

/// An entry of `required_plugins`.
#[derive(Clone, Debug, PartialEq)]
pub struct RequiredPlugin {
    /// What the template calls it: its components are named after it.
    pub name: Arc<str>,
    /// Where it comes from, such as `github.com/hashicorp/amazon`.
    pub source: String,
    /// Which versions will do.
    pub version: Constraint,
    /// Where it is required.
    pub span: Span,
}

/// Decodes a `required_plugins` block.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> Vec<RequiredPlugin> {
    let attributes = block.body.just_attributes(diags);
    attributes.iter().filter_map(|attribute| decode_entry(attribute, diags)).collect()
}

fn decode_entry(attribute: &Attribute, diags: &mut Diagnostics) -> Option<RequiredPlugin> {
    let mut found = Diagnostics::new();
    let value = eval::evaluate_constant(&attribute.expr, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    if failed {
        return None;
    }
    let name_ok = check_name(&attribute.name, diags);
    let at = attribute.expr.span;
    let Value::Object(entries) = &value else {
        report_no_object(attribute, &value, diags);
        return None;
    };
    let version = match entries.get("version") {
        Some(version) => decode_version(version, at, diags),
        None => {
            let detail = "Give a constraint in \"version\", such as \">= 1.0.0\".";
            diags.error("No version constraint was set", detail, at);
            None
        }
    };
    let source = match entries.get("source") {
        Some(source) => decode_source(source, at, diags),
        None => {
            let detail = "Say in \"source\" where the plugin comes from, such as \"github.com/hashicorp/happycloud\".";
            diags.error("No source was set", detail, at);
            None
        }
    };
    if entries.keys().any(|key| !matches!(&**key, "version" | "source")) {
        let detail = "required_plugins objects can only contain \"version\" and \"source\" attributes.";
        diags.error("Invalid required_plugins object", detail, at);
        return None;
    }
    let (Some(version), Some(source), true) = (version, source, name_ok) else { return None };
    Some(RequiredPlugin { name: attribute.name.name.clone(), source, version, span: attribute.span() })
}

fn report_no_object(attribute: &Attribute, value: &Value, diags: &mut Diagnostics) {
    let name = &attribute.name.name;
    let text = convert(value, &Type::String).ok();
    match text.as_ref().and_then(Value::as_str) {
        Some(version) => {
            let detail = format!(
                "'{name} = \"{version}\"' plugin requirement calls are not possible. You must define a whole block. For \
                 example:\n\n{name} = {{\n  source  = \"github.com/hashicorp/{name}\"\n  version = \"{version}\"\n}}"
            );
            diags.error("Invalid plugin requirement", detail, attribute.span());
        }
        None => {
            let detail = "required_plugins entries must be objects.";
            diags.error("Invalid required_plugins syntax", detail, attribute.span());
        }
    }
}

fn decode_version(value: &Value, at: Span, diags: &mut Diagnostics) -> Option<Constraint> {
    let detail = match value.as_str().map(Constraint::parse) {
        Some(Ok(constraint)) if constraint.has_prerelease() => {
            format!("Unsupported prerelease for constraint {:?}", constraint.to_string())
        }
        Some(Ok(constraint)) => return Some(constraint),
        Some(Err(error)) => format!("{error}."),
        None => "Version constraint must be a string.".to_owned(),
    };
    diags.error("Invalid version constraint", detail, at);
    None
}

fn decode_source(value: &Value, at: Span, diags: &mut Diagnostics) -> Option<String> {
    let Some(text) = value.as_str() else {
        diags.error("Invalid source", "Source must be a string.", at);
        return None;
    };
    match check_source(text) {
        Ok(()) => Some(text.to_owned()),
        Err(detail) => {
            diags.error("Failed to parse source", detail, at);
            None
        }
    }
}

/// Whether `source` names a plugin by host, path and type.
///
/// # Errors
///
/// What is wrong with it.
pub fn check_source(source: &str) -> Result<(), String> {
    let mut faults = Vec::new();
    if source.matches('/').count() < 2 {
        faults.push("A source URL must at least contain a host and a path with 2 components");
    }
    if source.starts_with('/') {
        faults.push("A source URL must not start with a '/' character.");
    }
    if source.ends_with('/') {
        faults.push("A source URL must not end with a '/' character.");
    }
    // It becomes a path of folders, and addresses.
    if source.trim_matches('/').split('/').any(|part| matches!(part, "" | "." | "..")) && !source.contains("://") {
        faults.push("A source URL must not contain empty parts, '.' or '..'.");
    }
    if source.contains("://") {
        faults.push("A source URL must not contain a scheme (e.g. https://).");
    }
    if source.contains('?') {
        faults.push("A source URL must not contain a query (e.g. ?var=val)");
    }
    if source.contains('#') {
        faults.push("A source URL must not contain a fragment (e.g. #anchor).");
    }
    if !faults.is_empty() {
        let listed: String = faults.iter().map(|fault| format!("* {fault}\n")).collect();
        return Err(format!(
            "The provided source URL is invalid.\nThe following errors have been discovered:\n{listed}\nA valid source looks \
             like \"github.com/hashicorp/happycloud\""
        ));
    }
    let parts: Vec<&str> = source.split('/').collect();
    if parts.len() > MAX_PARTS {
        return Err(format!("A source URL has at most {MAX_PARTS} parts; this one has {}.", parts.len()));
    }
    check_type(parts[parts.len() - 1], source)
}

/// More cannot become folders on every system.
const MAX_PARTS: usize = 16;

fn check_type(kind: &str, source: &str) -> Result<(), String> {
    if !is_label(kind) {
        return Err(format!(
            "Invalid plugin type {kind:?} in source: a type holds lower-case letters, digits and dashes, no dots, and no dash \
             at either end"
        ));
    }
    let Some(rest) = kind.strip_prefix("packer-") else { return Ok(()) };
    let prefix = if kind.starts_with("packer-plugin-") { "packer-plugin-" } else { "packer-" };
    let meant = format!("{}{}", &source[..source.len() - kind.len()], rest.strip_prefix("plugin-").unwrap_or(rest));
    Err(format!(
        "Plugin source has a type with the prefix {prefix:?}, which isn't valid. Although that prefix is often used in the \
         names of repositories and binaries, a source gives the name without it.\n\nDid you mean {meant:?}?"
    ))
}

/// Whether `name` stands for itself in a domain name: what plugins and their folders may be called.
fn is_label(name: &str) -> bool {
    let allowed = |next: char| next == '-' || next.is_numeric() || (next.is_alphabetic() && !next.is_uppercase());
    !name.is_empty()
        && name.chars().all(allowed)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn check_name(name: &Ident, diags: &mut Diagnostics) -> bool {
    let valid = is_label(&name.name);
    if !valid {
        let detail = "A plugin's local name holds lower-case letters, digits and dashes, but no double dash, and no dash at \
                      either end.";
        diags.error("Invalid plugin local name", detail, name.span);
    }
    valid
}

/// Reports plugins that are required more than once under one name in different blocks.
pub fn report_duplicates(plugins: &[RequiredPlugin], diags: &mut Diagnostics) {
    let mut seen: HashMap<&str, ()> = HashMap::new();
    for plugin in plugins {
        if seen.insert(&plugin.name, ()).is_some() {
            let summary = format!("Duplicate required_plugin.\"{}\" block", plugin.name);
            diags.error(summary, "The plugin is required by another block under the same name.", plugin.span);
        }
    }
}

/// Says which plugins are required and not there, if any, and which of those that are there are `refused`, and why.
pub fn report_missing(missing: &[&RequiredPlugin], refused: &[String], diags: &mut Diagnostics) {
    let listed: Vec<String> = missing.iter().map(|plugin| format!("* {} {}", plugin.source, plugin.version)).collect();
    if listed.is_empty() {
        return;
    }
    let mut detail = format!(
        "The following plugins are required, but not installed:\n\n{}\n\nDid you run packer init for this project ?",
        listed.join("\n")
    );
    if !refused.is_empty() {
        let refused: Vec<String> = refused.iter().map(|refused| format!("* {refused}")).collect();
        detail.push_str(&format!("\n\nThese are there, and are refused:\n\n{}", refused.join("\n")));
    }
    diags.error("Missing plugins", detail, None);
}

#[cfg(test)]
mod tests {
    use super::check_source;

    #[test]
    fn sources_name_host_path_and_type() {
        for (source, fault) in [
            ("github.com/hashicorp/amazon", ""),
            ("example.com/a/b/c/d-e", ""),
            ("hashicorp/amazon", "* A source URL must at least contain a host and a path with 2 components"),
            ("github.com/../a", "* A source URL must not contain empty parts, '.' or '..'."),
            ("github.com//a", "* A source URL must not contain empty parts"),
            ("amazon", "* A source URL must at least"),
            ("/github.com/hashicorp/amazon", "* A source URL must not start with a '/'"),
            ("github.com/hashicorp/amazon/", "* A source URL must not end with a '/'"),
            ("https://github.com/hashicorp/amazon", "* A source URL must not contain a scheme"),
            ("github.com/hashicorp/amazon?ref=1", "* A source URL must not contain a query"),
            ("github.com/hashicorp/amazon#x", "* A source URL must not contain a fragment"),
            ("github.com/hashicorp/Amazon", "Invalid plugin type \"Amazon\" in source"),
            ("github.com/hashicorp/ama_zon", "Invalid plugin type \"ama_zon\" in source"),
            ("github.com/hashicorp/-a", "Invalid plugin type \"-a\" in source"),
            ("github.com/hashicorp/packer-plugin-amazon", "Did you mean \"github.com/hashicorp/amazon\"?"),
            ("github.com/hashicorp/packer-amazon", "with the prefix \"packer-\", which isn't valid"),
            ("a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a", "at most 16 parts"),
        ] {
            let found = check_source(source).err().unwrap_or_default();
            assert!(found.contains(fault) && found.is_empty() == fault.is_empty(), "{source}: {found}");
        }
    }
}
