//! `local` and `locals` blocks: named expressions.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::shape::{Shape, attribute, check_identifier};
use crate::diagnostic::Diagnostics;
use crate::eval::{self, Scope};
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Block, Expr, Ident};
use crate::value::{Type, convert};

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
pub fn decode(block: &Block, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<LocalDefinition> {
    LOCAL.check(&block.body, block.header, diags);
    let name = block.labels[0].clone();
    if !check_identifier(&name, "Invalid local name", diags) {
        return None;
    }
    let sensitive = attribute(&block.body, "sensitive").is_some_and(|attribute| {
        let value = eval::evaluate(&attribute.expr, scope, diags);
        match convert(&value, &Type::Bool) {
            Ok(value) => value.as_bool().unwrap_or(false),
            Err(error) => {
                let detail = format!("Inappropriate value for attribute \"sensitive\": {error}.");
                diags.error("Unsuitable value type", detail, attribute.expr.span);
                false
            }
        }
    });
    let expr = attribute(&block.body, "expression")?.expr.clone();
    Some(LocalDefinition { name, expr, sensitive })
}

/// Decodes a `locals` block.
pub fn decode_many(block: &Block, diags: &mut Diagnostics) -> Vec<LocalDefinition> {
    for inner in &block.body.blocks {
        let detail = format!("Blocks of type {:?} are not expected here.", inner.kind.name);
        diags.error("Unsupported block type", detail, inner.kind.span);
    }
    let mut locals = Vec::with_capacity(block.body.attributes.len());
    for attribute in &block.body.attributes {
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
