//! What the names in a body are by its schema, at every depth.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::catalog::{BlockNesting, Schema};
use crate::diagnostic::Diagnostics;
use crate::dynamic::{self, Budget};
use crate::eval::Scope;
use crate::syntax::Role;
use crate::syntax::ast::Body;

/// `body` with the `dynamic` blocks at every depth of it expanded in `scope`.
pub fn expand<'b>(schema: &Schema, body: &'b Body, scope: &Scope<'_>, diags: &mut Diagnostics) -> Cow<'b, Body> {
    expand_within(schema, body, scope, &mut Budget::default(), diags)
}

fn expand_within<'b>(
    schema: &Schema,
    body: &'b Body,
    scope: &Scope<'_>,
    budget: &mut Budget,
    diags: &mut Diagnostics,
) -> Cow<'b, Body> {
    let roles = Roles::of(schema);
    let expanded = dynamic::expand(body, &|name| roles.get(name), scope, budget, diags);
    in_depth(&roles, expanded, |schema, body| match expand_within(schema, body, scope, budget, diags) {
        Cow::Owned(body) => Some(body),
        Cow::Borrowed(_) => None,
    })
}

/// `body` with its blocks told from its attributes at every depth, for one in which nothing is expanded.
pub fn shaped<'b>(schema: &Schema, body: &'b Body, diags: &mut Diagnostics) -> Cow<'b, Body> {
    let roles = Roles::of(schema);
    let body = body.shaped(|name| roles.get(name), diags);
    in_depth(&roles, body, |schema, body| match shaped(schema, body, diags) {
        Cow::Owned(body) => Some(body),
        Cow::Borrowed(_) => None,
    })
}

/// Puts what `change` makes of the bodies of nested blocks in their place, but for blocks that are not decoded.
fn in_depth<'b>(
    roles: &Roles<'_>,
    mut body: Cow<'b, Body>,
    mut change: impl FnMut(&Schema, &Body) -> Option<Body>,
) -> Cow<'b, Body> {
    // Of these no more is decoded: there is one already, or nobody knows how many there will be.
    let mut complete = BTreeSet::new();
    for at in 0..body.blocks.len() {
        let block = &body.blocks[at];
        let Some(Role::Block(labels)) = roles.get(&block.kind.name) else { continue };
        let Some(known) = roles.schema.blocks.iter().find(|known| known.name == block.kind.name) else { continue };
        if labels.len() != block.labels.len() || complete.contains(&*known.name) {
            continue;
        }
        let is_decoded = match known.nesting {
            // Every name in it is an argument, there is nothing to tell apart.
            BlockNesting::Attributes(_) => false,
            BlockNesting::Map(_) | BlockNesting::Object(_) => !block.body.is_unknown,
            BlockNesting::Single | BlockNesting::List | BlockNesting::Set => true,
        };
        if block.body.is_unknown || known.nesting == BlockNesting::Single {
            complete.insert(&*known.name);
        }
        let changed = if is_decoded { change(&known.schema, &block.body) } else { None };
        if let Some(changed) = changed {
            body.to_mut().blocks[at].body = changed;
        }
    }
    body
}

/// What the names in a body are.
pub(super) struct Roles<'s> {
    schema: &'s Schema,
    /// The names of the labels of those blocks that have any.
    labelled: Vec<(&'s str, Vec<&'s str>)>,
}

impl<'s> Roles<'s> {
    pub(super) fn of(schema: &'s Schema) -> Self {
        let labelled = schema.blocks.iter().filter_map(|block| match &block.nesting {
            BlockNesting::Map(labels) | BlockNesting::Object(labels) => {
                Some((&*block.name, labels.iter().map(|label| &**label).collect()))
            }
            _ => None,
        });
        Self { schema, labelled: labelled.collect() }
    }

    pub(super) fn get(&self, name: &str) -> Option<Role<'_>> {
        if self.schema.attributes.iter().any(|known| &*known.name == name) {
            return Some(Role::Attribute);
        }
        if !self.schema.blocks.iter().any(|known| &*known.name == name) {
            return None;
        }
        let labels = self.labelled.iter().find(|(kind, _)| *kind == name);
        Some(Role::Block(labels.map_or(&[], |(_, labels)| labels.as_slice())))
    }
}
