//! `alltrue`, `anytrue`.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Type, Value};

const BOOLS: &[Param] = &[Param::new("list", Takes::List(&Takes::Bool))];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("alltrue", BOOLS, returns::bool, all_true),
    Function::new("anytrue", BOOLS, returns::bool, any_true),
];

/// The first element that is not true decides; null counts as false.
fn all_true(call: &Call<'_>) -> Result<Value, CallError> {
    for item in call.items(0) {
        match item {
            Value::Bool(true) => {}
            Value::Unknown(_) => return call.unknown(),
            _ => return Ok(Value::Bool(false)),
        }
    }
    Ok(Value::Bool(true))
}

/// True wins over unknown; null counts as false.
fn any_true(call: &Call<'_>) -> Result<Value, CallError> {
    if call.items(0).contains(&Value::Bool(true)) {
        return Ok(Value::Bool(true));
    }
    let open = call.items(0).iter().any(|item| !item.is_known());
    Ok(if open { Value::Unknown(Type::Bool) } else { Value::Bool(false) })
}
