//! One `dynamic` block, read and ready to generate from.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::shape::{Shape, attribute};
use crate::diagnostic::Diagnostics;
use crate::dynamic::fill::{bind, bound, forget};
use crate::dynamic::parts::written;
use crate::eval::{self, Scope};
use crate::span::Span;
use crate::syntax::ast::{Attribute, Binding, Block, Body, Expr, ExprKind, Ident, Step};
use crate::value::{Type, Value, convert};

const PLAIN: Shape =
    Shape { attributes: &["for_each", "iterator"], required: &["for_each"], blocks: &[("content", &[])] };
pub(super) const LABELLED: Shape = Shape {
    attributes: &["for_each", "iterator", "labels"],
    required: &["for_each", "labels"],
    blocks: &[("content", &[])],
};

/// The body of a `dynamic` block that generates blocks with `n_labels` labels, if it has the shape of one.
pub(super) fn content<'b>(block: &'b Block, n_labels: usize, diags: &mut Diagnostics) -> Option<Cow<'b, Body>> {
    let shape = if n_labels == 0 { &PLAIN } else { &LABELLED };
    let mut found = Diagnostics::new();
    let body = shape.content(&block.body, block.body.missing_item_at(), &mut found);
    let failed = found.has_errors();
    diags.append(found);
    (!failed).then_some(body)
}

/// What is known of a `dynamic` block before the first element is looked at.
pub(super) struct Spec<'b> {
    block: &'b Block,
    kind: &'b Ident,
    iterator: Arc<str>,
    /// What the blocks around this one bind.
    outer: Option<Arc<Binding>>,
    /// A collection, or an unknown.
    pub(super) collection: Value,
    labels: Vec<Arc<Expr>>,
    pub(super) content: &'b Body,
}

impl<'b> Spec<'b> {
    /// Reads `block`, which generates blocks of type `kind` with `n_labels` labels and holds `body`. What is wrong is
    /// said.
    pub(super) fn read(
        (block, body): (&'b Block, &'b Body),
        kind: &'b Ident,
        n_labels: usize,
        scope: &Scope<'_>,
        diags: &mut Diagnostics,
    ) -> Option<Self> {
        let iterator = match attribute(body, "iterator") {
            Some(attribute) => read_iterator(&attribute.expr, diags)?,
            None => kind.name.clone(),
        };
        let for_each = attribute(body, "for_each")?;
        let collection = read_collection(&for_each.expr, scope, diags)?;
        let labels = match attribute(body, "labels") {
            Some(attribute) => read_labels(attribute, kind, n_labels, diags)?,
            None => Vec::new(),
        };
        let content = read_content(body, block.body.missing_item_at(), diags)?;
        let outer = match &for_each.expr.kind {
            ExprKind::Bound(outer, _) => Some(outer.clone()),
            _ => None,
        };
        Some(Self { block, kind, iterator, outer, collection, labels, content })
    }

    /// The block for one element, in a body that may itself stand for any number of blocks; `None` when its labels are
    /// none, which is said.
    pub(super) fn block(
        &self,
        key: Value,
        value: Value,
        is_unknown: bool,
        scope: &Scope<'_>,
        diags: &mut Diagnostics,
    ) -> Option<Block> {
        let binding = self.binding(key, value);
        let labels = self.label(&binding, scope, diags)?;
        let fill = if is_unknown { forget } else { bind };
        Some(self.generated(labels, fill(self.content, &binding)))
    }

