//! The functions of the language itself, but for those that the machine runs: `and`, `or`, `call`.

use std::cmp::Ordering;
use std::slice::from_ref;

use crate::go_text::url_encode;
use crate::interpolate::language::function::{Answer, FunctionTable, Takes, add, add_variadic};
use crate::interpolate::language::value::Value;
use crate::interpolate::language::{escape, print, printf};

use Takes::{Anything, Text};

/// All of them.
pub(crate) fn builtins() -> FunctionTable {
    let mut table = FunctionTable::new();
    add_variadic(&mut table, "eq", &[Anything], Anything, |args| equals_any(args).map(Value::Bool));
    add(&mut table, "ne", &[Anything; 2], |args| equals_any(args).map(|equal| Value::Bool(!equal)));
    add(&mut table, "lt", &[Anything; 2], |args| ordered(args, |order| order == Some(Ordering::Less)));
    add(&mut table, "ge", &[Anything; 2], |args| ordered(args, |order| order != Some(Ordering::Less)));
    add(&mut table, "le", &[Anything; 2], |args| ordered(args, is_at_most));
    add(&mut table, "gt", &[Anything; 2], |args| ordered(args, |order| !is_at_most(order)));
    add(&mut table, "not", &[Anything], |args| Ok(Value::Bool(!args[0].is_true())));
    add(&mut table, "len", &[Anything], |args| length(&args[0]).map(|length| Value::Int(length as i64)));
    add_variadic(&mut table, "index", &[Anything], Anything, |args| index(&args[0], &args[1..]));
    add_variadic(&mut table, "slice", &[Anything], Anything, |args| slice(&args[0], &args[1..]));
    add_variadic(&mut table, "print", &[], Anything, |args| Ok(print::print(args).into()));
    add_variadic(&mut table, "println", &[], Anything, |args| Ok(print::print_line(args).into()));
    add_variadic(&mut table, "printf", &[Text], Anything, |args| {
        Ok(printf::printf(args[0].as_text().unwrap_or_default(), &args[1..]).into())
    });
    add_variadic(&mut table, "html", &[], Anything, |args| Ok(escape::html(&joined(args)).into()));
    add_variadic(&mut table, "js", &[], Anything, |args| Ok(escape::js(&joined(args)).into()));
    add_variadic(&mut table, "urlquery", &[], Anything, |args| Ok(url_encode(&joined(args)).into()));
    table
}

/// What is escaped: values in a row, as actions print them.
fn joined(args: &[Value]) -> String {
    let shown: Vec<Value> =
        args.iter().map(|arg| if *arg == Value::Nil { arg.printed().into() } else { arg.clone() }).collect();
    print::print(&shown)
}

