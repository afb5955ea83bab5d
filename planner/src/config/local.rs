//! `local` and `locals` blocks: named expressions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::setting;
use crate::config::shape::{Shape, attribute, check_identifier};
use crate::diagnostic::Diagnostics;
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Block, Expr, Ident};

const LOCAL: Shape = Shape { attributes: &["expression", "sensitive"], required: &["expression"], blocks: &[] };

/// One named expression.
#[derive(Clone, Debug)]
pub struct LocalDefinition {
    /// Its name.
    pub name: Ident,
    /// Its expression.
    pub expr: Arc<Expr>,
    /// Whether its text is masked in output.
    pub sensitive: bool,
}

/// Decodes a `local "name"` block.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> Option<LocalDefinition> {
    let body = LOCAL.content(&block.body, block.header, diags);
    let name = block.labels[0].clone();
    if !check_identifier(&name, "Invalid local name", diags) {
        return None;
    }
    let sensitive = attribute(&body, "sensitive").and_then(|given| setting::flag(&given.expr, None, diags));
    let expr = attribute(&body, "expression")?.expr.clone();
    Some(LocalDefinition { name, expr, sensitive: sensitive.unwrap_or(false) })
}

/// Decodes a `locals` block.
pub fn decode_many(block: &Block, diags: &mut Diagnostics) -> Vec<LocalDefinition> {
    let attributes = block.body.just_attributes(diags);
    let mut locals = Vec::with_capacity(attributes.len());
    for attribute in attributes.iter() {
        if check_identifier(&attribute.name, "Invalid local name", diags) {
            let (name, expr) = (attribute.name.clone(), attribute.expr.clone());
            locals.push(LocalDefinition { name, expr, sensitive: false });
        }
    }
    locals
}

/// Reports locals that share a name.
pub fn report_duplicates(locals: &[LocalDefinition], files: &Files, diags: &mut Diagnostics) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for local in locals {
        if let Some(first) = seen.insert(&local.name.name, local.name.span) {
            let detail = format!(
                "Local variable {:?} is defined twice in your templates. Other definition found at {:?}",
                local.name.name,
                files.place(first)
            );
            diags.error("Duplicate local definition", detail, local.name.span);
        }
    }
}
