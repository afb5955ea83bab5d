//! Values, as go-cty encodes them: a type, and what stands for the value in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::value::{Number, Type, Value};

use crate::external::cty::{CtyFault, fault};
use crate::external::gob::decode::decode;
use crate::external::gob::model::Gob;
use crate::external::gob::ty::{self, MAX_DEPTH, last};

/// The value of any type in `bytes`.
///
/// # Errors
///
/// When they are something else.
pub fn from_gob(bytes: &[u8]) -> Result<Value, CtyFault> {
    inner(&decode(bytes)?)
}

/// The value in `gob`, whose encoding is one of its own.
pub(super) fn inner(gob: &Gob<'_>) -> Result<Value, CtyFault> {
    let Gob::Encoded(bytes) = gob else { return fault("the gob is no value") };
    let gob = decode(bytes)?;
    if let Some(Gob::Int(version)) = gob.field("Version") {
        return fault(format!("version {version} of the encoding of values is not known"));
    }
    let Some(ty) = gob.field("Ty") else { return fault("the value has no type") };
    let ty = ty::read(ty, 0)?;
    read(gob.field("V").unwrap_or(&Gob::Nil), &ty, 0)
}

fn read(gob: &Gob<'_>, ty: &Type, depth: usize) -> Result<Value, CtyFault> {
    if depth > MAX_DEPTH {
        return fault("the value is nested too deeply");
    }
    let inner = match gob {
        Gob::Nil => return Ok(Value::Null(ty.clone())),
        Gob::Named(_, inner) => inner,
        other => return fault(format!("{} is no {ty}", other.kind())),
    };
    match (&**inner, ty) {
        (Gob::Bool(value), Type::Bool) => Ok(Value::Bool(*value)),
        (Gob::String(text), Type::String) => Ok(Value::text(text)),
        (Gob::Encoded(bytes), Type::Number) => number(bytes).map(Value::Number),
        (Gob::List(items), Type::List(element)) => {
            Ok(Value::List((**element).clone(), all(items, element, depth)?.into()))
        }
        (Gob::Encoded(bytes), Type::Set(element)) => set(bytes, element, depth),
        (Gob::List(items), Type::Tuple(types)) if items.len() == types.len() => items
            .iter()
            .zip(types.iter())
            .map(|(item, ty)| read(item, ty, depth + 1))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::tuple),
        (Gob::Map(entries), Type::Map(element)) => {
            let entries = entries.iter().map(|(key, item)| Ok((key_of(key)?, read(item, element, depth + 1)?)));
            Ok(Value::Map((**element).clone(), Arc::new(entries.collect::<Result<BTreeMap<_, _>, CtyFault>>()?)))
        }
        (Gob::Map(entries), Type::Object(object)) => {
            let given: BTreeMap<Arc<str>, &Gob<'_>> =
                entries.iter().map(|(key, item)| Ok((key_of(key)?, item))).collect::<Result<_, CtyFault>>()?;
            if !given.keys().eq(object.attributes.keys()) {
                return fault(format!("an object has other attributes than its type, {ty}"));
            }
            let members =
                object.attributes.iter().map(|(name, ty)| Ok((name.clone(), read(given[name], ty, depth + 1)?)));
            Ok(Value::Object(Arc::new(members.collect::<Result<BTreeMap<_, _>, CtyFault>>()?)))
        }
        (other, ty) => fault(format!("{} is no {ty}", other.kind())),
    }
}

fn all(items: &[Gob<'_>], element: &Type, depth: usize) -> Result<Vec<Value>, CtyFault> {
    items.iter().map(|item| read(item, element, depth + 1)).collect()
}

/// Sets have an encoding of their own.
fn set(bytes: &[u8], element: &Type, depth: usize) -> Result<Value, CtyFault> {
    let gob = decode(bytes)?;
    if let Some(Gob::Int(version)) = gob.field("Version") {
        return fault(format!("version {version} of the encoding of sets is not known"));
    }
    let items = match (gob.field("Rules"), gob.field("Values")) {
        (Some(Gob::Named(name, _)), values) if last(name) == "setRules" => match values {
            Some(Gob::List(items)) => items.as_slice(),
            _ => &[],
        },
        _ => return fault("a set has no rules"),
    };
    Ok(Value::set(all(items, element, depth)?, element.clone()))
}

fn key_of(key: &Gob<'_>) -> Result<Arc<str>, CtyFault> {
    match key {
        Gob::String(text) => Ok(Arc::from(*text)),
        other => fault(format!("{} is no key", other.kind())),
    }
}

/// The number in the encoding of Go's `big.Float`: version, flags, bits of precision, and for a finite number that is
/// not zero the exponent and the mantissa, which is a fraction below one.
fn number(bytes: &[u8]) -> Result<Number, CtyFault> {
    let Some(([1, flags], rest)) = bytes.split_first_chunk() else { return fault("a number is of an unknown form") };
    let Some((precision, rest)) = rest.split_first_chunk() else { return fault("a number is too short") };
    let is_negative = flags & 1 != 0;
    match flags >> 1 & 3 {
        0 if is_negative => Ok(-&Number::ZERO),
        0 => Ok(Number::ZERO),
        1 => {
            let Some((exponent, mantissa)) = rest.split_first_chunk() else { return fault("a number is too short") };
            let bits = mantissa.len() as i64 * 8;
            let exponent = i64::from(i32::from_be_bytes(*exponent)) - bits;
            Ok(Number::from_binary(is_negative, mantissa, exponent, u32::from_be_bytes(*precision)))
        }
        2 if is_negative => Ok(Number::NEGATIVE_INFINITY),
        2 => Ok(Number::INFINITY),
        _ => fault("a number is of an unknown form"),
    }
}
