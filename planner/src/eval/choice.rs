//! `condition ? a : b`, and the same choice in templates.

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::{Evaluator, unknown};
use crate::span::Span;
use crate::syntax::ast::Expr;
use crate::value::{Type, Value, convert, quote, unify};

/// One side of a choice, evaluated whether it is taken or not: its type counts, its faults only when taken.
pub(super) struct Branch<'a> {
    pub(super) value: Value,
    pub(super) found: Diagnostics,
    pub(super) span: Span,
    /// For the values shown with a fault; none in templates, whose branches always have one type.
    pub(super) expr: Option<&'a Expr>,
}

impl Evaluator<'_> {
    /// `condition ? then : otherwise`; `expr` is the whole.
    pub(super) fn conditional(
        &self,
        expr: &Expr,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        diags: &mut Diagnostics,
    ) -> Value {
        let [then, otherwise] = [then, otherwise].map(|branch| {
            let mut found = Diagnostics::new();
            Branch { value: self.value(branch, &mut found), found, span: branch.span, expr: Some(branch) }
        });
        let target = if then.value.is_like(&otherwise.value) {
            Target::Theirs
        } else if let Some(ty) = common_type(&then.value, &otherwise.value) {
            Target::Other(ty)
        } else {
            let difference = difference(&then.value.ty(), &otherwise.value.ty());
            let detail = format!("The true and false result expressions must have consistent types. {difference}.");
            let subject = then.span.to(otherwise.span);
            self.fault(expr, "Inconsistent conditional result types", detail, (subject, Some(expr.span)), diags);
            return unknown();
        };
        self.choose(condition, expr.span, (then, otherwise), &target, diags)
    }

    /// The branch that `condition` picks, as what `target` says.
    pub(super) fn choose(
        &self,
        condition: &Expr,
        whole: Span,
        (then, otherwise): (Branch<'_>, Branch<'_>),
        target: &Target,
        diags: &mut Diagnostics,
    ) -> Value {
        let given = self.value(condition, diags);
        let place = (condition.span, Some(whole));
        if given.is_null() {
            let detail = "The condition value is null. Conditions must either be true or false.";
            self.fault(condition, "Null condition", detail, place, diags);
            return Value::Unknown(target.ty(&then.value));
        }
        if !given.is_known() {
            let null = then.value.is_null() && otherwise.value.is_null();
            let ty = target.ty(&then.value);
            return if null { Value::Null(ty) } else { Value::Unknown(ty) };
        }
        let (branch, name) = match convert(&given, &Type::Bool) {
            Ok(Value::Bool(true)) => (then, "true"),
            Ok(_) => (otherwise, "false"),
            Err(_) => {
                let detail = "The condition expression must be of type bool.";
                self.fault(condition, "Incorrect condition type", detail, place, diags);
                return Value::Unknown(target.ty(&then.value));
            }
        };
        diags.append(branch.found);
        let Target::Other(ty) = target else { return branch.value };
        match convert(&branch.value, ty) {
            Ok(value) => value,
            Err(error) => {
                let detail = format!("The {name} result value has the wrong type: {error}.");
                let summary = "Inconsistent conditional result types";
                self.fault(branch.expr.unwrap_or(condition), summary, detail, (branch.span, Some(whole)), diags);
                Value::Unknown(ty.clone())
            }
        }
    }
}

/// What the results of both branches become.
pub(super) enum Target {
    /// They are of one type.
    Theirs,
    /// Another type that both convert to.
    Other(Type),
}

impl Target {
    /// The type, given a value of one branch.
    fn ty(&self, value: &Value) -> Type {
        match self {
            Self::Theirs => value.ty(),
            Self::Other(ty) => ty.clone(),
        }
    }
}

/// What both results become when they differ in type; a null without type takes the other's.
fn common_type(a: &Value, b: &Value) -> Option<Type> {
    match (a, b) {
        (Value::Null(Type::Dynamic), other) | (other, Value::Null(Type::Dynamic)) => Some(other.ty()),
        (Value::Unknown(Type::Dynamic), _) | (_, Value::Unknown(Type::Dynamic)) => Some(Type::Dynamic),
        _ => unify(&[a.ty(), b.ty()]),
    }
}

/// How two types that do not unify differ, as a sentence without its period.
fn difference(a: &Type, b: &Type) -> String {
    match (a, b) {
        (Type::Object(a), Type::Object(b)) => {
            for (name, a) in &a.attributes {
                match b.attributes.get(name) {
                    None => return absent("true", name, "false"),
                    Some(b) if a != b => {
                        return format!("Type mismatch for object attribute {}: {}", quote(name), difference(a, b));
                    }
                    Some(_) => {}
                }
            }
            if let Some(name) = b.attributes.keys().find(|name| !a.attributes.contains_key(*name)) {
                return absent("false", name, "true");
            }
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() != b.len() => {
            return format!("The 'true' tuple has length {}, but the 'false' tuple has length {}", a.len(), b.len());
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            if let Some((at, (a, b))) = a.iter().zip(b.iter()).enumerate().find(|(_, (a, b))| a != b) {
                return format!("Type mismatch for tuple element {at}: {}", difference(a, b));
            }
        }
        (Type::List(x), Type::List(y)) | (Type::Set(x), Type::Set(y)) | (Type::Map(x), Type::Map(y))
            if matches!((&**x, &**y), (Type::Object(_), Type::Object(_)) | (Type::Tuple(_), Type::Tuple(_))) =>
        {
            return format!("Mismatched {} element types: {}", a.kind(), difference(x, y));
        }
        _ => {}
    }
    let (a, b) = (a.to_string(), b.to_string());
    if a == b {
        return "Some part deep inside has different types in the 'true' and the 'false' value".to_owned();
    }
    format!("The 'true' value is {a}, but the 'false' value is {b}")
}

fn absent(here: &str, name: &str, there: &str) -> String {
    format!("The '{here}' value includes object attribute {}, which is absent in the '{there}' value", quote(name))
}
