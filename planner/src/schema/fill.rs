//! Values that components can be shown: nothing in them is unknown.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::{Type, Value};

/// Replaces what is still unknown by a value of the same type that a component can be shown: `<unknown>`, 0, false,
/// empty collections.
pub fn fill_unknown(value: &Value) -> Value {
    match value {
        Value::Unknown(ty) => placeholder(ty),
        Value::List(ty, items) => Value::List(ty.clone(), items.iter().map(fill_unknown).collect()),
        // Elements that were unknown may be the same now.
        Value::Set(ty, items) => Value::set(items.iter().map(fill_unknown).collect(), ty.clone()),
        Value::Tuple(items) => Value::Tuple(items.iter().map(fill_unknown).collect()),
        Value::Map(ty, entries) => Value::Map(ty.clone(), Arc::new(fill_entries(entries))),
        Value::Object(entries) => Value::Object(Arc::new(fill_entries(entries))),
        known => known.clone(),
    }
}

fn fill_entries(entries: &BTreeMap<Arc<str>, Value>) -> BTreeMap<Arc<str>, Value> {
    entries.iter().map(|(name, value)| (name.clone(), fill_unknown(value))).collect()
}

fn placeholder(ty: &Type) -> Value {
    match ty {
        Type::String | Type::Dynamic => Value::string("<unknown>"),
        Type::Number => Value::int(0),
        Type::Bool => Value::Bool(false),
        Type::List(element) => Value::List((**element).clone(), Arc::from([])),
        Type::Set(element) => Value::Set((**element).clone(), Arc::from([])),
        Type::Map(element) => Value::Map((**element).clone(), Arc::default()),
        Type::Tuple(items) => Value::Tuple(items.iter().map(placeholder).collect()),
        Type::Object(object) => {
            Value::object(object.attributes.iter().map(|(name, ty)| (name.clone(), placeholder(ty))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_have_the_type_of_what_they_stand_for() {
        let disk = Type::object([("size", Type::Number), ("tags", Type::set(Type::String))]);
        let shown = |text: &str| Value::text(text);
        for (value, expected) in [
            (Value::Unknown(Type::String), shown("<unknown>")),
            (Value::Unknown(Type::Dynamic), shown("<unknown>")),
            (
                Value::Unknown(disk.clone()),
                Value::object([("size", Value::int(0)), ("tags", Value::Set(Type::String, [].into()))]),
            ),
            (Value::Null(disk.clone()), Value::Null(disk.clone())),
            (Value::Unknown(Type::list(disk.clone())), Value::List(disk, [].into())),
            (
                Value::Unknown(Type::tuple([Type::Bool, Type::map(Type::Number)])),
                Value::tuple([Value::Bool(false), Value::Map(Type::Number, Arc::default())]),
            ),
            (
                Value::Map(Type::Number, Arc::new([("a".into(), Value::Unknown(Type::Number))].into())),
                Value::Map(Type::Number, Arc::new([("a".into(), Value::int(0))].into())),
            ),
            (
                Value::set(
                    vec![Value::Unknown(Type::String), shown("a"), Value::Unknown(Type::String), shown("<unknown>")],
                    Type::String,
                ),
                Value::set(vec![shown("<unknown>"), shown("a")], Type::String),
            ),
        ] {
            assert_eq!(fill_unknown(&value), expected, "{value:?}");
        }
    }
}
