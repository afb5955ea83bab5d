//! Values as plugins read and write them: cty's JSON towards them, cty's MessagePack back.
//!
//! Both are those of the public go-cty module, for values of any type: the type goes along.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::value::{Number, ObjectType, Type, Value, json};
use rmpv::Value as Packed;
use serde_json::{Value as Json, json as array};

use crate::external::gob::model::GobFault;
use crate::external::gob::ty::TypeFault;

/// Nesting beyond this is refused, so that no plugin can exhaust the stack.
const MAX_DEPTH: usize = 256;
/// Longer encodings are refused: every byte may be a value of its own, which takes many times as much here.
const MAX_LEN: usize = 32 << 20;

/// Why bytes are no value, or a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CtyFault(String);

impl From<GobFault> for CtyFault {
    fn from(fault: GobFault) -> Self {
        Self(fault.to_string())
    }
}

impl From<TypeFault> for CtyFault {
    fn from(fault: TypeFault) -> Self {
        Self(fault.to_string())
    }
}

pub(super) fn fault<T>(text: impl Into<String>) -> Result<T, CtyFault> {
    Err(CtyFault(text.into()))
}

/// `value` with its type, in JSON: `{"value":…,"type":…}`.
///
/// # Errors
///
/// When a part of it is unknown or infinite: neither has a form in JSON.
pub fn to_json(value: &Value) -> Result<Vec<u8>, CtyFault> {
    let text = json::encode(value).map_err(|error| CtyFault(error.to_string()))?;
    Ok(format!("{{\"value\":{text},\"type\":{}}}", type_to_json(&value.ty())).into_bytes())
}

/// A type in JSON: `"string"`, `["list","string"]`, `["object",{"a":"bool"}]`.
fn type_to_json(ty: &Type) -> Json {
    match ty {
        Type::Dynamic => array!("dynamic"),
        Type::String => array!("string"),
        Type::Number => array!("number"),
        Type::Bool => array!("bool"),
        Type::List(element) => array!(["list", type_to_json(element)]),
        Type::Set(element) => array!(["set", type_to_json(element)]),
        Type::Map(element) => array!(["map", type_to_json(element)]),
        Type::Tuple(elements) => array!(["tuple", elements.iter().map(type_to_json).collect::<Vec<_>>()]),
        Type::Object(object) => {
            let members = object.attributes.iter().map(|(name, ty)| (name.to_string(), type_to_json(ty)));
            array!(["object", members.collect::<serde_json::Map<_, _>>()])
        }
    }
}

fn type_from_json(json: &Json, depth: usize) -> Result<Type, CtyFault> {
    if depth > MAX_DEPTH {
        return fault("the type is nested too deeply");
    }
    let unknown = || CtyFault(format!("{json} is no type"));
    match json {
        Json::String(name) => match name.as_str() {
            "dynamic" => Ok(Type::Dynamic),
            "string" => Ok(Type::String),
            "number" => Ok(Type::Number),
            "bool" => Ok(Type::Bool),
            _ => Err(unknown()),
        },
        Json::Array(parts) => {
            let inner = parts.get(1).ok_or_else(unknown)?;
            let element = || type_from_json(inner, depth + 1);
            match parts[0].as_str() {
                Some("list") => Ok(Type::list(element()?)),
                Some("set") => Ok(Type::set(element()?)),
                Some("map") => Ok(Type::map(element()?)),
                Some("tuple") => {
                    let elements = inner.as_array().ok_or_else(unknown)?.iter();
                    elements.map(|ty| type_from_json(ty, depth + 1)).collect::<Result<Vec<_>, _>>().map(Type::tuple)
                }
                Some("object") => {
                    let members = inner.as_object().ok_or_else(unknown)?.iter();
                    let members = members.map(|(name, ty)| Ok((name.as_str(), type_from_json(ty, depth + 1)?)));
                    members.collect::<Result<Vec<_>, CtyFault>>().map(Type::object)
                }
                _ => Err(unknown()),
            }
        }
        _ => Err(unknown()),
    }
}

