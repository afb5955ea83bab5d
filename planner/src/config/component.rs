//! A provisioner or post-processor block: its meta-arguments apart from the component's own configuration.

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::span::Span;
use crate::syntax::ast::{Block, Body, Expr, Ident};

/// Meta-arguments of a provisioner.
pub const PROVISIONER_META: &[&str] =
    &["name", "only", "except", "pause_before", "timeout", "max_retries", "continue_on_error", "override"];
/// Meta-arguments of a post-processor.
pub const POST_PROCESSOR_META: &[&str] = &["name", "only", "except", "keep_input_artifact"];

/// One provisioner or post-processor block.
#[derive(Clone, Debug)]
pub struct ComponentBlock {
    /// The component's type.
    pub kind: Ident,
    /// What the core itself reads.
    pub meta: MetaArguments,
    /// The component's own configuration.
    pub body: Body,
    /// The block's header.
    pub header: Span,
}

/// The unevaluated meta-arguments, by name.
#[derive(Clone, Debug, Default)]
pub struct MetaArguments(Vec<(Ident, Arc<Expr>)>);

impl MetaArguments {
    /// The expression given for `name`.
    pub fn get(&self, name: &str) -> Option<&Expr> {
        self.0.iter().find(|(ident, _)| &*ident.name == name).map(|(_, expr)| &**expr)
    }

    /// All expressions given.
    pub fn expressions(&self) -> impl Iterator<Item = &Expr> {
        self.0.iter().map(|(_, expr)| &**expr)
    }
}

/// Decodes a block with one label, its type, splitting off the attributes in `meta`.
pub fn decode(block: &Block, meta: &[&str], diags: &mut Diagnostics) -> Option<ComponentBlock> {
    let kind = block.labels.first()?.clone();
    let mut body = block.body.clone();
    let arguments = body.take(meta, diags).into_iter().map(|attribute| (attribute.name, attribute.expr)).collect();
    Some(ComponentBlock { kind, meta: MetaArguments(arguments), body, header: block.header })
}
