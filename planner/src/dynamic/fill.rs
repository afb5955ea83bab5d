//! The content of a `dynamic` block with one element put in. Expressions are shared, not copied.

use std::sync::Arc;

use crate::dynamic::expand::is_dynamic;
use crate::syntax::ast::{Attribute, Binding, Block, Body, Expr, ExprKind};

/// `content` with every expression in it seeing `binding`.
pub(super) fn bind(content: &Body, binding: &Arc<Binding>) -> Body {
    Filling { binding, forgets: false }.body(content)
}

/// `content` with nothing known but its shape, for a collection whose elements are not known.
///
/// The `dynamic` blocks in it keep what they are expanded by.
pub(super) fn forget(content: &Body, binding: &Arc<Binding>) -> Body {
    Filling { binding, forgets: true }.body(content)
}

/// `expr` seeing `binding`, in place of what it saw before: that is part of `binding`.
pub(super) fn bound(expr: &Arc<Expr>, binding: &Arc<Binding>) -> Arc<Expr> {
    let inner = match &expr.kind {
        ExprKind::Unknown => return expr.clone(),
        ExprKind::Bound(_, inner) => inner,
        _ => expr,
    };
    Arc::new(Expr { kind: ExprKind::Bound(binding.clone(), inner.clone()), span: expr.span })
}

struct Filling<'a> {
    binding: &'a Arc<Binding>,
    forgets: bool,
}

impl Filling<'_> {
    fn body(&self, body: &Body) -> Body {
        // In JSON a block is an attribute until the body is shaped, which makes what is known by then unknown.
        let is_later = body.json.as_ref().is_some_and(|json| !json.is_shaped);
        let attributes = body.attributes.iter().map(|attribute| {
            let expr = if self.forgets && !is_later {
                Arc::new(Expr { kind: ExprKind::Unknown, span: attribute.expr.span })
            } else {
                bound(&attribute.expr, self.binding)
            };
            Attribute { expr, ..attribute.clone() }
        });
        let blocks = body.blocks.iter().map(|block| {
            let body = if is_dynamic(block) { self.dynamic(&block.body) } else { self.body(&block.body) };
            with_body(block, body)
        });
        Body {
            attributes: attributes.collect(),
            blocks: blocks.collect(),
            span: body.span,
            is_unknown: body.is_unknown || self.forgets,
            json: body.json.clone(),
        }
    }

    /// The body of a `dynamic` block: its own arguments are always needed.
    fn dynamic(&self, body: &Body) -> Body {
        let attributes = body
            .attributes
            .iter()
            .map(|attribute| Attribute { expr: bound(&attribute.expr, self.binding), ..attribute.clone() });
        let blocks = body.blocks.iter().map(|block| with_body(block, self.body(&block.body)));
        Body {
            attributes: attributes.collect(),
            blocks: blocks.collect(),
            span: body.span,
            is_unknown: body.is_unknown,
            json: body.json.clone(),
        }
    }
}

fn with_body(block: &Block, body: Body) -> Block {
    Block { kind: block.kind.clone(), labels: block.labels.clone(), body, span: block.span, header: block.header }
}
