//! Converts values.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::unify::unify;
use crate::value::{Number, ObjectType, Type, Value, quote};

use super::error::{ConversionError, PathStep};
use super::mismatch::mismatch;
use super::possible::{Safety, convertible};

/// `value` as type `want`, by safe or unsafe conversion. Nulls and unknowns become nulls and unknowns of the type.
///
/// # Errors
/// When the types do not convert, or this value does not (`"a"` to a number).
pub fn convert(value: &Value, want: &Type) -> Result<Value, ConversionError> {
    match (value, want) {
        (_, Type::Dynamic)
        | (Value::String(_), Type::String)
        | (Value::Number(_), Type::Number)
        | (Value::Bool(_), Type::Bool) => return Ok(value.clone()),
        _ => {}
    }
    if value.is_of(want) {
        return Ok(value.clone());
    }
    let got = value.ty();
    if !convertible(&got, want, Safety::Unsafe) {
        return Err(ConversionError::new(mismatch(&got, want)));
    }
    apply(value, want)
}

/// Converts a value whose type is known to be convertible.
fn apply(value: &Value, want: &Type) -> Result<Value, ConversionError> {
    match (value, want) {
        (_, Type::Dynamic) => Ok(value.clone()),
        (Value::Unknown(got), _) => Ok(Value::Unknown(replace_dynamic(got, &want.without_optional()))),
        (Value::Null(got), _) => Ok(Value::Null(replace_dynamic(got, &want.without_optional()))),
        (_, Type::String) => to_string(value),
        (_, Type::Number) => to_number(value),
        (_, Type::Bool) => to_bool(value),
        (_, Type::List(element)) => to_list(value, element),
        (_, Type::Set(element)) => to_set(value, element),
        (Value::Map(..) | Value::Object(_), Type::Map(element)) => to_map(value, element),
        (Value::Object(entries), Type::Object(object)) => object_to_object(entries, object),
        (Value::Map(_, entries), Type::Object(object)) => map_to_object(entries, object),
        (Value::Tuple(items), Type::Tuple(types)) => {
            let pairs = items.iter().zip(types.iter()).enumerate();
            let converted = pairs.map(|(index, (item, ty))| nested(item, ty, PathStep::Index(index)));
            Ok(Value::Tuple(converted.collect::<Result<_, _>>()?))
        }
        _ => Err(ConversionError::new(mismatch(&value.ty(), want))),
    }
}

fn nested(value: &Value, want: &Type, step: PathStep) -> Result<Value, ConversionError> {
    convert(value, want).map_err(|error| error.under(step))
}

fn to_string(value: &Value) -> Result<Value, ConversionError> {
    match value {
        Value::String(_) => Ok(value.clone()),
        Value::Number(number) => Ok(Value::string(number.to_string())),
        Value::Bool(value) => Ok(Value::string(if *value { "true" } else { "false" })),
        _ => Err(ConversionError::new("string required")),
    }
}

fn to_number(value: &Value) -> Result<Value, ConversionError> {
    let number = value.as_str().and_then(Number::parse);
    number.map(Value::Number).ok_or_else(|| ConversionError::new("a number is required"))
}

fn to_bool(value: &Value) -> Result<Value, ConversionError> {
    let text = value.as_str().unwrap_or_default();
    match text {
        "true" | "1" => return Ok(Value::Bool(true)),
        "false" | "0" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let hint = match text.to_lowercase().as_str() {
        word @ ("true" | "false") => format!("; to convert from string, use lowercase {}", quote(word)),
        _ => String::new(),
    };
    Err(ConversionError::new(format!("a bool is required{hint}")))
}

fn to_list(value: &Value, want: &Type) -> Result<Value, ConversionError> {
    let ty = value.ty();
    if let (Type::Set(element), false) = (&ty, value.is_wholly_known()) {
        // How many elements there will be is not known.
        return Ok(Value::Unknown(Type::List(element.clone())));
    }
    let (items, empty) = elements(value, &ty, want)?;
    let items = if matches!(ty, Type::Tuple(_)) { unified(items)? } else { items };
    matching(&items, "element types must all match for conversion to list")?;
    Ok(Value::list(items, empty))
}

fn to_set(value: &Value, want: &Type) -> Result<Value, ConversionError> {
    let (items, empty) = elements(value, &value.ty(), want)?;
    matching(&items, "element types must all match for conversion to set")?;
    Ok(Value::set(items, empty))
}

/// The elements of a list, set or tuple as `want`, and the element type of an empty result.
fn elements(value: &Value, ty: &Type, want: &Type) -> Result<(Vec<Value>, Type), ConversionError> {
    let items = value.items().unwrap_or_default();
    let (target, empty) = element_type(ty, items.iter(), want);
    let converted = items.iter().enumerate().map(|(index, item)| nested(item, &target, PathStep::Index(index)));
    Ok((converted.collect::<Result<_, _>>()?, empty))
}

fn to_map(value: &Value, want: &Type) -> Result<Value, ConversionError> {
    let (ty, no_entries) = (value.ty(), BTreeMap::new());
    let entries = value.entries().unwrap_or(&no_entries);
    let (target, empty) = element_type(&ty, entries.values(), want);
    let converted = entries.iter().map(|(key, item)| nested(item, &target, PathStep::Key(key.clone())));
    let converted = converted.collect::<Result<Vec<_>, _>>()?;
    let is_object = matches!(ty, Type::Object(_));
    let compared = if is_object { &target } else { want };
    let structured = compared.is_collection() || matches!(compared, Type::Object(_));
    let converted = if structured && !converted.is_empty() { unified(converted)? } else { converted };
    let part = if is_object { "attribute" } else { "element" };
    matching(&converted, &format!("{part} types must all match for conversion to map"))?;
    Ok(Value::map(entries.keys().cloned().zip(converted).collect(), empty))
}

/// What elements become, and the element type of an empty collection: `any` is whatever they have in common.
fn element_type<'a>(source: &Type, items: impl Iterator<Item = &'a Value>, want: &Type) -> (Type, Type) {
    if *want != Type::Dynamic {
        return (want.clone(), want.without_optional());
    }
    if let Some(element) = source.element() {
        return (Type::Dynamic, element.clone());
    }
    let types: Vec<Type> = items.map(Value::ty).collect();
    (unify(&types).unwrap_or(Type::Dynamic), Type::Dynamic)
}

