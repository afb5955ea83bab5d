//! Traversals: names, indexes, splats.

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::{Evaluator, unknown};
use crate::eval::lookup::Found;
use crate::eval::select::{Fault, attribute, index};
use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, Step};
use crate::value::{Type, Value};

impl Evaluator<'_> {
    /// `root.a[0][*]…`; `expr` is the whole.
    pub(super) fn access(&self, expr: &Expr, root: &Expr, steps: &[Step], diags: &mut Diagnostics) -> Value {
        let (value, rest) = match (&root.kind, steps) {
            (ExprKind::Variable(name), [Step::Attr(attr, _), rest @ ..]) => {
                match self.variable(name, Some(&attr.name), root.span, diags) {
                    Found::Member(value) => (value, rest),
                    Found::Whole(value) => (value, steps),
                }
            }
            _ => (self.value(root, diags), steps),
        };
        self.steps(value, rest, expr, root.span, diags)
    }

    /// Applies `steps` to `value`, which stands at `source`. After a fault the rest is walked with an unknown, for
    /// the faults in index expressions.
    fn steps(&self, value: Value, steps: &[Step], expr: &Expr, source: Span, diags: &mut Diagnostics) -> Value {
        let mut value = value;
        let mut source = source;
        for step in steps {
            value = match step {
                Step::Attr(name, span) => self.part(attribute(&value, &name.name, *span), expr, diags),
                Step::Index(key, span) => {
                    let key = self.value(key, diags);
                    self.part(index(&value, &key, *span), expr, diags)
                }
                Step::Splat { each, span, .. } => {
                    let failed = diags.has_errors();
                    if failed { unknown() } else { self.splat(&value, each, expr, (source, *span), diags) }
                }
            };
            let (Step::Attr(_, span) | Step::Index(_, span) | Step::Splat { span, .. }) = step;
            source = source.to(*span);
        }
        value
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
    fn splat(
        &self,
        value: &Value,
        each: &[Step],
        expr: &Expr,
        (source, marker): (Span, Span),
        diags: &mut Diagnostics,
    ) -> Value {
        let ty = value.ty();
        let is_sequence = matches!(ty, Type::List(_) | Type::Set(_) | Type::Tuple(_));
        if value.is_null() {
            if !is_sequence {
                return Value::tuple([]);
            }
            let detail = "Splat expressions (with the * symbol) cannot be applied to null sequences.";
            self.fault(expr, "Splat of null value", detail, (source, Some(source.to(marker))), diags);
            return unknown();
        }
        if ty == Type::Dynamic {
            return unknown();
        }
        let mut apply = |item: Value| {
            let mut found = Diagnostics::new();
            let result = self.steps(item, each, expr, source.to(marker), &mut found);
            let failed = found.has_errors();
            diags.append(found);
            (result, failed)
        };
        if !is_sequence {
            let (result, failed) = apply(value.clone());
            // An unknown may turn out to be null, and then the result is empty.
            return if failed || !value.is_known() { unknown() } else { Value::tuple([result]) };
        }
        let Some(items) = value.items() else { return splat_of_unknown(&ty, |ty| apply(Value::Unknown(ty)).0) };
        if items.is_empty()
            && let Some(element) = ty.element()
        {
            // The result is empty, but its element type, and faults in the steps, come from the element type.
            let (result, _) = apply(Value::Unknown(element.clone()));
            return Value::list(Vec::new(), result.ty());
        }
        let mut results = Vec::with_capacity(items.len());
        let mut any_failed = false;
        for item in items {
            let (result, failed) = apply(item.clone());
            any_failed |= failed;
            results.push(result);
        }
        if any_failed {
            return unknown();
        }
        if ty.element().is_some() && same_type(&results) {
            Value::list(results, Type::Dynamic)
        } else {
            Value::tuple(results)
        }
    }
}

fn splat_of_unknown(ty: &Type, mut apply: impl FnMut(Type) -> Value) -> Value {
    match ty {
        Type::Tuple(elements) => Value::Unknown(Type::tuple(elements.iter().map(|ty| apply(ty.clone()).ty()))),
        _ => Value::Unknown(Type::list(apply(ty.element().cloned().unwrap_or(Type::Dynamic)).ty())),
    }
}

fn same_type(values: &[Value]) -> bool {
    let mut types = values.iter().map(Value::ty).filter(|ty| *ty != Type::Dynamic);
    types.next().is_none_or(|first| types.all(|ty| ty == first))
}
