//! Functions that look into collections.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, NOT_WHOLE, Param, Takes, returns};
use crate::value::graphemes;
use crate::value::{Number, Type, Value, convert, equal};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "contains",
        &[Param::new("list", Takes::Any), Param::new("value", Takes::Any)],
        returns::bool,
        contains,
    ),
    Function::new(
        "element",
        &[Param::new("list", Takes::Any), Param::new("index", Takes::Number)],
        element_type,
        element,
    ),
    Function::new(
        "index",
        &[Param::new("list", Takes::Any), Param::new("value", Takes::Any)],
        returns::number,
        index_of,
    ),
    Function::new("length", &[Param::new("value", Takes::Any).or_unknown().or_untyped()], returns::number, length),
    Function::new(
        "lookup",
        &[Param::new("inputMap", Takes::Any), Param::new("key", Takes::String), Param::new("default", Takes::Any)],
        lookup_type,
        lookup,
    ),
];

/// Nothing is converted: a list of numbers does not contain the text of one.
fn contains(call: &Call<'_>) -> Result<Value, CallError> {
    let Some(items) = call.args[0].items() else { return Err("argument must be list, tuple, or set".into()) };
    let mut open = false;
    for item in items {
        match equal(&call.args[1], item) {
            Some(true) => return Ok(Value::Bool(true)),
            Some(false) => {}
            None => open = true,
        }
    }
    if open { call.unknown() } else { Ok(Value::Bool(false)) }
}

/// The place of the first equal element.
fn index_of(call: &Call<'_>) -> Result<Value, CallError> {
    let (Value::List(_, items) | Value::Tuple(items)) = &call.args[0] else {
        return Err("argument must be a list or tuple".into());
    };
    if items.is_empty() {
        return Err("cannot search an empty list".into());
    }
    for (at, item) in items.iter().enumerate() {
        match equal(item, &call.args[1]) {
            Some(true) => return Ok(Value::Number(Number::from(at))),
            Some(false) => {}
            None => return call.unknown(),
        }
    }
    Err("item not found".into())
}

const NEGATIVE_INDEX: &str = "cannot use element function with a negative index";
const EMPTY_LIST: &str = "cannot use element function with an empty list";

fn element_type(args: &[Value]) -> Result<Type, CallError> {
    let index = args[1].as_number();
    if index.is_some_and(|index| *index < Number::ZERO) {
        return Err(NEGATIVE_INDEX.into());
    }
    match args[0].ty() {
        Type::List(element) => Ok((*element).clone()),
        Type::Tuple(types) => {
            let Some(index) = index else { return Ok(Type::Dynamic) };
            Ok(types[wrapped(index, types.len())?].clone())
        }
        other => Err(format!("cannot read elements from {other}").into()),
    }
}

/// An index that starts again behind the end.
fn wrapped(index: &Number, length: usize) -> Result<usize, CallError> {
    let index = index.to_i64().ok_or_else(|| format!("invalid index: {NOT_WHOLE}"))?.unsigned_abs();
    if length == 0 {
        return Err(EMPTY_LIST.into());
    }
    Ok((index % length as u64) as usize)
}

fn element(call: &Call<'_>) -> Result<Value, CallError> {
    let items = call.items(0);
    Ok(items[wrapped(&call.number(1), items.len())?].clone())
}

/// Characters of a string, elements of anything else. Structures have a length even while their parts are unknown.
fn length(call: &Call<'_>) -> Result<Value, CallError> {
    let count = match &call.args[0] {
        Value::String(text) => graphemes::count(text),
        Value::Set(_, items) if !call.args[0].is_wholly_known() && items.len() > 1 => return call.unknown(),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => items.len(),
        Value::Map(_, entries) | Value::Object(entries) => entries.len(),
        Value::Unknown(Type::Tuple(types)) => types.len(),
        Value::Unknown(Type::Object(object)) => object.attributes.len(),
        Value::Unknown(Type::Dynamic | Type::String | Type::List(_) | Type::Set(_) | Type::Map(_)) => {
            return call.unknown();
        }
        _ => return Err("argument must be a string, a collection type, or a structural type".into()),
    };
    Ok(Value::Number(Number::from(count)))
}

fn lookup_type(args: &[Value]) -> Result<Type, CallError> {
    if let (Value::Object(entries), Value::String(key)) = (&args[0], &args[1]) {
        return Ok(entries.get(key).unwrap_or(&args[2]).ty());
    }
    match args[0].ty() {
        Type::Object(object) => match &args[1] {
            Value::String(key) => Ok(object.attributes.get(key).cloned().unwrap_or_else(|| args[2].ty())),
            _ => Ok(Type::Dynamic),
        },
        Type::Map(element) => {
            if convert(&args[2], &element).is_err() {
                return Err(CallError::argument(2, "the default value must have the same type as the map elements"));
            }
            Ok((*element).clone())
        }
        _ => Err(CallError::argument(0, "lookup() requires a map as the first argument")),
    }
}

fn lookup(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.args[0].is_wholly_known() {
        return call.unknown();
    }
    match call.args[0].get(call.text(1)) {
        Some(found) => Ok(found.clone()),
        None => Ok(convert(&call.args[2], call.ty)?),
    }
}
