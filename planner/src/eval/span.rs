//! Where expressions begin: what diagnostics about a function argument point at.

use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, Step, TemplatePart};

/// The leading part of an expression: the first operand, the name and parenthesis of a call, the opening bracket.
pub(super) fn start_of(expr: &Expr) -> Span {
    match &expr.kind {
        ExprKind::Binary(_, first, _) | ExprKind::Conditional(first, _, _) | ExprKind::Paren(first) => start_of(first),
        ExprKind::Bound(_, inner) => start_of(inner),
        ExprKind::Unary(..) | ExprKind::Tuple(_) | ExprKind::Object(_) | ExprKind::For(_) => first_byte(expr.span),
        ExprKind::Call { name, .. } => Span { end: name.span.end + 1, ..name.span },
        ExprKind::Access(_, steps) => match steps.last() {
            Some(Step::Splat { span, .. }) => *span,
            Some(step @ Step::Index(_, span)) if literal_key(step).is_none() => first_byte(*span),
            _ => expr.span,
        },
        ExprKind::Template(parts) => match parts.first() {
            Some(TemplatePart::Literal(_, span) | TemplatePart::If { span, .. } | TemplatePart::For { span, .. }) => {
                *span
            }
            Some(TemplatePart::Interpolation(inner)) => start_of(inner),
            None => expr.span,
        },
        _ => expr.span,
    }
}

fn first_byte(span: Span) -> Span {
    Span { end: span.start + 1, ..span }
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
