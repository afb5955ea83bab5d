//! The `source` block: a builder's configuration, used by builds.

use std::collections::HashMap;

use crate::diagnostic::Diagnostics;
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Block, Body, Ident};

/// A decoded `source` block.
#[derive(Clone, Debug)]
pub struct SourceBlock {
    /// The builder's type.
    pub kind: Ident,
    /// Its name.
    pub name: Ident,
    /// The builder's configuration.
    pub body: Body,
    /// The block's header.
    pub header: Span,
}

/// Decodes a `source` block with two labels.
pub fn decode(block: &Block) -> SourceBlock {
    SourceBlock {
        kind: block.labels[0].clone(),
        name: block.labels[1].clone(),
        body: block.body.clone(),
        header: block.header,
    }
}

/// Reports sources that share type and name.
pub fn report_duplicates(sources: &[SourceBlock], files: &Files, diags: &mut Diagnostics) {
    let mut seen: HashMap<(&str, &str), Span> = HashMap::new();
    for source in sources {
        if let Some(first) = seen.insert((&source.kind.name, &source.name.name), source.header) {
            diags.error("Duplicate source block", duplicate_detail(files, first), source.header);
        }
    }
}

/// Says where the other block of the same type and name stands.
pub fn duplicate_detail(files: &Files, first: Span) -> String {
    format!(
        "This source block has the same builder type and name as a previous block declared at {}. Each source must \
         have a unique name per builder type.",
        files.place(first)
    )
}