/// The value of any type in `bytes`.
///
/// # Errors
///
/// When they are something else.
pub fn from_msgpack(mut bytes: &[u8]) -> Result<Value, CtyFault> {
    if bytes.len() > MAX_LEN {
        return fault(format!("it is longer than {} MiB", MAX_LEN >> 20));
    }
    let packed = rmpv::decode::read_value_with_max_depth(&mut bytes, 2 * MAX_DEPTH)
        .map_err(|error| CtyFault(error.to_string()))?;
    match bytes {
        [] => read(&packed, &Type::Dynamic, 0),
        _ => fault("something follows the value"),
    }
}

fn read(packed: &Packed, ty: &Type, depth: usize) -> Result<Value, CtyFault> {
    if depth > MAX_DEPTH {
        return fault("the value is nested too deeply");
    }
    match (packed, ty) {
        (Packed::Nil, _) => Ok(Value::Null(ty.clone())),
        (Packed::Ext(..), _) => Ok(Value::Unknown(ty.clone())),
        (Packed::Array(parts), Type::Dynamic) => dynamic(parts, depth),
        (Packed::Boolean(value), Type::Bool) => Ok(Value::Bool(*value)),
        (Packed::String(text), Type::String) => match text.as_str() {
            Some(text) => Ok(Value::text(text)),
            None => fault("a string is not UTF-8"),
        },
        (_, Type::Number) => {
            number(packed).map(Value::Number).ok_or_else(|| CtyFault(format!("{packed} is no number")))
        }
        (Packed::Array(items), Type::List(element)) => {
            Ok(Value::List((**element).clone(), all(items, element, depth)?.into()))
        }
        (Packed::Array(items), Type::Set(element)) => Ok(Value::set(all(items, element, depth)?, (**element).clone())),
        (Packed::Array(items), Type::Tuple(types)) if items.len() == types.len() => items
            .iter()
            .zip(types.iter())
            .map(|(item, ty)| read(item, ty, depth + 1))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::tuple),
        (Packed::Map(entries), Type::Map(element)) => {
            let entries = entries.iter().map(|(key, item)| Ok((key_of(key)?, read(item, element, depth + 1)?)));
            Ok(Value::Map((**element).clone(), Arc::new(entries.collect::<Result<BTreeMap<_, _>, CtyFault>>()?)))
        }
        (Packed::Map(entries), Type::Object(object)) => members(entries, object, depth),
        _ => fault(format!("{packed} is no {ty}")),
    }
}

/// A value that brings its type: the type in JSON, and the value.
fn dynamic(parts: &[Packed], depth: usize) -> Result<Value, CtyFault> {
    let [ty, value] = parts else { return fault("a value of any type has two parts") };
    let text = match ty {
        Packed::Binary(bytes) => bytes.as_slice(),
        Packed::String(text) => text.as_bytes(),
        _ => return fault("the first part of a value of any type is its type"),
    };
    let ty = serde_json::from_slice(text).map_err(|error| CtyFault(error.to_string()))?;
    read(value, &type_from_json(&ty, 0)?, depth + 1)
}

fn all(items: &[Packed], element: &Type, depth: usize) -> Result<Vec<Value>, CtyFault> {
    items.iter().map(|item| read(item, element, depth + 1)).collect()
}

fn members(entries: &[(Packed, Packed)], object: &ObjectType, depth: usize) -> Result<Value, CtyFault> {
    let mut found = BTreeMap::new();
    for (key, item) in entries {
        let name = key_of(key)?;
        let Some(ty) = object.attributes.get(&name) else {
            return fault(format!("there is no attribute {name:?}"));
        };
        found.insert(name, read(item, ty, depth + 1)?);
    }
    match object.attributes.keys().find(|name| !found.contains_key(*name)) {
        Some(missing) => fault(format!("attribute {missing:?} is missing")),
        None => Ok(Value::Object(Arc::new(found))),
    }
}

fn key_of(key: &Packed) -> Result<Arc<str>, CtyFault> {
    key.as_str().map(Arc::from).ok_or_else(|| CtyFault(format!("{key} is no key")))
}

