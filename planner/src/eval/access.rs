//! Traversals: names, indexes, splats.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::evaluator::{Evaluator, unknown};
use crate::eval::lookup::Found;
use crate::eval::select::{Fault, attribute, index};
use crate::eval::span::is_literal;
use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, Step};
use crate::value::{Type, Value};

impl Evaluator<'_> {
    /// `root.a[0][*]…`; `expr` is the whole.
    pub(super) fn access(&self, expr: &Expr, root: &Expr, steps: &[Step], diags: &mut Diagnostics) -> Value {
        let before = diags.len();
        let (value, rest) = match (&root.kind, steps) {
            (ExprKind::Variable(name), [Step::Attr(attr, _), rest @ ..]) => {
                match self.variable(name, Some(&attr.name), root.span, diags) {
                    Found::Member(value) => (value, rest),
                    Found::Whole(value) => (value, steps),
                }
            }
            _ => (self.value(root, diags), steps),
        };
        let failed = diags.len() > before;
        // A variable and the literal steps behind it are one traversal.
        let broken = failed && matches!(root.kind, ExprKind::Variable(_));
        self.steps(Source { value, span: root.span, failed, broken }, rest, expr, diags)
    }

    /// Applies `steps` to what stands before them.
    fn steps(&self, mut source: Source, steps: &[Step], expr: &Expr, diags: &mut Diagnostics) -> Value {
        for step in steps {
            let before = diags.len();
            source.broken &= is_literal(step);
            source.value = match step {
                _ if source.broken => unknown(),
                Step::Attr(name, span) => self.part(attribute(&source.value, &name.name, *span), expr, diags),
                Step::Index(key, span) => {
                    let key = self.value(key, diags);
                    self.part(index(&source.value, &key, *span), expr, diags)
                }
                Step::Splat { .. } if source.failed => unknown(),
                Step::Splat { each, span, .. } => self.splat(&source, each, *span, expr, diags),
            };
            let failed = diags.len() > before;
            source.failed |= failed;
            source.broken |= failed && is_literal(step);
            let (Step::Attr(_, span) | Step::Index(_, span) | Step::Splat { span, .. }) = step;
            source.span = source.span.to(*span);
        }
        source.value
    }

    fn part(&self, part: Result<Value, Fault>, expr: &Expr, diags: &mut Diagnostics) -> Value {
        part.unwrap_or_else(|fault| {
            let mut diagnostic = fault.into_diagnostic();
            diagnostic.values = self.witnesses(expr);
            diags.push(diagnostic);
            unknown()
        })
    }

    /// Applies `each` to every element. Anything but a sequence counts as a sequence of one, null as an empty one.
    fn splat(&self, source: &Source, each: &[Step], marker: Span, expr: &Expr, diags: &mut Diagnostics) -> Value {
        let value = &source.value;
        let around = source.span.to(marker);
        let is_sequence = match value {
            Value::List(..) | Value::Set(..) | Value::Tuple(_) => true,
            Value::Null(ty) | Value::Unknown(ty) => matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_)),
            _ => false,
        };
        if value.is_null() {
            if !is_sequence {
                return Value::tuple([]);
            }
            let detail = "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            self.fault(expr, "Splat of null value", detail, (source.span, Some(around)), diags);
            return unknown();
        }
        let apply = |value: Value, found: &mut Diagnostics| {
            self.steps(Source { value, span: around, failed: false, broken: false }, each, expr, found)
        };
        let before = diags.len();
        match value {
            Value::Unknown(Type::Dynamic) => unknown(),
            // It may turn out to be null, and then the result is empty.
            Value::Unknown(_) if !is_sequence => {
                apply(value.clone(), diags);
                unknown()
            }
            Value::Unknown(ty) => Value::Unknown(splat_type(ty, |ty| apply(Value::Unknown(ty), diags))),
            _ => {
                let items = if is_sequence { value.items().unwrap_or_default() } else { std::slice::from_ref(value) };
                let results: Vec<Value> = items.iter().map(|item| apply(item.clone(), diags)).collect();
                if diags.len() > before {
                    // Said once already, so not said again.
                    let ty = if is_sequence { value.ty() } else { Type::tuple([value.ty()]) };
                    return Value::Unknown(splat_type(&ty, |ty| apply(Value::Unknown(ty), &mut Diagnostics::new())));
                }
                match value {
                    Value::List(element, _) | Value::Set(element, _) if results.is_empty() => {
                        // Its element type, and faults in the steps, come from the element type.
                        Value::list(Vec::new(), apply(Value::Unknown(element.clone()), diags).ty())
                    }
                    Value::List(..) | Value::Set(..) if same_type(&results) => Value::list(results, Type::Dynamic),
                    Value::List(..) | Value::Set(..) => {
                        diags.push(uneven(around, marker, each));
                        unknown()
                    }
                    _ => Value::tuple(results),
                }
            }
        }
    }
}

/// The value that the next step is applied to.
struct Source {
    value: Value,
    span: Span,
    /// Whether there was a fault in what made it.
    failed: bool,
    /// Whether there was one in the traversal that the next literal step goes on with: its rest is not looked at.
    broken: bool,
}

fn splat_type(ty: &Type, mut apply: impl FnMut(Type) -> Value) -> Type {
    match ty {
        Type::Tuple(elements) => Type::tuple(elements.iter().map(|ty| apply(ty.clone()).ty())),
        _ => Type::list(apply(ty.element().cloned().unwrap_or(Type::Dynamic)).ty()),
    }
}

fn same_type(values: &[Value]) -> bool {
    let mut types = values.iter().map(Value::ty).filter(|ty| *ty != Type::Dynamic);
    types.next().is_none_or(|first| types.all(|ty| ty == first))
}

fn uneven(around: Span, marker: Span, each: &[Step]) -> Diagnostic {
    let (mut end, mut steps) = (marker, each);
    while let Some(last) = steps.last() {
        (end, steps) = match last {
            Step::Attr(_, span) | Step::Index(_, span) => (*span, &[][..]),
            Step::Splat { each, span, .. } => (*span, &**each),
        };
    }
    let detail = "The inner splat gives results of different types for the elements of the outer one, and those cannot \
                  all be in one list. A 'for' expression makes a tuple, which can hold them.";
    Diagnostic::error("Invalid nested splat expressions", detail, marker.to(end)).with_context(around.to(end))
}
