//! Arguments of the core's own blocks read into plain data, as strictly as the reference reads them: nothing unknown, and
//! null only where it counts as absent. Without a scope, neither variables nor functions are allowed.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::{self, Scope};
use crate::syntax::ast::Expr;
use crate::value::{Type, Value, convert};

/// A text.
pub fn text(expr: &Expr, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<Arc<str>> {
    let value = present(expr, &Type::String, scope, diags)?;
    value.as_str().map(Arc::from)
}

/// True or false.
pub fn flag(expr: &Expr, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<bool> {
    present(expr, &Type::Bool, scope, diags)?.as_bool()
}

/// True, false, or null for neither.
pub fn optional_flag(expr: &Expr, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<bool> {
    known(expr, &Type::Bool, scope, diags)?.as_bool()
}

/// A whole number.
pub fn whole_number(expr: &Expr, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<i64> {
    let value = present(expr, &Type::Number, scope, diags)?;
    let number = value.as_number().and_then(|number| number.to_i64());
    if number.is_none() {
        let detail = format!("value must be a whole number, between {} and {}", i64::MIN, i64::MAX);
        unsuitable(expr, scope, &detail, diags);
    }
    number
}

/// Whole numbers by name; null is none of them.
pub fn whole_numbers(
    expr: &Expr,
    scope: Option<&Scope<'_>>,
    diags: &mut Diagnostics,
) -> Option<BTreeMap<Arc<str>, i64>> {
    let value = known(expr, &Type::map(Type::Number), scope, diags)?;
    let mut numbers = BTreeMap::new();
    for (name, value) in value.entries().into_iter().flatten() {
        let Some(number) = value.as_number().and_then(|number| number.to_i64()) else {
            let detail = format!("the value of {name:?} must be a whole number, between {} and {}", i64::MIN, i64::MAX);
            unsuitable(expr, scope, &detail, diags);
            return None;
        };
        numbers.insert(name.clone(), number);
    }
    Some(numbers)
}

/// Texts; null is none of them.
pub fn texts(expr: &Expr, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<Vec<Arc<str>>> {
    let value = known(expr, &Type::list(Type::String), scope, diags)?;
    let items = value.items().unwrap_or_default();
    if items.iter().any(Value::is_null) {
        unsuitable(expr, scope, NULL, diags);
        return None;
    }
    Some(items.iter().filter_map(Value::as_str).map(Arc::from).collect())
}

const NULL: &str = "null value is not allowed";

/// The value as `ty`, known and not null.
fn present(expr: &Expr, ty: &Type, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<Value> {
    let value = known(expr, ty, scope, diags)?;
    if value.is_null() {
        unsuitable(expr, scope, NULL, diags);
        return None;
    }
    Some(value)
}

/// The value as `ty`, known at every depth.
fn known(expr: &Expr, ty: &Type, scope: Option<&Scope<'_>>, diags: &mut Diagnostics) -> Option<Value> {
    let mut found = Diagnostics::new();
    let value = match scope {
        Some(scope) => eval::evaluate(expr, scope, &mut found),
        None => eval::evaluate_constant(expr, &mut found),
    };
    let failed = found.has_errors();
    diags.append(found);
    if failed {
        return None;
    }
    match convert(&value, ty) {
        Ok(value) if value.is_wholly_known() => return Some(value),
        Ok(_) => unsuitable(expr, scope, "value must be known", diags),
        Err(error) => unsuitable(expr, scope, &error.to_string(), diags),
    }
    None
}

fn unsuitable(expr: &Expr, scope: Option<&Scope<'_>>, why: &str, diags: &mut Diagnostics) {
    let (summary, detail) = ("Unsuitable value type", format!("Unsuitable value: {why}."));
    diags.push(match scope {
        Some(scope) => eval::explain(expr, scope, summary, detail),
        None => Diagnostic::error(summary, detail, expr.span),
    });
}