/// Whole numbers and fractions as such, all others in decimal digits.
fn number(packed: &Packed) -> Option<Number> {
    match packed {
        Packed::Integer(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Some(Number::from(number)),
            (None, Some(number)) => Number::parse(&number.to_string()),
            (None, None) => None,
        },
        Packed::F32(number) => Number::from_f64((*number).into()),
        Packed::F64(number) => Number::from_f64(*number),
        Packed::String(text) => Number::parse(text.as_str()?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(value: &Packed) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    fn of_type(ty: &str, value: Packed) -> Packed {
        Packed::Array(vec![Packed::Binary(ty.as_bytes().to_vec()), value])
    }

    #[test]
    fn values_are_written_with_their_type() {
        let value = Value::object([
            ("a", Value::Null(Type::String)),
            ("b", Value::strings(["x"])),
            ("c", Value::tuple([Value::Bool(true), Value::Number(Number::parse("1e-3").unwrap())])),
        ]);
        let expected = r#"{"value":{"a":null,"b":["x"],"c":[true,0.001]},"type":["object",{"a":"string","b":["list","string"],"c":["tuple",["bool","number"]]}]}"#;
        assert_eq!(String::from_utf8(to_json(&value).unwrap()).unwrap(), expected);
        assert!(to_json(&Value::Unknown(Type::String)).is_err());
    }

    #[test]
    fn values_are_read_by_their_type() {
        let map = |entries: &[(&str, Packed)]| {
            Packed::Map(entries.iter().map(|(key, value)| (Packed::from(*key), value.clone())).collect())
        };
        for (ty, value, expected) in [
            (r#""string""#, Packed::from("é"), Value::text("é")),
            (r#""number""#, Packed::from(u64::MAX), Value::Number(Number::parse("18446744073709551615").unwrap())),
            (
                r#""number""#,
                Packed::from("12345678901234567890.5"),
                Value::Number(Number::parse("12345678901234567890.5").unwrap()),
            ),
            (r#""number""#, Packed::from(-0.5), Value::Number(Number::parse("-0.5").unwrap())),
            (r#"["list","bool"]"#, Packed::Array(vec![]), Value::List(Type::Bool, [].into())),
            (
                r#"["map","number"]"#,
                map(&[("k", Packed::from(1))]),
                Value::map([("k".into(), Value::int(1))].into(), Type::Number),
            ),
            (
                r#"["object",{"a":"string","b":"dynamic"}]"#,
                map(&[("b", of_type(r#""bool""#, true.into())), ("a", Packed::Nil)]),
                Value::object([("a", Value::Null(Type::String)), ("b", Value::Bool(true))]),
            ),
            (r#""string""#, Packed::Ext(0, vec![0]), Value::Unknown(Type::String)),
            (r#""dynamic""#, Packed::Nil, Value::Null(Type::Dynamic)),
        ] {
            assert_eq!(from_msgpack(&packed(&of_type(ty, value))).unwrap(), expected, "{ty}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        let deep = format!("{}\"string\"{}", "[\"list\",".repeat(300), "]".repeat(300));
        for (ty, value) in [
            (r#""text""#, Packed::Nil),
            (r#"["list"]"#, Packed::Nil),
            (r#"{}"#, Packed::Nil),
            (&deep, Packed::Nil),
            (r#""bool""#, Packed::from(1)),
            (r#""number""#, Packed::from("one")),
            (r#"["tuple",["bool"]]"#, Packed::Array(vec![])),
            (r#"["object",{"a":"bool"}]"#, Packed::Map(vec![])),
            (r#"["object",{}]"#, Packed::Map(vec![("a".into(), Packed::Nil)])),
        ] {
            assert!(from_msgpack(&packed(&of_type(ty, value))).is_err(), "{ty}");
        }
        let long = vec![0xc0; MAX_LEN + 1];
        for bytes in [&[][..], &[0xc0, 0xc0], &[0x92, 0x01, 0x02], &long] {
            assert!(from_msgpack(bytes).is_err(), "{:x?}", &bytes[..bytes.len().min(8)]);
        }
    }
}
