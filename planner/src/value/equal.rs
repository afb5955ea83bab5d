//! Equality as `==` has it: types must agree, and unknown parts make the answer unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::Value;
use super::ty::Type;

/// Whether two values are equal; `None` when that is not known yet. Nothing is converted: `1` and `"1"` differ, and so
/// do a list and a tuple with the same elements. Two nulls are equal, whatever their types.
pub fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => return Some(a == b),
        (Value::Number(a), Value::Number(b)) => return Some(a.reads_as(b)),
        (Value::String(a), Value::String(b)) => return Some(a == b),
        (Value::Null(_), Value::Null(_)) => return Some(true),
        (Value::Null(_), other) | (other, Value::Null(_)) => return other.is_known().then_some(false),
        (Value::Unknown(_), Value::Unknown(_)) => return None,
        (Value::Unknown(unknown), known) | (known, Value::Unknown(unknown)) => {
            return if unknown.has_dynamic() || known.is_of(unknown) { None } else { Some(false) };
        }
        _ => {}
    }
    if has_untyped(a) || has_untyped(b) {
        let (a, b) = (a.ty(), b.ty());
        return if may_become(&a, &b) || may_become(&b, &a) { None } else { Some(false) };
    }
    if a.is_like(b) { parts_equal(a, b) } else { Some(false) }
}

/// Whether an unknown without type is in it: then its own type is not final.
fn has_untyped(value: &Value) -> bool {
    match value {
        Value::Unknown(ty) => ty.has_dynamic(),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => items.iter().any(has_untyped),
        Value::Map(_, entries) | Value::Object(entries) => entries.values().any(has_untyped),
        _ => false,
    }
}

/// Whether `ty` may turn out to be `known`, of which it knows parts.
fn may_become(ty: &Type, known: &Type) -> bool {
    match (ty, known) {
        (Type::Dynamic, _) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => {
            may_become(a, b)
        }
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_become(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.len() == b.attributes.len()
                && a.attributes.iter().all(|(name, a)| b.attributes.get(name).is_some_and(|b| may_become(a, b)))
        }
        _ => ty == known,
    }
}

/// Whether collections or structures of one type are equal: the first part that differs or is unknown decides.
fn parts_equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Set(_, a), Value::Set(_, b)) if a.iter().chain(b.iter()).any(|item| !item.is_known()) => None,
        (Value::Map(_, a), Value::Map(_, b)) if !same_keys(a, b) => Some(false),
        (
            Value::List(_, a) | Value::Set(_, a) | Value::Tuple(a),
            Value::List(_, b) | Value::Set(_, b) | Value::Tuple(b),
        ) => {
            if a.len() != b.len() {
                return Some(false);
            }
            // Sets are kept in order, so equal ones have equal elements in the same places.
            all_equal(a.iter().zip(b.iter()))
        }
        (Value::Map(_, a) | Value::Object(a), Value::Map(_, b) | Value::Object(b)) => {
            all_equal(a.values().zip(b.values()))
        }
        _ => equal(a, b),
    }
}

fn same_keys(a: &BTreeMap<Arc<str>, Value>, b: &BTreeMap<Arc<str>, Value>) -> bool {
    a.len() == b.len() && a.keys().eq(b.keys())
}

fn all_equal<'a>(mut pairs: impl Iterator<Item = (&'a Value, &'a Value)>) -> Option<bool> {
    pairs
        .find_map(|(a, b)| match parts_equal(a, b) {
            Some(true) => None,
            decided => Some(decided),
        })
        .unwrap_or(Some(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let unknown = Value::Unknown(Type::String);
        let tuple = |items: &[Value]| Value::Tuple(items.into());
        for (a, b, expected) in [
            (Value::int(1), Value::string("1"), Some(false)),
            (Value::int(0), Value::Number(-&crate::value::Number::ZERO), Some(true)),
            (Value::Null(Type::String), Value::Null(Type::Number), Some(true)),
            (Value::Null(Type::Dynamic), Value::string(""), Some(false)),
            (Value::Null(Type::Dynamic), unknown.clone(), None),
            (unknown.clone(), Value::int(1), Some(false)),
            (unknown.clone(), unknown.clone(), None),
            (Value::strings(["a"]), tuple(&[Value::string("a")]), Some(false)),
            (unknown.clone(), Value::Unknown(Type::Number), None),
            (Value::Unknown(Type::list(Type::Dynamic)), Value::int(1), None),
            (tuple(&[Value::Null(Type::Dynamic)]), tuple(&[Value::Null(Type::String)]), Some(false)),
            (tuple(&[Value::Unknown(Type::Dynamic)]), tuple(&[Value::int(1)]), None),
            (tuple(&[Value::Unknown(Type::Dynamic), Value::int(1)]), tuple(&[Value::int(1)]), Some(false)),
            // The first part that differs or is unknown decides.
            (tuple(&[unknown.clone(), Value::int(1)]), tuple(&[unknown.clone(), Value::int(2)]), None),
            (tuple(&[Value::int(1), unknown.clone()]), tuple(&[Value::int(2), unknown.clone()]), Some(false)),
            (tuple(&[unknown.clone(), Value::int(1)]), tuple(&[unknown.clone(), Value::int(1)]), None),
        ] {
            assert_eq!(equal(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(equal(&b, &a), expected, "{b:?} {a:?}");
        }
    }
}
