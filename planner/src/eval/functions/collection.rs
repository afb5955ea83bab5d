//! Functions that make collections of collections.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, STRINGS, Takes, returns};
use crate::value::{Members, Type, Value, convert, quote, unify};

const ANY_LIST: &[Param] = &[Param::new("list", Takes::Any)];
const OPTIONAL: Param = Param::new("vals", Takes::Any).or_null().or_unknown().or_untyped();

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("coalesce", &[], coalesce_type, coalesce).with_variadic(OPTIONAL),
    Function::new("coalescelist", &[], coalesce_list_type, coalesce_list).with_variadic(OPTIONAL),
    Function::new("compact", &[Param::new("list", STRINGS)], returns::strings, compact),
    Function::new("distinct", &[Param::new("list", Takes::List(&Takes::Any))], |args| Ok(args[0].ty()), distinct),
    Function::new("flatten", ANY_LIST, flatten_type, flatten),
    Function::new("keys", &[Param::new("inputMap", Takes::Any).or_unknown()], keys_type, keys),
    Function::new("merge", &[], merge_type, merge)
        .with_variadic(Param::new("maps", Takes::Any).or_null().or_unknown().or_untyped()),
    Function::new("values", &[Param::new("mapping", Takes::Any)], values_type, values),
    Function::new("zipmap", &[Param::new("keys", STRINGS), Param::new("values", Takes::Any)], zip_map_type, zip_map),
];

fn coalesce_type(args: &[Value]) -> Result<Type, CallError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    unify(&types).ok_or_else(|| "all arguments must have the same type".into())
}

/// The first argument that is not null and, if texts are what is asked for, not empty. As in the reference, one that
/// turns out not to have the common type after all is passed over.
fn coalesce(call: &Call<'_>) -> Result<Value, CallError> {
    for arg in call.args {
        let Ok(value) = convert(arg, call.ty) else { continue };
        if !value.is_known() {
            return call.unknown();
        }
        if !value.is_null() && (*call.ty != Type::String || value.as_str() != Some("")) {
            return Ok(value);
        }
    }
    Err("no non-null, non-empty-string arguments".into())
}

fn coalesce_list_type(args: &[Value]) -> Result<Type, CallError> {
    if args.is_empty() {
        return Err("at least one argument is required".into());
    }
    let mut types = Vec::new();
    for arg in args {
        if !arg.is_known() {
            return Ok(Type::Dynamic);
        }
        match arg.ty() {
            ty @ (Type::List(_) | Type::Tuple(_)) => types.push(ty),
            _ => return Err("coalescelist arguments must be lists or tuples".into()),
        }
    }
    let same = types.windows(2).all(|pair| pair[0] == pair[1]);
    Ok(types.pop().filter(|_| same).unwrap_or(Type::Dynamic))
}

/// The first list that has elements.
fn coalesce_list(call: &Call<'_>) -> Result<Value, CallError> {
    for arg in call.args {
        if !arg.is_known() {
            return call.unknown();
        }
        if arg.items().is_some_and(|items| !items.is_empty()) {
            return Ok(arg.clone());
        }
    }
    Err("no non-null arguments".into())
}

fn compact(call: &Call<'_>) -> Result<Value, CallError> {
    if call.is_open() {
        return call.unknown();
    }
    let kept = call.items(0).iter().filter(|item| item.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::List(Type::String, kept.cloned().collect()))
}

fn distinct(call: &Call<'_>) -> Result<Value, CallError> {
    if call.is_open() {
        return call.unknown();
    }
    let element = call.ty.element().cloned().unwrap_or(Type::Dynamic);
    let mut seen = Members::default();
    let new = call.items(0).iter().filter(|item| seen.insert(item));
    Ok(Value::List(element, new.cloned().collect()))
}

fn flatten_type(args: &[Value]) -> Result<Type, CallError> {
    if !args[0].is_wholly_known() {
        return Ok(Type::Dynamic);
    }
    if args[0].items().is_none() {
        return Err("can only flatten lists, sets and tuples".into());
    }
    let mut items = Vec::new();
    flatten_into(&args[0], &mut items);
    Ok(Type::tuple(items.iter().map(Value::ty)))
}

fn flatten(call: &Call<'_>) -> Result<Value, CallError> {
    let mut items = Vec::new();
    // Maps and objects get this far with unknowns in them, and are refused when these are known.
    if call.args[0].items().is_none() {
        return call.unknown();
    }
    if flatten_into(&call.args[0], &mut items) { Ok(Value::tuple(items)) } else { call.unknown() }
}

/// Adds the elements of `value`, sequences among them by their own elements. False when the number of elements is not
/// known.
fn flatten_into(value: &Value, out: &mut Vec<Value>) -> bool {
    if matches!(value, Value::Set(_, items) if items.len() > 1) && !value.is_wholly_known() {
        return false;
    }
    for item in value.items().unwrap_or_default() {
        match item {
            Value::List(..) | Value::Set(..) | Value::Tuple(_) => {
                if !flatten_into(item, out) {
                    return false;
                }
            }
            Value::Unknown(Type::List(_) | Type::Set(_) | Type::Tuple(_) | Type::Dynamic) => return false,
            other => out.push(other.clone()),
        }
    }
    true
}

