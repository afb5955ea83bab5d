//! What a `dynamic` block is made of and what it refers to, without evaluating any of it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::shape::attribute;
use crate::diagnostic::Diagnostics;
use crate::dynamic::expand::is_dynamic;
use crate::dynamic::spec::LABELLED;
use crate::eval::{self, Reference};
use crate::syntax::ast::{Attribute, Block, Body, Expr, ExprKind};

/// The parts of one `dynamic` block, as far as they are there and can be read.
#[derive(Debug)]
pub struct Parts<'b> {
    /// The type of the blocks it generates.
    pub kind: &'b Arc<str>,
    /// What one element is called inside the content and the labels.
    pub iterator: Arc<str>,
    /// What there is a block for each of.
    pub for_each: Option<&'b Attribute>,
    /// The labels of each block.
    pub labels: Option<&'b Attribute>,
    /// The body of each block.
    pub content: Option<&'b Body>,
}

impl<'b> Parts<'b> {
    /// The parts of `block`, which holds `body`; `None` when it does not say what it generates.
    pub fn of(block: &'b Block, body: &'b Body) -> Option<Self> {
        let kind = &block.labels.first()?.name;
        let iterator = attribute(body, "iterator").and_then(|attribute| name_of(&attribute.expr));
        Some(Self {
            kind,
            iterator: iterator.unwrap_or_else(|| kind.clone()),
            for_each: attribute(body, "for_each"),
            labels: attribute(body, "labels"),
            content: body.blocks.iter().find(|inner| &*inner.kind.name == "content").map(|inner| &inner.body),
        })
    }
}

/// The arguments and the content of a `dynamic` block, told apart. What is wrong with them is not said here.
pub fn own_body(block: &Block) -> Cow<'_, Body> {
    block.body.shaped(|name| LABELLED.role(name), &mut Diagnostics::new())
}

/// The expression as it stands in the template, without what its generation binds.
pub(super) fn written(expr: &Expr) -> &Expr {
    if let ExprKind::Bound(_, inner) = &expr.kind { inner } else { expr }
}

/// The name that an `iterator` argument gives, when it is no more than a name.
fn name_of(expr: &Expr) -> Option<Arc<str>> {
    if let ExprKind::Variable(name) = &written(expr).to_analyse().kind { Some(name.clone()) } else { None }
}

/// Everything that `body` refers to, blocks in it included, but for the names that `dynamic` blocks bind themselves.
pub fn references(body: &Body) -> Vec<Reference> {
    let mut found = Vec::new();
    collect(body, &mut Vec::new(), &mut found);
    found
}

fn collect(body: &Body, bound: &mut Vec<Arc<str>>, found: &mut Vec<Reference>) {
    for attribute in &body.attributes {
        collect_free(&attribute.expr, bound, found);
    }
    for block in &body.blocks {
        let Some(parts) = is_dynamic(block).then(|| Parts::of(block, &block.body)).flatten() else {
            collect(&block.body, bound, found);
            continue;
        };
        if let Some(for_each) = parts.for_each {
            collect_free(&for_each.expr, bound, found);
        }
        bound.push(parts.iterator);
        if let Some(labels) = parts.labels {
            collect_free(&labels.expr, bound, found);
        }
        if let Some(content) = parts.content {
            collect(content, bound, found);
        }
        bound.pop();
    }
}

fn collect_free(expr: &Expr, bound: &[Arc<str>], found: &mut Vec<Reference>) {
    found.extend(eval::references(expr).into_iter().filter(|reference| !bound.contains(&reference.root)));
}
