//! The `build` block: which sources are built, and what happens to them.

use std::sync::Arc;

use crate::config::component::{self, ComponentBlock, POST_PROCESSOR_META, PROVISIONER_META};
use crate::config::shape::{Shape, attribute, has_labels};
use crate::diagnostic::Diagnostics;
use crate::span::Span;
use crate::syntax::ast::{Block, Body, Expr, ExprKind, Ident};

const BUILD: Shape = Shape {
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
const CHAIN: Shape =
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
    /// `dynamic` blocks: valid, but not expanded yet, so such a build is refused when it is compiled.
    pub dynamic: Vec<Span>,
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

/// Decodes a `build` block.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> BuildBlock {
    BUILD.check(&block.body, block.header, diags);
    let expr = |name: &str| attribute(&block.body, name).map(|attribute| attribute.expr.clone());
    let mut build = BuildBlock {
        name: expr("name"),
        description: expr("description"),
        sources: expr("sources"),
        source_uses: Vec::new(),
        provisioners: Vec::new(),
        error_cleanup: None,
        chains: Vec::new(),
        dynamic: Vec::new(),
        header: block.header,
    };
    for inner in &block.body.blocks {
        decode_inner(inner, &mut build, diags);
    }
    build
}

fn decode_inner(inner: &Block, build: &mut BuildBlock, diags: &mut Diagnostics) {
    match &*inner.kind.name {
        "source" if has_labels(inner, 1) => build.source_uses.extend(decode_use(inner, diags)),
        "provisioner" => build.provisioners.extend(component::decode(inner, PROVISIONER_META)),
        "error-cleanup-provisioner" => {
            if build.error_cleanup.is_some() {
                let detail = "A build block may hold one error-cleanup-provisioner.";
                diags.error("Only one error-cleanup-provisioner is allowed", detail, inner.header);
            } else {
                build.error_cleanup = component::decode(inner, PROVISIONER_META);
            }
        }
        "post-processor" => {
            let single = component::decode(inner, POST_PROCESSOR_META);
            build.chains.extend(single.map(|block| vec![block]));
        }
        "post-processors" => {
            CHAIN.check(&inner.body, inner.header, diags);
            let blocks = inner.body.blocks.iter().filter(|block| &*block.kind.name == "post-processor");
            let chain: Chain = blocks.filter_map(|block| component::decode(block, POST_PROCESSOR_META)).collect();
            build.chains.push(chain);
            let dynamic = inner.body.blocks.iter().filter(|block| &*block.kind.name == "dynamic");
            build.dynamic.extend(dynamic.map(|block| block.header));
        }
        "dynamic" => build.dynamic.push(inner.header),
        "hcp_packer_registry" => {
            let detail = "This version does not publish to a registry. The block is read and nothing is sent.";
            diags.warning("hcp_packer_registry has no effect", detail, inner.header);
        }
        _ => {}
    }
}

fn decode_use(inner: &Block, diags: &mut Diagnostics) -> Option<SourceUse> {
    let mut body = inner.body.clone();
    let mut name = None;
    if let Some(found) = attribute(&inner.body, "name") {
        let ExprKind::String(text) = &found.expr.kind else {
            let detail = "The local name of a source must be a literal string.";
            diags.error("Variables not allowed", detail, found.expr.span);
            return None;
        };
        name = Some(Ident { name: text.clone(), span: found.expr.span });
        body.attributes.retain(|attribute| &*attribute.name.name != "name");
    }
    Some(SourceUse { reference: inner.labels[0].clone(), name, body, header: inner.header })
}
