//! The entry points, what is in scope, and which part of the room evaluates what.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::budget::{self, Budget};
use crate::eval::functions::Functions;
use crate::eval::host::Host;
use crate::eval::json;
use crate::eval::lookup::{Found, Lookup, MapLookup};
use crate::span::Span;
use crate::suggest::suggest;
use crate::syntax::ast::{Binding, Expr, ExprKind};
use crate::value::{Number, Type, Value, quote};

/// What an expression can refer to.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    /// Serves variables.
    pub variables: &'a dyn Lookup,
    /// The functions there are.
    pub functions: &'a Functions,
    /// What functions may touch.
    pub host: &'a Host,
}

/// The value of an expression. When it has none, the reasons go to `diags` and the result is an unknown.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>, diags: &mut Diagnostics) -> Value {
    let mut found = Diagnostics::new();
    let budget = Budget::default();
    let value = Evaluator { scope, frame: None, budget: &budget }.value(expr, &mut found);
    // What has a name already was weighed when it got it.
    if !matches!(expr.kind, ExprKind::Variable(_) | ExprKind::Access(..))
        && let Some(excess) = budget::excess(&value)
    {
        found.error(TOO_LARGE, excess, expr.span);
    }
    let failed = found.has_errors();
    diags.append(found);
    if failed { Value::Unknown(Type::Dynamic) } else { value }
}

/// The value of an expression; none when it has errors, which go to `diags`.
pub fn evaluate_cleanly(expr: &Expr, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Value> {
    let mut found = Diagnostics::new();
    let value = evaluate(expr, scope, &mut found);
    let failed = found.has_errors();
    diags.append(found);
    (!failed).then_some(value)
}

/// The value of an expression in which neither variables nor functions are allowed. JSON strings are taken as they are.
pub fn evaluate_constant(expr: &Expr, diags: &mut Diagnostics) -> Value {
    if let ExprKind::Json(json) = &expr.kind {
        return json::literal(json, diags);
    }
    let scope = Scope { variables: &MapLookup::default(), functions: &Functions::none(), host: &Host::empty() };
    evaluate(expr, &scope, diags)
}

/// An error about the value of `expr`, with the values of the variables in it.
pub fn explain(expr: &Expr, scope: &Scope<'_>, summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(summary, detail, expr.span);
    let budget = &Budget::default();
    diagnostic.values = match &expr.kind {
        ExprKind::Bound(binding, inner) => {
            let frame = Frame { names: Names::Generated(binding), parent: None };
            Evaluator { scope, frame: Some(&frame), budget }.witnesses(inner)
        }
        _ => Evaluator { scope, frame: None, budget }.witnesses(expr),
    };
    diagnostic
}

/// Names added to what is around an expression.
pub(super) struct Frame<'e> {
    pub(super) names: Names<'e>,
    pub(super) parent: Option<&'e Frame<'e>>,
}

