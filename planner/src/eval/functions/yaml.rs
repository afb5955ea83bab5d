//! YAML.

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Function, Param, Takes, returns};
use crate::eval::yaml::{YamlError, decode, encode};
use crate::value::{Type, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("yamldecode", &[Param::new("src", Takes::String)], returns::any, |call| {
        match decode(call.text(0)).map_err(text_of)? {
            // What a document without content is, is not known, not even its type.
            Value::Null(Type::Dynamic) => Ok(Value::Unknown(Type::Dynamic)),
            value => Ok(value),
        }
    }),
    Function::new(
        "yamlencode",
        &[Param::new("value", Takes::Any).or_null().or_unknown().or_untyped()],
        returns::string,
        |call| {
            if call.is_open() { call.unknown() } else { Ok(Value::string(encode(&call.args[0]).map_err(text_of)?)) }
        },
    ),
];

fn text_of(error: YamlError) -> CallError {
    CallError::Failed(error.to_string())
}
