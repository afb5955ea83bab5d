//! JSON values where the language looks at an expression instead of evaluating it: types, names, literal text.

use std::borrow::Cow;
use std::sync::Arc;

use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, JsonDocument, JsonExpr};
use crate::syntax::json::{Kind, Node};
use crate::syntax::parse::parse_string_expression;

impl JsonDocument {
    /// What the string at `span` is as a template, or what is wrong with it; none for a string without sequences.
    pub fn template(&self, span: Span) -> Option<&Result<Expr, crate::diagnostic::Diagnostics>> {
        let at = self.templates.binary_search_by_key(&span.start, |(start, _)| *start).ok()?;
        Some(&self.templates[at].1)
    }
}

impl Expr {
    /// A JSON value as an expression.
    pub(super) fn of_json(node: &Node, document: &Arc<JsonDocument>) -> Self {
        let json = JsonExpr { node: node.clone(), document: Arc::clone(document) };
        Self { span: node.span, kind: ExprKind::Json(Box::new(json)) }
    }

    /// The expression to look at without evaluating it: a JSON string holds it as text. Text that is no expression stays
    /// what it is.
    pub fn to_analyse(&self) -> Cow<'_, Expr> {
        match &self.kind {
            ExprKind::Json(json) => match &json.node.kind {
                Kind::String(text) => parse_string_expression(text, &json.document.text, self.span)
                    .map_or(Cow::Borrowed(self), Cow::Owned),
                _ => Cow::Borrowed(self),
            },
            _ => Cow::Borrowed(self),
        }
    }

    /// The text of a string without template sequences; in JSON, of any string.
    pub fn as_literal_text(&self) -> Option<&Arc<str>> {
        match &self.kind {
            ExprKind::String(text) => Some(text),
            ExprKind::Json(json) => match &json.node.kind {
                Kind::String(text) => Some(text),
                _ => None,
            },
            _ => None,
        }
    }

    /// The items of a tuple as expressions of their own.
    pub fn items(&self) -> Option<Cow<'_, [Expr]>> {
        match &self.kind {
            ExprKind::Tuple(items) => Some(Cow::Borrowed(items)),
            ExprKind::Json(json) => {
                json.node.items().map(|items| items.iter().map(|item| Expr::of_json(item, &json.document)).collect())
            }
            _ => None,
        }
    }
}