/// Who adds names.
pub(super) enum Names<'e> {
    /// A `for`. The first of two like names counts.
    Loop([Option<(&'e str, Value)>; 2]),
    /// The generation of the block around the expression.
    Generated(&'e Binding),
}

impl<'e> Frame<'e> {
    /// All names with their values, innermost first.
    fn all(&self) -> impl Iterator<Item = (&str, &Value)> {
        let (looped, generated) = match &self.names {
            Names::Loop(names) => (names.as_slice(), None),
            Names::Generated(binding) => (&[][..], Some(*binding)),
        };
        let generated = std::iter::successors(generated, |binding| binding.outer.as_deref());
        let looped = looped.iter().flatten().map(|(name, value)| (*name, value));
        looped.chain(generated.map(|binding| (&*binding.name, &binding.value)))
    }
}

/// Evaluates with some names in scope.
#[derive(Clone, Copy)]
pub(super) struct Evaluator<'e> {
    pub(super) scope: &'e Scope<'e>,
    pub(super) frame: Option<&'e Frame<'e>>,
    pub(super) budget: &'e Budget,
}

const TOO_LARGE: &str = "Value too large";

pub(super) fn unknown() -> Value {
    Value::Unknown(Type::Dynamic)
}

impl Evaluator<'_> {
    /// The value of `expr`. After an error it is whatever is still known of it, so that what depends on it can be
    /// checked as far as possible.
    pub(super) fn value(&self, expr: &Expr, diags: &mut Diagnostics) -> Value {
        match &expr.kind {
            ExprKind::Null => Value::Null(Type::Dynamic),
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Number(text) => number(text, expr.span, diags),
            ExprKind::String(text) => Value::String(text.clone()),
            ExprKind::Variable(name) => self.variable(name, None, expr.span, diags).into_value(),
            ExprKind::Access(access) => self.access(expr, &access.root, &access.steps, diags),
            ExprKind::Unary(operator, operand) => self.unary(expr, *operator, operand, diags),
            ExprKind::Binary(operator, left, right) => self.binary(expr, *operator, left, right, diags),
            ExprKind::Conditional(parts) => {
                let [condition, then, otherwise] = &**parts;
                self.conditional(expr, condition, then, otherwise, diags)
            }
            ExprKind::Paren(inner) | ExprKind::Unwrap(inner) => self.value(inner, diags),
            ExprKind::Tuple(items) => self.tuple(items, diags),
            ExprKind::Object(items) => self.object(items, diags),
            ExprKind::For(inner) => self.for_expr(expr, inner, diags),
            ExprKind::Call(call) => self.call(expr, call, diags),
            ExprKind::Template(parts) => self.template(parts, expr.span, diags),
            ExprKind::Json(json) => self.json(json, diags),
            ExprKind::Bound(binding, inner) => {
                let frame = Frame { names: Names::Generated(binding), parent: self.frame };
                Evaluator { frame: Some(&frame), ..*self }.value(inner, diags)
            }
            ExprKind::Unknown => unknown(),
        }
    }

    /// The variable `name`, perhaps with its attribute `attr` already taken.
    pub(super) fn variable(&self, name: &str, attr: Option<&str>, span: Span, diags: &mut Diagnostics) -> Found {
        if let Some(found) = self.find(name, attr) {
            return found;
        }
        let outer = self.scope.variables.names();
        let mut known: Vec<&str> = Vec::new();
        let mut frame = self.frame;
        while let Some(inner) = frame {
            known.extend(inner.all().map(|(name, _)| name));
            frame = inner.parent;
        }
        known.extend(outer.iter().map(String::as_str));
        let diagnostic = if known.is_empty() {
            Diagnostic::error("Variables not allowed", "Variables may not be used here.", span)
        } else {
            let hint = suggest(name, known.into_iter())
                .map_or_else(String::new, |near| format!(" Did you mean {}?", quote(&near)));
            Diagnostic::error("Unknown variable", format!("There is no variable named {}.{hint}", quote(name)), span)
        };
        diags.push(diagnostic);
        Found::Whole(unknown())
    }

    /// The variable `name`, if there is one.
    pub(super) fn find(&self, name: &str, attr: Option<&str>) -> Option<Found> {
        let mut frame = self.frame;
        while let Some(inner) = frame {
            if let Some((_, value)) = inner.all().find(|(known, _)| *known == name) {
                return Some(Found::Whole(value.clone()));
            }
            frame = inner.parent;
        }
        self.scope.variables.root(name, attr)
    }

    /// Says that there is too much of something, unless that was just said of a part.
    pub(super) fn too_large(&self, excess: String, span: Span, diags: &mut Diagnostics) {
        if !diags.iter().any(|diagnostic| diagnostic.summary == TOO_LARGE) {
            diags.error(TOO_LARGE, excess, span);
        }
    }

    /// Reports an error in `expr`, with the values of the variables in it.
    pub(super) fn fault(
        &self,
        expr: &Expr,
        summary: &str,
        detail: impl Into<String>,
        (subject, context): (Span, Option<Span>),
        diags: &mut Diagnostics,
    ) {
        let mut diagnostic = Diagnostic::error(summary, detail, subject);
        diagnostic.context = context;
        diagnostic.values = self.witnesses(expr);
        diags.push(diagnostic);
    }
}

fn number(text: &Arc<str>, span: Span, diags: &mut Diagnostics) -> Value {
    match Number::parse(text) {
        Some(number) => Value::Number(number),
        None => {
            diags.error("Invalid number literal", format!("{text} cannot be read as a number."), span);
            Value::Unknown(Type::Number)
        }
    }
}
