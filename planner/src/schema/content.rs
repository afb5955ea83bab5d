//! Whether bodies hold what their schema asks for, and nothing else.

use std::collections::BTreeMap;

use crate::catalog::Schema;
use crate::config::shape::{attribute, check_labels, unsupported_argument, unsupported_block};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::schema::roles::Roles;
use crate::span::Span;
use crate::syntax::Role;
use crate::syntax::ast::{Attribute, Block, Body};

/// Several bodies (a source's and what a build adds to it) that are decoded together.
#[derive(Clone, Copy)]
pub(super) struct Content<'a> {
    pub(super) schema: &'a Schema,
    pub(super) bodies: &'a [&'a Body],
}

impl<'a> Content<'a> {
    /// Where something that is missing would stand.
    pub(super) fn start(self) -> Option<Span> {
        self.bodies.first().map(|body| body.missing_item_at())
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'a Attribute> {
        self.bodies.iter().rev().find_map(|body| attribute(body, name))
    }

    /// The blocks of one type, but for those with other labels than `n_labels`, of which [`Content::check`] complains.
    pub(super) fn blocks(self, kind: &str, n_labels: usize) -> impl Iterator<Item = &'a Block> {
        let all = self.bodies.iter().flat_map(|body| &body.blocks);
        all.filter(move |block| &*block.kind.name == kind && block.labels.len() == n_labels)
    }

    /// Reports what is missing and what should not be there.
    pub(super) fn check(self, diags: &mut Diagnostics) {
        for required in self.schema.attributes.iter().filter(|known| known.required) {
            if self.attribute(&required.name).is_none() {
                let detail = format!("The argument {:?} is required, but no definition was found.", required.name);
                diags.push(Diagnostic::error("Missing required argument", detail, self.start()));
            }
        }
        let roles = Roles::of(self.schema);
        let blocks = || self.bodies.iter().flat_map(|body| &body.blocks);
        for block in blocks() {
            if let Some(Role::Block(labels)) = roles.get(&block.kind.name) {
                check_labels(block, labels, diags);
            }
        }
        self.check_arguments(diags);
        for block in blocks() {
            if !self.schema.blocks.iter().any(|known| known.name == block.kind.name) {
                diags.push(unsupported_block(&block.kind, self.attribute_names(), self.block_names()));
            }
        }
    }

    fn check_arguments(self, diags: &mut Diagnostics) {
        let mut first: BTreeMap<&str, Span> = BTreeMap::new();
        let attributes = self.bodies.iter().flat_map(|body| body.attributes.iter().map(move |given| (body, given)));
        for (body, Attribute { name, .. }) in attributes {
            if !self.schema.attributes.iter().any(|known| known.name == name.name) {
                diags.push(unsupported_argument(name, body, self.attribute_names(), self.block_names()));
            } else if first.insert(&name.name, name.span).is_some() {
                let detail =
                    format!("Argument {:?} was already set in the source block that this build uses.", name.name);
                diags.error("Duplicate argument", detail, name.span);
            }
        }
    }

    fn attribute_names(self) -> impl Iterator<Item = &'a str> {
        self.schema.attributes.iter().map(|known| &*known.name)
    }

    fn block_names(self) -> impl Iterator<Item = &'a str> {
        self.schema.blocks.iter().map(|known| &*known.name)
    }
}