    /// The block that stands for any number of blocks.
    pub(super) fn unknown_block(&self, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Block> {
        let binding = self.binding(Value::Unknown(Type::Dynamic), Value::Unknown(Type::Dynamic));
        let labels = self.label(&binding, scope, diags)?;
        Some(self.generated(labels, forget(self.content, &binding)))
    }

    fn binding(&self, key: Value, value: Value) -> Arc<Binding> {
        let value = Value::object([("key", key), ("value", value)]);
        Arc::new(Binding { name: self.iterator.clone(), value, outer: self.outer.clone() })
    }

    fn generated(&self, labels: Vec<Ident>, body: Body) -> Block {
        let Block { span, header, .. } = *self.block;
        Block { kind: self.kind.clone(), labels, body, span, header }
    }

    fn label(&self, binding: &Arc<Binding>, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Vec<Ident>> {
        self.labels.iter().map(|expr| evaluate_label(&bound(expr, binding), scope, diags)).collect()
    }
}

fn read_iterator(expr: &Expr, diags: &mut Diagnostics) -> Option<Arc<str>> {
    let named = written(expr).to_analyse();
    match &named.kind {
        ExprKind::Variable(name) => Some(name.clone()),
        ExprKind::Bool(value) => Some(Arc::from(if *value { "true" } else { "false" })),
        ExprKind::Null => Some(Arc::from("null")),
        ExprKind::Access(..) if is_static(&named) => {
            let detail = "Dynamic iterator must be a single variable name.";
            diags.error("Invalid dynamic iterator name", detail, expr.span);
            None
        }
        _ => {
            let detail = "A single static variable reference is required: only attribute access and indexing with \
                          constant keys. No calculations, function calls, template expressions, etc are allowed here.";
            diags.error("Invalid expression", detail, expr.span);
            None
        }
    }
}

/// Whether `expr` is a name with nothing but names and constant indexes behind it.
fn is_static(expr: &Expr) -> bool {
    let ExprKind::Access(access) = &expr.kind else { return false };
    let constant = |step: &Step| match step {
        Step::Attr(..) => true,
        Step::Index(key, _) => matches!(key.kind, ExprKind::Number(_) | ExprKind::String(_)),
        Step::Splat { .. } => false,
    };
    matches!(access.root.kind, ExprKind::Variable(_)) && access.steps.iter().all(constant)
}

/// The value of `for_each`: a collection, or an unknown that may become one.
fn read_collection(expr: &Expr, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Value> {
    let value = eval::evaluate_cleanly(expr, scope, diags)?;
    let ty = value.ty();
    let detail = if !ty.is_iterable() && ty != Type::Dynamic {
        format!("Cannot use a {ty} value in for_each. An iterable collection is required.")
    } else if value.is_null() {
        "Cannot use a null value in for_each.".to_owned()
    } else {
        return Some(value);
    };
    diags.push(eval::explain(expr, scope, "Invalid dynamic for_each value", detail));
    None
}

/// The expressions of `labels`, as many as blocks of type `kind` have.
fn read_labels(
    attribute: &Attribute,
    kind: &Ident,
    n_labels: usize,
    diags: &mut Diagnostics,
) -> Option<Vec<Arc<Expr>>> {
    let Some(items) = written(&attribute.expr).items() else {
        diags.error("Invalid expression", "A static list expression is required.", attribute.expr.span);
        return None;
    };
    let (summary, place) = match items.get(n_labels) {
        Some(extra) => ("Extraneous dynamic block label", extra.span),
        None if items.len() < n_labels => ("Insufficient dynamic block labels", attribute.expr.span),
        None => return Some(items.iter().cloned().map(Arc::new).collect()),
    };
    diags.error(summary, format!("Blocks of type {:?} require {n_labels} label(s).", kind.name), place);
    None
}

fn read_content<'b>(body: &'b Body, owner: Span, diags: &mut Diagnostics) -> Option<&'b Body> {
    // The shape allows no other blocks.
    match body.blocks.as_slice() {
        [content] => Some(&content.body),
        [] => {
            let detail = "A dynamic block must have a nested block of type \"content\" to describe the body of each \
                          generated block.";
            diags.error("Missing dynamic content block", detail, owner);
            None
        }
        [_, extra, ..] => {
            let detail = "Only one nested content block is allowed for each dynamic block.";
            diags.error("Extraneous dynamic content block", detail, extra.header);
            None
        }
    }
}

fn evaluate_label(expr: &Expr, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Ident> {
    let value = eval::evaluate_cleanly(expr, scope, diags)?;
    let detail = match convert(&value, &Type::String) {
        Ok(Value::String(name)) => return Some(Ident { name, span: expr.span }),
        Err(error) => format!("Cannot use this value as a dynamic block label: {error}."),
        Ok(value) if value.is_null() => "Cannot use a null value as a dynamic block label.".to_owned(),
        Ok(_) => "This value is not yet known. Dynamic block labels must be immediately-known values.".to_owned(),
    };
    diags.push(eval::explain(expr, scope, "Invalid dynamic block label", detail));
    None
}
