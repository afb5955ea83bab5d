//! The `build` block: which sources are built, and what happens to them.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::component::{self, ComponentBlock, POST_PROCESSOR_META, PROVISIONER_META};
use crate::config::shape::{Shape, attribute};
use crate::config::{registry, setting};
use crate::diagnostic::Diagnostics;
use crate::dynamic::{self, Budget};
use crate::eval::Scope;
use crate::span::Span;
use crate::syntax::ast::{Block, Body, Expr, Ident};

/// What may stand in a `build` block.
pub const BUILD: Shape = Shape {
    attributes: &["name", "description", "sources"],
    required: &[],
    blocks: &[
        ("source", &["reference"]),
        ("provisioner", &["type"]),
        ("error-cleanup-provisioner", &["type"]),
        ("post-processor", &["type"]),
        ("post-processors", &[]),
        ("hcp_packer_registry", &[]),
        ("from", &["type"]),
        ("dynamic", &["type"]),
    ],
};
/// What may stand in a `post-processors` block.
pub const CHAIN: Shape =
    Shape { attributes: &[], required: &[], blocks: &[("post-processor", &["type"]), ("dynamic", &["type"])] };

/// A decoded `build` block.
#[derive(Clone, Debug)]
pub struct BuildBlock {
    /// What its builds' names start with.
    pub name: Option<Arc<Expr>>,
    /// Shown by `inspect`.
    pub description: Option<Arc<Expr>>,
    /// `sources = […]`.
    pub sources: Option<Arc<Expr>>,
    /// `source "type.name" { … }`, in order.
    pub source_uses: Vec<SourceUse>,
    /// The provisioners, in order.
    pub provisioners: Vec<ComponentBlock>,
    /// What runs when a provisioner failed.
    pub error_cleanup: Option<ComponentBlock>,
    /// The post-processor chains, in file order regardless of their form.
    pub chains: Vec<Chain>,
    /// Whether it says what a registry is told of it.
    pub has_registry: bool,
    /// The block's header.
    pub header: Span,
}

/// Post-processors that hand an artifact on from one to the next.
pub type Chain = Vec<ComponentBlock>;

/// A source used inside a build, perhaps renamed and completed.
#[derive(Clone, Debug)]
pub struct SourceUse {
    /// `type.name`.
    pub reference: Ident,
    /// A local name in place of the source's own.
    pub name: Option<Ident>,
    /// What is added to the source's configuration.
    pub body: Body,
    /// The block's header.
    pub header: Span,
}

/// Decodes a `build` block. Its `dynamic` blocks are expanded in `scope`.
///
/// Nothing is said of what is in a block whose own shape is wrong.
pub fn decode(block: &Block, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<BuildBlock> {
    let body = well_formed(&BUILD, block, scope, diags)?;
    let expr = |name: &str| attribute(&body, name).map(|attribute| attribute.expr.clone());
    let mut build = BuildBlock {
        name: expr("name"),
        description: expr("description"),
        sources: expr("sources"),
        source_uses: Vec::new(),
        provisioners: Vec::new(),
        error_cleanup: None,
        chains: Vec::new(),
        has_registry: false,
        header: block.header,
    };
    for inner in &body.blocks {
        decode_inner(inner, &mut build, scope, diags);
    }
    Some(build)
}

/// The expanded body of `block`, if it has this shape.
fn well_formed<'b>(
    shape: &Shape,
    block: &'b Block,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Option<Cow<'b, Body>> {
    let mut found = Diagnostics::new();
    let body = dynamic::expand(&block.body, &|name| shape.role(name), scope, &mut Budget::default(), &mut found);
    shape.check(&body, block.header, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    (!failed).then_some(body)
}

fn decode_inner(inner: &Block, build: &mut BuildBlock, scope: &Scope<'_>, diags: &mut Diagnostics) {
    match &*inner.kind.name {
        "source" => build.source_uses.extend(decode_use(inner, diags)),
        "provisioner" => build.provisioners.extend(component::decode(inner, PROVISIONER_META, diags)),
        "error-cleanup-provisioner" => {
            if build.error_cleanup.is_some() {
                let detail = "A build block may hold one error-cleanup-provisioner.";
                diags.error("Only one error-cleanup-provisioner is allowed", detail, inner.header);
            } else {
                build.error_cleanup = component::decode(inner, PROVISIONER_META, diags);
            }
        }
        "post-processor" => {
            let single = component::decode(inner, POST_PROCESSOR_META, diags);
            build.chains.extend(single.map(|block| vec![block]));
        }
        "post-processors" => {
            let Some(body) = well_formed(&CHAIN, inner, scope, diags) else { return };
            let blocks = body.blocks.iter();
            build
                .chains
                .push(blocks.filter_map(|block| component::decode(block, POST_PROCESSOR_META, diags)).collect());
        }
        "hcp_packer_registry" if std::mem::replace(&mut build.has_registry, true) => {
            let detail = "A build block may hold one registry block.";
            diags.error("Only one hcp_packer_registry is allowed", detail, inner.header);
        }
        "hcp_packer_registry" => registry::check(inner, scope, diags),
        _ => {}
    }
}

/// The local name is part of the build's name, which must not depend on anything: it is evaluated without variables.
fn decode_use(inner: &Block, diags: &mut Diagnostics) -> Option<SourceUse> {
    let mut body = inner.body.clone();
    let mut name = None;
    if let Some(found) = body.take(&["name"], diags).pop() {
        let text = setting::text(&found.expr, None, diags)?;
        name = Some(Ident { name: text, span: found.expr.span });
    }
    Some(SourceUse { reference: inner.labels[0].clone(), name, body, header: inner.header })
}