/// Elements brought to one type after conversion: `any` inside a constraint may have left them different.
fn unified(items: Vec<Value>) -> Result<Vec<Value>, ConversionError> {
    let types: Vec<Type> = items.iter().map(Value::ty).collect();
    if types.windows(2).all(|pair| pair[0] == pair[1]) {
        return Ok(items);
    }
    let common =
        unify(&types).ok_or_else(|| ConversionError::new("cannot find a common base type for all elements"))?;
    items.iter().map(|item| convert(item, &common)).collect()
}

/// Whether values can be elements of one collection.
fn matching(items: &[Value], otherwise: &str) -> Result<(), ConversionError> {
    let mut types = items.iter().map(Value::ty).filter(|ty| *ty != Type::Dynamic);
    match types.next() {
        Some(first) if types.any(|ty| ty != first) => Err(ConversionError::new(otherwise)),
        _ => Ok(()),
    }
}

fn object_to_object(entries: &BTreeMap<Arc<str>, Value>, want: &ObjectType) -> Result<Value, ConversionError> {
    let mut converted = BTreeMap::new();
    for (name, ty) in &want.attributes {
        let value = match entries.get(name) {
            Some(value) => nested(value, ty, PathStep::Attribute(name.clone()))?,
            None => Value::Null(ty.without_optional()),
        };
        converted.insert(name.clone(), value);
    }
    Ok(Value::Object(Arc::new(converted)))
}

fn map_to_object(entries: &BTreeMap<Arc<str>, Value>, want: &ObjectType) -> Result<Value, ConversionError> {
    let mut converted = BTreeMap::new();
    for (name, value) in entries {
        let Some(ty) = want.attributes.get(name) else { continue };
        if !convertible(&value.ty(), ty, Safety::Unsafe) {
            let (name, why) = (quote(name), mismatch(&value.ty(), ty));
            let message = format!("map element type is incompatible with attribute {name}: {why}");
            return Err(ConversionError::new(message));
        }
        converted.insert(name.clone(), nested(value, ty, PathStep::Key(name.clone()))?);
    }
    for (name, ty) in &want.attributes {
        if converted.contains_key(name) {
            continue;
        }
        if !want.is_optional(name) {
            return Err(ConversionError::new(format!("map has no element for required attribute {}", quote(name))));
        }
        converted.insert(name.clone(), Value::Null(ty.without_optional()));
    }
    Ok(Value::Object(Arc::new(converted)))
}

/// `to` with each `any` replaced by what stands there in `from`: the type of a converted null or unknown.
fn replace_dynamic(from: &Type, to: &Type) -> Type {
    if *from == Type::Dynamic || !to.has_dynamic() {
        return to.clone();
    }
    match to {
        Type::Dynamic => from.clone(),
        Type::List(element) => Type::list(replace_dynamic(&common_element(from), element)),
        Type::Set(element) => Type::set(replace_dynamic(&common_element(from), element)),
        Type::Map(element) => Type::map(replace_dynamic(&common_element(from), element)),
        Type::Tuple(elements) => Type::tuple(elements.iter().enumerate().map(|(index, to)| match from {
            Type::Tuple(from) => from.get(index).map_or_else(|| to.clone(), |from| replace_dynamic(from, to)),
            _ => to.clone(),
        })),
        Type::Object(object) => Type::object(object.attributes.iter().map(|(name, to)| {
            let from = match from {
                Type::Object(from) => from.attributes.get(name),
                Type::Map(element) => Some(&**element),
                _ => None,
            };
            (name.clone(), from.map_or_else(|| to.clone(), |from| replace_dynamic(from, to)))
        })),
        Type::String | Type::Number | Type::Bool => to.clone(),
    }
}

