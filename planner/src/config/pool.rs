//! The `pool` block in a `packer` block: a named capacity that builds claim shares of.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::shape::{Shape, attribute, check_identifier};
use crate::diagnostic::Diagnostics;
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Block, Expr, Ident};

const POOL: Shape = Shape { attributes: &["capacity"], required: &["capacity"], blocks: &[] };

/// Names that the program's own limits have.
const RESERVED: [&str; 2] = ["builds", "slots"];

/// A decoded `pool` block.
#[derive(Clone, Debug)]
pub struct PoolBlock {
    /// What it is called.
    pub name: Ident,
    /// How much there is.
    pub capacity: Arc<Expr>,
    /// The block's header.
    pub header: Span,
}

/// Decodes a `pool` block with one label.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> Option<PoolBlock> {
    let body = POOL.content(&block.body, block.header, diags);
    let name = &block.labels[0];
    if !check_identifier(name, "Invalid pool name", diags) {
        return None;
    }
    if RESERVED.contains(&&*name.name) {
        let detail = format!("{:?} is what the limits of -parallel-builds and --max-parallel are called.", name.name);
        diags.error("Invalid pool name", detail, name.span);
        return None;
    }
    let capacity = attribute(&body, "capacity")?.expr.clone();
    Some(PoolBlock { name: name.clone(), capacity, header: block.header })
}

/// Reports pools that share a name.
pub fn report_duplicates(pools: &[PoolBlock], files: &Files, diags: &mut Diagnostics) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for pool in pools {
        if let Some(first) = seen.insert(&pool.name.name, pool.header) {
            let detail = format!("There is a pool {:?} at {} already.", pool.name.name, files.place(first));
            diags.error("Duplicate pool", detail, pool.header);
        }
    }
}
