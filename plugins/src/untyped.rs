//! Values without a type that is agreed on, as Go programs pass them in MessagePack: to the values of templates and back.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::legacy::Raw;
use planner::value::{Number, Type, Value};
use rmpv::Value as Packed;

/// Nesting beyond this is cut off, so that no plugin can exhaust the stack.
const MAX_DEPTH: usize = 128;

/// A map of values.
pub fn map(entries: &BTreeMap<String, Value>) -> Packed {
    Packed::Map(entries.iter().map(|(name, value)| (name.as_str().into(), pack(value))).collect())
}

/// A value as Go holds one of no declared type. What is unknown becomes nothing.
pub fn pack(value: &Value) -> Packed {
    match value {
        Value::Null(_) | Value::Unknown(_) => Packed::Nil,
        Value::Bool(value) => Packed::Boolean(*value),
        Value::Number(number) => number_to_packed(number),
        Value::String(text) => Packed::from(&**text),
        Value::List(_, items) | Value::Set(_, items) => Packed::Array(items.iter().map(pack).collect()),
        Value::Tuple(items) => Packed::Array(items.iter().map(pack).collect()),
        Value::Map(_, entries) => {
            Packed::Map(entries.iter().map(|(name, value)| (Packed::from(&**name), pack(value))).collect())
        }
        Value::Object(entries) => {
            Packed::Map(entries.iter().map(|(name, value)| (Packed::from(&**name), pack(value))).collect())
        }
    }
}

/// Whole numbers as such, others as floating point.
fn number_to_packed(number: &Number) -> Packed {
    match number.to_string().parse::<i64>() {
        Ok(whole) => Packed::from(whole),
        Err(_) => Packed::F64(number.to_f64()),
    }
}

/// What was written in a legacy template.
pub fn of_raw(raw: &Raw) -> Value {
    match raw {
        Raw::Null => Value::Null(Type::Dynamic),
        Raw::Bool(value) => Value::Bool(*value),
        Raw::Number(number) => Number::from_f64(*number).map_or(Value::Null(Type::Number), Value::Number),
        Raw::Text(text) => Value::String(text.clone()),
        Raw::List(items) => Value::tuple(items.iter().map(of_raw)),
        Raw::Map(entries) => Value::object(entries.iter().map(|(name, raw)| (name.clone(), of_raw(raw)))),
    }
}

/// The entries of a map; empty when it is none. Names that are no text are left out.
pub fn entries(packed: &Packed) -> BTreeMap<String, Value> {
    let Packed::Map(entries) = packed else { return BTreeMap::new() };
    entries.iter().filter_map(|(name, value)| Some((text(name)?, unpack(value)))).collect()
}

/// A value of a template: lists become tuples, maps objects.
pub fn unpack(packed: &Packed) -> Value {
    unpack_at(packed, 0)
}

fn unpack_at(packed: &Packed, depth: usize) -> Value {
    let nothing = || Value::Null(Type::Dynamic);
    match packed {
        _ if depth > MAX_DEPTH => nothing(),
        Packed::Nil | Packed::Ext(..) => nothing(),
        Packed::Boolean(value) => Value::Bool(*value),
        Packed::Integer(number) => Number::parse(&number.to_string()).map_or_else(nothing, Value::Number),
        Packed::F32(number) => Number::from_f64(f64::from(*number)).map_or_else(nothing, Value::Number),
        Packed::F64(number) => Number::from_f64(*number).map_or_else(nothing, Value::Number),
        Packed::String(_) | Packed::Binary(_) => text(packed).map_or_else(nothing, |text| Value::text(&text)),
        Packed::Array(items) => Value::tuple(items.iter().map(|item| unpack_at(item, depth + 1))),
        Packed::Map(entries) => {
            let entries = entries.iter().filter_map(|(name, value)| Some((text(name)?, unpack_at(value, depth + 1))));
            Value::object(entries.map(|(name, value)| (Arc::<str>::from(name), value)))
        }
    }
}

/// Text and bytes as text; bytes that are no UTF-8 are replaced, as there is nothing else to be done with them.
fn text(packed: &Packed) -> Option<String> {
    match packed {
        Packed::String(text) => Some(String::from_utf8_lossy(text.as_bytes()).into_owned()),
        Packed::Binary(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Packed::Integer(_) | Packed::Boolean(_) => Some(packed.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_back_as_they_went() {
        let number = |text: &str| Value::Number(Number::parse(text).unwrap());
        for value in [
            Value::Bool(true),
            Value::text("é"),
            number("-1"),
            number("2.5"),
            Value::Null(Type::Dynamic),
            Value::tuple([Value::int(1), Value::text("two"), Value::object([("k", Value::tuple([]))])]),
        ] {
            assert_eq!(unpack(&pack(&value)), value);
        }
        assert_eq!(unpack(&pack(&Value::strings(["a"]))), Value::tuple([Value::text("a")]));
        assert_eq!(unpack(&Packed::Binary(vec![0x61, 0xff])), Value::text("a\u{fffd}"));
        assert_eq!(entries(&Packed::from(1)), BTreeMap::new());
    }
}
