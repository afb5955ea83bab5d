//! Where expressions begin: what diagnostics about a function argument point at.

use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, Step, TemplatePart};

/// The leading part of an expression: the first operand, the name and parenthesis of a call, the opening bracket, the
/// text between quotes.
pub(super) fn start_of(expr: &Expr) -> Span {
    match &expr.kind {
        ExprKind::Binary(_, first, _) | ExprKind::Paren(first) => start_of(first),
        ExprKind::Conditional(parts) => start_of(&parts[0]),
        ExprKind::Bound(_, inner) => start_of(inner),
        ExprKind::Unary(..) | ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) => first_byte(expr.span),
        ExprKind::Call(call) => Span { end: call.name.span.end + 1, ..call.name.span },
        ExprKind::Access(access) => match access.steps.last() {
            Some(Step::Splat { span, .. }) => *span,
            Some(step @ Step::Index(_, span)) if !is_literal(step) => first_byte(*span),
            _ => expr.span,
        },
        ExprKind::Template(parts) => match parts.first() {
            Some(TemplatePart::Literal(_, span)) => *span,
            Some(TemplatePart::For(directive)) => directive.span,
            Some(TemplatePart::If(directive)) => start_of(&directive.condition),
            Some(TemplatePart::Interpolation(inner)) => start_of(inner),
            None => expr.span,
        },
        ExprKind::String(_) => between_quotes(expr.span),
        _ => expr.span,
    }
}

fn first_byte(span: Span) -> Span {
    Span { end: span.start + 1, ..span }
}

/// The place behind it when there is nothing between.
fn between_quotes(span: Span) -> Span {
    let Span { start, end, .. } = span;
    if end - start > 2 { Span { start: start + 1, end: end - 1, ..span } } else { Span { start: end, ..span } }
}

/// Whether a step is known from the text alone, so that it forms one traversal with those beside it.
pub(super) fn is_literal(step: &Step) -> bool {
    match step {
        Step::Attr(..) => true,
        Step::Index(key, _) => {
            matches!(key.kind, ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Bool(_) | ExprKind::Null)
        }
        Step::Splat { .. } => false,
    }
}

/// A step's name, or its index when that is a literal.
pub(super) fn literal_key(step: &Step) -> Option<LiteralKey<'_>> {
    match step {
        Step::Attr(name, _) => Some(LiteralKey::Attr(&name.name)),
        Step::Index(Expr { kind: ExprKind::Number(text), .. }, _) => Some(LiteralKey::Number(text)),
        Step::Index(Expr { kind: ExprKind::String(text), .. }, _) => Some(LiteralKey::String(text)),
        Step::Index(..) | Step::Splat { .. } => None,
    }
}

/// A step that is known without evaluation.
pub(super) enum LiteralKey<'a> {
    Attr(&'a std::sync::Arc<str>),
    Number(&'a std::sync::Arc<str>),
    String(&'a std::sync::Arc<str>),
}