/// Whether the first is equal to one of the others.
fn equals_any(args: &[Value]) -> Result<bool, String> {
    let (first, others) = (&args[0], &args[1..]);
    if others.is_empty() {
        return Err("missing argument for comparison".to_owned());
    }
    for other in others {
        if equals(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equals(one: &Value, other: &Value) -> Result<bool, String> {
    match (one, other) {
        (Value::Nil, _) | (_, Value::Nil) => Ok(one == other),
        (Value::Int(one), Value::Byte(other)) | (Value::Byte(other), Value::Int(one)) => Ok(*one == i64::from(*other)),
        (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
            Err(format!("non-comparable type {}: {}", printf::printf("%s", from_ref(other)), other.type_name()))
        }
        (Value::List(_), Value::Map(_)) | (Value::Map(_), Value::List(_)) => {
            let (shown, ty, other_ty) = (printf::printf("%s", from_ref(one)), one.type_name(), other.type_name());
            Err(format!("non-comparable types {shown}: {ty}, {other_ty}: {other}"))
        }
        _ if one.type_name() == other.type_name() => Ok(one == other),
        _ => Err(incompatible(one, other)),
    }
}

fn incompatible(one: &Value, other: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", one.type_name(), other.type_name())
}

fn is_at_most(order: Option<Ordering>) -> bool {
    matches!(order, Some(Ordering::Less | Ordering::Equal))
}

fn ordered(args: &[Value], holds: fn(Option<Ordering>) -> bool) -> Answer {
    let is_basic = |value: &Value| !matches!(value, Value::Nil | Value::List(_) | Value::Map(_));
    let (one, other) = (&args[0], &args[1]);
    let order = match (one, other) {
        _ if !is_basic(one) || !is_basic(other) => return Err("invalid type for comparison".to_owned()),
        (Value::Int(one), Value::Int(other)) => Some(one.cmp(other)),
        (Value::Byte(one), Value::Byte(other)) => Some(one.cmp(other)),
        (Value::Int(one), Value::Byte(other)) => Some(one.cmp(&i64::from(*other))),
        (Value::Byte(one), Value::Int(other)) => Some(i64::from(*one).cmp(other)),
        (Value::Float(one), Value::Float(other)) => one.partial_cmp(other),
        (Value::Text(one), Value::Text(other)) => Some(one.cmp(other)),
        (Value::Bool(_), Value::Bool(_)) => return Err("invalid type for comparison".to_owned()),
        _ => return Err(incompatible(one, other)),
    };
    Ok(Value::Bool(holds(order)))
}

fn length(value: &Value) -> Result<usize, String> {
    match value {
        Value::Text(text) => Ok(text.len()),
        Value::List(items) => Ok(items.len()),
        Value::Map(entries) => Ok(entries.len()),
        Value::Nil => Err("reflect: call of reflect.Value.Type on zero Value".to_owned()),
        other => Err(format!("len of type {}", other.type_name())),
    }
}

/// A place in a list or text of `length`; just behind it counts as well.
fn place(index: &Value, length: usize) -> Result<usize, String> {
    let at = match index {
        Value::Int(at) => *at,
        Value::Byte(at) => i64::from(*at),
        Value::Nil => return Err("cannot index slice/array with nil".to_owned()),
        other => return Err(format!("cannot index slice/array with type {}", other.type_name())),
    };
    usize::try_from(at).ok().filter(|at| *at <= length).ok_or_else(|| format!("index out of range: {at}"))
}

fn index(item: &Value, indexes: &[Value]) -> Answer {
    if *item == Value::Nil {
        return Err("index of untyped nil".to_owned());
    }
    let mut item = item.clone();
    for index in indexes {
        item = match &item {
            Value::Text(text) => {
                let at = place(index, text.len())?;
                Value::Byte(*text.as_bytes().get(at).ok_or("reflect: string index out of range")?)
            }
            Value::List(items) => {
                let at = place(index, items.len())?;
                items.get(at).cloned().ok_or("reflect: slice index out of range")?
            }
            Value::Map(entries) => match index {
                Value::Text(name) => entries.get(name).cloned().unwrap_or(Value::Nil),
                Value::Nil => return Err("value is nil; should be of type string".to_owned()),
                other => return Err(format!("value has type {}; should be string", other.type_name())),
            },
            Value::Nil => return Err("index of nil pointer".to_owned()),
            other => return Err(format!("can't index item of type {}", other.type_name())),
        };
    }
    Ok(item)
}

fn slice(item: &Value, indexes: &[Value]) -> Answer {
    if *item == Value::Nil {
        return Err("slice of untyped nil".to_owned());
    }
    if indexes.len() > 3 {
        return Err(format!("too many slice indexes: {}", indexes.len()));
    }
    let length = match item {
        Value::Text(_) if indexes.len() == 3 => return Err("cannot 3-index slice a string".to_owned()),
        Value::Text(text) => text.len(),
        Value::List(items) => items.len(),
        other => return Err(format!("can't slice item of type {}", other.type_name())),
    };
    let places: Vec<usize> = indexes.iter().map(|index| place(index, length)).collect::<Result<_, _>>()?;
    let start = places.first().copied().unwrap_or(0);
    let end = places.get(1).copied().unwrap_or(length);
    let capacity = places.get(2).copied().unwrap_or(length);
    for (low, high) in [(start, end), (end, capacity)] {
        if low > high {
            return Err(format!("invalid slice index: {low} > {high}"));
        }
    }
    Ok(match item {
        // A character may be cut in two.
        Value::Text(text) => String::from_utf8_lossy(&text.as_bytes()[start..end]).into_owned().into(),
        Value::List(items) => Value::List(items[start..end].into()),
        other => other.clone(),
    })
}
