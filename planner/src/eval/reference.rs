//! The variables that an expression refers to, without evaluating it.

use std::sync::Arc;

use crate::eval::span::{LiteralKey, literal_key};
use crate::span::Span;
use crate::syntax::ast::{Binding, Expr, ExprKind, ForExpr, JsonDocument, ObjectKey, Step, TemplatePart};
use crate::syntax::json::{Kind, Node};

/// A name in an expression with the steps behind it that are known from the text.
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// The variable.
    pub root: Arc<str>,
    /// What follows, up to the first step that needs evaluation.
    pub steps: Vec<ReferenceStep>,
    /// The name and these steps.
    pub span: Span,
}

/// A step that is known from the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReferenceStep {
    /// `.name`, or the same as `["name"]`.
    Key(Arc<str>),
    /// `[0]`, the digits as written.
    Index(Arc<str>),
}

impl ReferenceStep {
    /// The name in `.name` or `["name"]`.
    pub fn as_attr(&self) -> Option<&str> {
        if let Self::Key(name) = self { Some(name) } else { None }
    }
}

/// Every free variable of `expr`, in the order of the text. Names that a `for` introduces are not free.
pub fn references(expr: &Expr) -> Vec<Reference> {
    let mut walk = Walk { found: Vec::new(), bound: Vec::new() };
    walk.expr(expr);
    walk.found
}

struct Walk<'a> {
    found: Vec<Reference>,
    /// Names of the `for` expressions around.
    bound: Vec<&'a str>,
}

impl<'a> Walk<'a> {
    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Null | ExprKind::Bool(_) | ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Unknown => {}
            ExprKind::Variable(name) => self.variable(name, &[], expr.span),
            ExprKind::Access(access) => self.access(&access.root, &access.steps),
            ExprKind::Unary(_, inner) | ExprKind::Paren(inner) | ExprKind::Unwrap(inner) => self.expr(inner),
            ExprKind::Binary(_, left, right) => self.all([&**left, right]),
            ExprKind::Conditional(parts) => self.all(&**parts),
            ExprKind::Tuple(items) => self.all(items),
            ExprKind::Object(items) => {
                for item in items {
                    if let ObjectKey::Expr(key) = &item.key {
                        self.expr(key);
                    }
                    self.expr(&item.value);
                }
            }
            ExprKind::For(inner) => self.for_expr(inner),
            ExprKind::Call(call) => self.all(&call.args),
            ExprKind::Template(parts) => self.parts(parts),
            ExprKind::Bound(binding, inner) => self.bound(binding, inner),
            ExprKind::Json(json) => self.json(&json.node, &json.document),
        }
    }

    fn json(&mut self, node: &'a Node, document: &'a JsonDocument) {
        match &node.kind {
            Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
            Kind::String(_) => self.json_string(node.span, document),
            Kind::Array(items) => items.iter().for_each(|item| self.json(item, document)),
            Kind::Object(properties) => {
                for property in properties.iter() {
                    self.json_string(property.name_span, document);
                    self.json(&property.value, document);
                }
            }
        }
    }

    fn json_string(&mut self, span: Span, document: &'a JsonDocument) {
        if let Some(Ok(template)) = document.template(span) {
            self.expr(template);
        }
    }

    fn bound(&mut self, binding: &'a Binding, inner: &'a Expr) {
        let before = self.bound.len();
        self.bound
            .extend(std::iter::successors(Some(binding), |inner| inner.outer.as_deref()).map(|inner| &*inner.name));
        self.expr(inner);
        self.bound.truncate(before);
    }

    fn all(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        for expr in exprs {
            self.expr(expr);
        }
    }

    fn access(&mut self, root: &'a Expr, steps: &'a [Step]) {
        match &root.kind {
            ExprKind::Variable(name) => self.variable(name, steps, root.span),
            _ => self.expr(root),
        }
        self.indices(steps);
    }

    /// Index expressions may refer to variables of their own.
    fn indices(&mut self, steps: &'a [Step]) {
        for step in steps {
            match step {
                Step::Attr(..) => {}
                Step::Index(index, _) => self.expr(index),
                Step::Splat { each, .. } => self.indices(each),
            }
        }
    }

    fn variable(&mut self, name: &Arc<str>, steps: &[Step], mut span: Span) {
        if self.bound.iter().any(|bound| **bound == **name) {
            return;
        }
        let mut literal = Vec::new();
        for step in steps {
            let (Step::Attr(_, at) | Step::Index(_, at) | Step::Splat { span: at, .. }) = step;
            match literal_key(step) {
                Some(LiteralKey::Attr(key) | LiteralKey::String(key)) => literal.push(ReferenceStep::Key(key.clone())),
                Some(LiteralKey::Number(digits)) => literal.push(ReferenceStep::Index(digits.clone())),
                None => break,
            }
            span = span.to(*at);
        }
        self.found.push(Reference { root: name.clone(), steps: literal, span });
    }

    fn for_expr(&mut self, inner: &'a ForExpr) {
        self.expr(&inner.collection);
        let before = self.bound.len();
        self.bound.extend(inner.key_name.iter().chain([&inner.value_name]).map(|name| &*name.name));
        self.all(inner.key.iter().chain([&inner.value]).chain(&inner.condition));
        self.bound.truncate(before);
    }

    fn parts(&mut self, parts: &'a [TemplatePart]) {
        for part in parts {
            match part {
                TemplatePart::Literal(..) => {}
                TemplatePart::Interpolation(inner) => self.expr(inner),
                TemplatePart::If(directive) => {
                    self.expr(&directive.condition);
                    self.parts(&directive.then);
                    self.parts(&directive.otherwise);
                }
                TemplatePart::For(directive) => {
                    self.expr(&directive.collection);
                    let before = self.bound.len();
                    let names = directive.key_name.iter().chain([&directive.value_name]);
                    self.bound.extend(names.map(|name| &*name.name));
                    self.parts(&directive.body);
                    self.bound.truncate(before);
                }
            }
        }
    }
}