fn keys_type(args: &[Value]) -> Result<Type, CallError> {
    match args[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(object) => Ok(Type::tuple(object.attributes.keys().map(|_| Type::String))),
        Type::Dynamic => Ok(Type::Dynamic),
        _ => Err(CallError::argument(0, "must have map or object type")),
    }
}

/// Those of an object are known by its type.
fn keys(call: &Call<'_>) -> Result<Value, CallError> {
    match (&call.args[0], call.args[0].ty()) {
        (_, Type::Object(object)) => Ok(Value::tuple(object.attributes.keys().cloned().map(Value::String))),
        (Value::Map(_, entries), _) => {
            Ok(Value::List(Type::String, entries.keys().cloned().map(Value::String).collect()))
        }
        _ => call.unknown(),
    }
}

fn values_type(args: &[Value]) -> Result<Type, CallError> {
    match args[0].ty() {
        Type::Map(element) => Ok(Type::List(element)),
        Type::Object(object) => Ok(Type::tuple(object.attributes.values().cloned())),
        _ => Err("values() requires a map as the first argument".into()),
    }
}

fn values(call: &Call<'_>) -> Result<Value, CallError> {
    Ok(match &call.args[0] {
        Value::Map(element, entries) => Value::List(element.clone(), entries.values().cloned().collect()),
        other => Value::tuple(other.entries().into_iter().flat_map(BTreeMap::values).cloned()),
    })
}

/// The common type when there is one, else an object of all attributes.
fn merge_type(args: &[Value]) -> Result<Type, CallError> {
    let types: Vec<Type> = args.iter().map(Value::ty).collect();
    for ty in &types {
        match ty {
            Type::Dynamic => return Ok(Type::Dynamic),
            Type::Map(_) | Type::Object(_) => {}
            other => {
                return Err(format!("arguments must be maps or objects, got {}", quote(&other.to_string())).into());
            }
        }
    }
    let Some(first) = types.first() else { return Ok(Type::object::<Arc<str>>([])) };
    if types.iter().all(|ty| ty == first) {
        return Ok(first.clone());
    }
    let mut attributes: BTreeMap<Arc<str>, Type> = BTreeMap::new();
    for (arg, ty) in args.iter().zip(&types) {
        match (arg, ty) {
            (Value::Null(_), _) => {}
            (_, Type::Object(object)) => attributes.extend(object.attributes.clone()),
            (Value::Map(element, entries), _) => {
                attributes.extend(entries.keys().map(|key| (key.clone(), element.clone())));
            }
            _ => return Ok(Type::Dynamic),
        }
    }
    Ok(Type::object(attributes))
}

/// Later arguments win; null ones count as empty.
fn merge(call: &Call<'_>) -> Result<Value, CallError> {
    if call.args.iter().any(|arg| !arg.is_known()) {
        return call.unknown();
    }
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for arg in call.args.iter().filter_map(Value::entries) {
        entries.extend(arg.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    Ok(match call.ty {
        Type::Map(element) => Value::map(entries, (**element).clone()),
        _ => Value::Object(Arc::new(entries)),
    })
}

fn zip_map_type(args: &[Value]) -> Result<Type, CallError> {
    match args[1].ty() {
        Type::List(element) => Ok(Type::Map(element)),
        Type::Tuple(types) => {
            if !args[0].is_wholly_known() {
                return Ok(Type::Dynamic);
            }
            let keys = args[0].items().unwrap_or_default();
            check_lengths(keys.len(), types.len())?;
            let names = keys.iter().enumerate().map(key_name).collect::<Result<Vec<_>, _>>()?;
            Ok(Type::object(names.into_iter().zip(types.iter().cloned())))
        }
        _ => Err("values argument must be a list or tuple value".into()),
    }
}

fn check_lengths(keys: usize, values: usize) -> Result<(), CallError> {
    if keys == values {
        return Ok(());
    }
    Err(format!("number of keys ({keys}) does not match number of values ({values})").into())
}

fn key_name((at, key): (usize, &Value)) -> Result<Arc<str>, CallError> {
    match key {
        Value::String(name) => Ok(name.clone()),
        _ => Err(format!("keys list has null value at index {at}").into()),
    }
}

fn zip_map(call: &Call<'_>) -> Result<Value, CallError> {
    if !call.args[0].is_wholly_known() {
        return call.unknown();
    }
    let (keys, values) = (call.items(0), call.items(1));
    check_lengths(keys.len(), values.len())?;
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for (key, value) in keys.iter().enumerate().zip(values) {
        entries.insert(key_name(key)?, value.clone());
    }
    Ok(match call.ty {
        Type::Map(element) => Value::map(entries, (**element).clone()),
        _ => Value::Object(Arc::new(entries)),
    })
}