fn common_element(ty: &Type) -> Type {
    match ty {
        Type::Tuple(elements) => unify(elements).unwrap_or(Type::Dynamic),
        Type::Object(object) => {
            unify(&object.attributes.values().cloned().collect::<Vec<_>>()).unwrap_or(Type::Dynamic)
        }
        _ => ty.element().cloned().unwrap_or(Type::Dynamic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(attributes: &[(&str, Value)]) -> Value {
        Value::object(attributes.iter().cloned())
    }

    fn optional(attributes: &[(&str, Type)], optional: &[&str]) -> Type {
        Type::Object(Arc::new(ObjectType {
            attributes: attributes.iter().map(|(name, ty)| (Arc::from(*name), ty.clone())).collect(),
            optional: optional.iter().map(|name| Arc::from(*name)).collect(),
        }))
    }

    #[test]
    fn values_that_convert() {
        let text = Value::string;
        for (value, want, expected) in [
            (Value::int(5), Type::String, text("5")),
            (text("1"), Type::Bool, Value::Bool(true)),
            (text("0x"), Type::Dynamic, text("0x")),
            (Value::Null(Type::Dynamic), Type::Number, Value::Null(Type::Number)),
            (Value::Unknown(Type::Dynamic), Type::list(Type::Dynamic), Value::Unknown(Type::list(Type::Dynamic))),
            (
                Value::Unknown(Type::tuple([Type::Number, Type::String])),
                Type::list(Type::Dynamic),
                Value::Unknown(Type::list(Type::String)),
            ),
            (Value::tuple([]), Type::list(Type::String), Value::list(vec![], Type::String)),
            (Value::tuple([Value::int(1), text("a")]), Type::list(Type::Dynamic), Value::strings(["1", "a"])),
            (
                Value::tuple([Value::Null(Type::Dynamic), text("a")]),
                Type::list(Type::Dynamic),
                Value::list(vec![Value::Null(Type::String), text("a")], Type::String),
            ),
            (
                Value::strings(["b", "a", "b"]),
                Type::set(Type::String),
                Value::set(vec![text("a"), text("b")], Type::String),
            ),
            (
                object(&[("a", Value::int(1)), ("b", text("x"))]),
                Type::map(Type::String),
                Value::map([("a".into(), text("1")), ("b".into(), text("x"))].into(), Type::String),
            ),
            (
                object(&[("a", Value::int(1)), ("extra", text("x"))]),
                optional(&[("a", Type::String), ("b", Type::Number)], &["b"]),
                object(&[("a", text("1")), ("b", Value::Null(Type::Number))]),
            ),
            (
                Value::map([("a".into(), text("7"))].into(), Type::String),
                optional(&[("a", Type::Number), ("b", Type::Bool)], &["b"]),
                object(&[("a", Value::int(7)), ("b", Value::Null(Type::Bool))]),
            ),
        ] {
            assert_eq!(convert(&value, &want).as_ref(), Ok(&expected), "{value:?} to {want:?}");
            assert_eq!(convert(&expected, &want).as_ref(), Ok(&expected), "again: {value:?} to {want:?}");
        }
    }

    #[test]
    fn values_that_do_not() {
        let tuple = |items: &[Value]| Value::tuple(items.iter().cloned());
        for (value, want, expected) in [
            (Value::string("a"), Type::Number, "a number is required"),
            (Value::string("yes"), Type::Bool, "a bool is required"),
            (Value::int(1), Type::Bool, "bool required"),
            (Value::strings(["a"]), Type::String, "string required"),
            (tuple(&[Value::string("a")]), Type::list(Type::Number), "a number is required"),
            (tuple(&[Value::int(1), Value::Bool(true)]), Type::list(Type::Number), "element 1: number required"),
            (
                tuple(&[Value::int(1), Value::Bool(true)]),
                Type::list(Type::Dynamic),
                "all list elements must have the same type",
            ),
            (tuple(&[]), Type::map(Type::String), "map of string required"),
            (
                Value::strings(["a"]),
                Type::list(Type::list(Type::String)),
                "incorrect list element type: list of string required",
            ),
            (object(&[("a", tuple(&[]))]), Type::map(Type::String), "element \"a\": string required"),
            (object(&[]), optional(&[("x", Type::String)], &[]), "attribute \"x\" is required"),
            (
                object(&[]),
                optional(&[("x", Type::String), ("y", Type::String), ("z", Type::String)], &[]),
                "attributes \"x\", \"y\", and \"z\" are required",
            ),
            (object(&[("x", tuple(&[]))]), optional(&[("x", Type::String)], &[]), "attribute \"x\": string required"),
            (
                Value::map([("a".into(), Value::int(1))].into(), Type::Number),
                optional(&[("b", Type::Number)], &[]),
                "map has no element for required attribute \"b\"",
            ),
        ] {
            let message = convert(&value, &want).map_err(|error| error.to_string());
            assert_eq!(message, Err(expected.to_owned()), "{value:?} to {want:?}");
        }
    }

    #[test]
    fn errors_know_their_place() {
        let value = object(&[("a", Value::tuple([Value::string("1"), Value::string("x")]))]);
        let error = convert(&value, &optional(&[("a", Type::list(Type::Number))], &[])).unwrap_err();
        assert_eq!(error.path, [PathStep::Attribute("a".into()), PathStep::Index(1)]);
    }
}
