//! The `data` block: a value fetched before what refers to it.

use std::collections::HashMap;

use crate::config::shape::check_identifier;
use crate::config::source::duplicate_detail;
use crate::diagnostic::Diagnostics;
use crate::files::Files;
use crate::span::Span;
use crate::syntax::ast::{Block, Body, Ident};

/// A decoded `data` block.
#[derive(Clone, Debug)]
pub struct DataBlock {
    /// The data source's type.
    pub kind: Ident,
    /// Its name.
    pub name: Ident,
    /// Its configuration.
    pub body: Body,
    /// The block's header.
    pub header: Span,
}

impl DataBlock {
    /// `data.type.name`.
    pub fn reference(&self) -> String {
        format!("data.{}.{}", self.kind.name, self.name.name)
    }
}

/// Decodes a `data` block with two labels.
pub fn decode(block: &Block, diags: &mut Diagnostics) -> Option<DataBlock> {
    let (kind, name) = (block.labels[0].clone(), block.labels[1].clone());
    let valid = check_identifier(&kind, "Invalid data source name", diags);
    if !(check_identifier(&name, "Invalid data resource name", diags) && valid) {
        return None;
    }
    Some(DataBlock { kind, name, body: block.body.clone(), header: block.header })
}

/// Reports data sources that share type and name.
pub fn report_duplicates(data: &[DataBlock], files: &Files, diags: &mut Diagnostics) {
    let mut seen: HashMap<(&str, &str), Span> = HashMap::new();
    for block in data {
        if let Some(first) = seen.insert((&block.kind.name, &block.name.name), block.header) {
            diags.error("Duplicate data block", duplicate_detail(files, first), block.header);
        }
    }
}
