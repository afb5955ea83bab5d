//! `try`, `can`, `convert`, `env`.

use crate::diagnostic::{Diagnostics, Mentions};
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Imp, Param, Takes, returns};
use crate::eval::functions::lazy::LazyCall;
use crate::value::{Constraint, Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "can", params: &[Param::new("expression", Takes::Any)], variadic: None, imp: Imp::Lazy(can) },
    Function {
        name: "convert",
        params: &[Param::new("value", Takes::Any), Param::new("type", Takes::Any)],
        variadic: None,
        imp: Imp::Lazy(convert),
    },
    Function {
        name: "try",
        params: &[],
        variadic: Some(Param::new("expressions", Takes::Any)),
        imp: Imp::Lazy(first_that_works),
    },
];

/// For defaults of variables only.
pub(super) const ENV: Function = Function::new("env", &[Param::new("key", Takes::String)], returns::string, env);

fn env(call: &Call<'_>) -> Result<Value, CallError> {
    Ok(Value::string(call.host.environment.get(call.text(0)).map_or("", String::as_str)))
}

/// The first argument without error. One that is not wholly known may still fail, so nothing can be said then.
fn first_that_works(call: &LazyCall<'_>) -> Result<Value, CallError> {
    if call.args().is_empty() {
        return Err("at least one argument is required".into());
    }
    let mut text = "no expression succeeded:\n".to_owned();
    let mut places = Vec::new();
    for argument in call.args() {
        let mut found = Diagnostics::new();
        let value = call.evaluate(argument, &mut found);
        if !found.has_errors() {
            return Ok(if value.is_wholly_known() { value } else { Value::Unknown(Type::Dynamic) });
        }
        for diagnostic in found.iter() {
            text.push_str(&format!("- {}", diagnostic.summary));
            places.extend(diagnostic.subject.map(|subject| (text.len(), subject)));
            text.push_str("\n  ");
            let inner = diagnostic.mentions.iter().flat_map(|mentions| &mentions.0);
            places.extend(inner.map(|(at, place)| (text.len() + at, *place)));
            text.push_str(&format!("{}\n", diagnostic.detail));
        }
    }
    text.push_str("\nAt least one expression must produce a successful result");
    Err(CallError::FailedAt(text, Mentions(places)))
}

fn can(call: &LazyCall<'_>) -> Result<Value, CallError> {
    let mut found = Diagnostics::new();
    let known = call.args().iter().all(|argument| call.evaluate(argument, &mut found).is_wholly_known());
    if found.has_errors() {
        return Ok(Value::Bool(false));
    }
    Ok(if known { Value::Bool(true) } else { Value::Unknown(Type::Bool) })
}

fn convert(call: &LazyCall<'_>) -> Result<Value, CallError> {
    let [value, ty] = call.args() else { return Err("a value and a type are required".into()) };
    let mut found = Diagnostics::new();
    let value = call.evaluate(value, &mut found);
    let constraint = Constraint::without_defaults(ty.expr(), &mut found);
    if found.has_errors() {
        return Err(CallError::Reported(found));
    }
    // The type that comes out is found first, then the value is converted to just that: attributes are not optional then,
    // and one that is missing is an error after all.
    let as_type =
        |ty: &Type| crate::value::convert(&value, ty).map_err(|error| CallError::argument(0, error.to_string()));
    let converted = as_type(&constraint)?;
    if value.is_known() { as_type(&converted.ty()) } else { Ok(converted) }
}
