//! The `packer` block: what the template needs of the program itself.

use std::sync::Arc;

use crate::config::shape::{Shape, attribute};
use crate::diagnostic::Diagnostics;
use crate::eval;
use crate::span::Span;
use crate::syntax::ast::{Attribute, Block, Expr, ExprKind};
use crate::version::{Constraint, Version};

const PACKER: Shape = Shape { attributes: &["required_version"], required: &[], blocks: &[("required_plugins", &[])] };

/// A decoded `packer` block.
#[derive(Clone, Debug)]
pub struct PackerBlock {
    /// The `required_version` constraint.
    pub required_version: Option<(Constraint, Span)>,
    /// The entries of `required_plugins`.
    pub required_plugins: Vec<RequiredPlugin>,
}

/// An entry of `required_plugins`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequiredPlugin {
    /// What the template calls it.
    pub name: Arc<str>,
    /// Where it comes from, such as `github.com/hashicorp/amazon`.
    pub source: String,
    /// Which versions will do.
    pub version: String,
    /// Where it is required.
    pub span: Span,
}

/// Decodes a `packer` block.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> PackerBlock {
    PACKER.check(&block.body, block.header, diags);
    let required_version = attribute(&block.body, "required_version").and_then(|attribute| {
        let text = literal(&attribute.expr);
        let parsed = text.ok_or_else(|| "it must be a literal string".to_owned()).and_then(Constraint::parse);
        match parsed {
            Ok(constraint) => Some((constraint, attribute.expr.span)),
            Err(error) => {
                let detail = format!("This is no version constraint, such as \">= 1.7.0\": {error}.");
                diags.error("Invalid version constraint", detail, attribute.expr.span);
                None
            }
        }
    });
    let mut required_plugins = Vec::new();
    for inner in block.body.blocks.iter().filter(|inner| &*inner.kind.name == "required_plugins") {
        for attribute in &inner.body.attributes {
            required_plugins.extend(decode_plugin(attribute, diags));
        }
    }
    PackerBlock { required_version, required_plugins }
}

fn decode_plugin(attribute: &Attribute, diags: &mut Diagnostics) -> Option<RequiredPlugin> {
    let value = eval::evaluate_constant(&attribute.expr, diags);
    let entry = |name: &str| value.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    if value.entries().is_none() {
        let detail = "required_plugins entries must be objects.";
        diags.error("Invalid required_plugins syntax", detail, attribute.span);
        return None;
    }
    let (Some(source), Some(version)) = (entry("source"), entry("version")) else {
        let (summary, missing) = match entry("version") {
            None => ("No version constraint was set", "version"),
            Some(_) => ("No source was set", "source"),
        };
        diags.error(summary, format!("Every required plugin needs a {missing:?}, a string."), attribute.span);
        return None;
    };
    if let Err(error) = Constraint::parse(&version) {
        diags.error("Invalid version constraint", format!("{error}."), attribute.expr.span);
    }
    Some(RequiredPlugin { name: attribute.name.name.clone(), source, version, span: attribute.span })
}

/// Reports blocks that this program's version does not fulfil. Pre-releases count as the release they lead to.
pub fn report_version(blocks: &[PackerBlock], version: &str, diags: &mut Diagnostics) {
    let release = version.split('-').next().unwrap_or(version);
    let Some(own) = Version::parse(release) else { return };
    for (constraint, span) in blocks.iter().filter_map(|block| block.required_version.as_ref()) {
        if !constraint.allows(&own) {
            let detail = format!(
                "This template does not support Packer version {version}. Use a version that it supports, or change the \
                 constraint if you know that the template works with this one."
            );
            diags.error("Unsupported Packer Core version", detail, *span);
        }
    }
}

/// Reports required plugins: this version runs built-in components only.
pub fn report_plugins(blocks: &[PackerBlock], diags: &mut Diagnostics) {
    for plugin in blocks.iter().flat_map(|block| &block.required_plugins) {
        let detail = format!(
            "The plugin {} {:?} is required, but this version runs built-in components only. Remove the requirement if \
             the template does not use the plugin.",
            plugin.source, plugin.version
        );
        diags.error("Missing plugins", detail, plugin.span);
    }
}

fn literal(expr: &Expr) -> Option<&str> {
    if let ExprKind::String(text) = &expr.kind { Some(text) } else { None }
}
