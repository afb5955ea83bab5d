//! Equality as `==` has it: types must agree, and unknown parts make the answer unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::Value;
use super::ty::Type;

/// Whether two values are equal; `None` when that is not known yet. Nothing is converted: `1` and `"1"` differ, and so
/// do a list and a tuple with the same elements.
pub fn equal(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Null(_), Value::Null(_)) => return Some(true),
        (Value::Null(_), other) | (other, Value::Null(_)) => return if other.is_known() { Some(false) } else { None },
        (Value::Unknown(unknown), other) | (other, Value::Unknown(unknown)) => {
            return if may_agree(unknown, &other.ty()) { None } else { Some(false) };
        }
        _ => {}
    }
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Number(a), Value::Number(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        (Value::List(a_type, a), Value::List(b_type, b)) => {
            if may_agree(a_type, b_type) {
                all_equal(a, b)
            } else {
                Some(false)
            }
        }
        (Value::Tuple(a), Value::Tuple(b)) => all_equal(a, b),
        (Value::Set(a_type, a), Value::Set(b_type, b)) => {
            if may_agree(a_type, b_type) {
                sets_equal(a, b)
            } else {
                Some(false)
            }
        }
        (Value::Map(a_type, a), Value::Map(b_type, b)) => {
            if may_agree(a_type, b_type) {
                entries_equal(a, b)
            } else {
                Some(false)
            }
        }
        (Value::Object(a), Value::Object(b)) => entries_equal(a, b),
        _ => Some(false),
    }
}

/// Whether types are the same as far as they are known.
fn may_agree(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Dynamic, _) | (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => may_agree(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_agree(a, b)),
        (Type::Object(a), Type::Object(b)) => {
            a.attributes.len() == b.attributes.len()
                && a.attributes.iter().all(|(name, a)| b.attributes.get(name).is_some_and(|b| may_agree(a, b)))
        }
        _ => a == b,
    }
}

fn all_equal(a: &[Value], b: &[Value]) -> Option<bool> {
    if a.len() != b.len() {
        return Some(false);
    }
    conjunction(a.iter().zip(b).map(|(a, b)| equal(a, b)))
}

fn entries_equal(a: &BTreeMap<Arc<str>, Value>, b: &BTreeMap<Arc<str>, Value>) -> Option<bool> {
    if a.len() != b.len() || !a.keys().eq(b.keys()) {
        return Some(false);
    }
    conjunction(a.values().zip(b.values()).map(|(a, b)| equal(a, b)))
}

/// Sets are kept sorted, so equal ones have equal elements in the same places.
fn sets_equal(a: &[Value], b: &[Value]) -> Option<bool> {
    if a.iter().chain(b).all(Value::is_wholly_known) {
        return all_equal(a, b);
    }
    None
}

/// False beats unknown.
fn conjunction(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut all = Some(true);
    for part in parts {
        match part {
            Some(true) => {}
            Some(false) => return Some(false),
            None => all = None,
        }
    }
    all
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
            (tuple(&[unknown.clone(), Value::int(1)]), tuple(&[unknown.clone(), Value::int(2)]), Some(false)),
            (tuple(&[unknown.clone(), Value::int(1)]), tuple(&[unknown.clone(), Value::int(1)]), None),
        ] {
            assert_eq!(equal(&a, &b), expected, "{a:?} {b:?}");
            assert_eq!(equal(&b, &a), expected, "{b:?} {a:?}");
        }
    }
}
