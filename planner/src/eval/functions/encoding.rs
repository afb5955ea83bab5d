//! JSON, base64, URL.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::eval::base64_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::go_text::url_encode;
use crate::value::{Type, Value, json};

const STR: &[Param] = &[Param::new("str", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64decode", STR, returns::string, base64_decode),
    Function::new("base64encode", STR, returns::string, |call| Ok(Value::string(BASE64_STANDARD.encode(call.text(0))))),
    Function::new("jsondecode", STR, json_type, |call| decode(call.text(0))),
    Function::new(
        "jsonencode",
        &[Param::new("val", Takes::Any).or_null().or_unknown().or_untyped()],
        returns::string,
        |call| {
            if call.is_open() {
                call.unknown()
            } else {
                Ok(Value::string(json::encode(&call.args[0]).map_err(text_of)?))
            }
        },
    ),
    Function::new("urlencode", STR, returns::string, |call| Ok(Value::string(url_encode(call.text(0))))),
];

fn text_of(error: json::JsonError) -> CallError {
    CallError::Failed(error.to_string())
}

fn decode(text: &str) -> Result<Value, CallError> {
    json::decode(text).map_err(text_of)
}

/// Known only with the text.
fn json_type(_: &[Value]) -> Result<Type, CallError> {
    Ok(Type::Dynamic)
}

fn base64_decode(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let Ok(bytes) = base64_text::decode(text) else {
        return Err(format!("failed to decode base64 data '{text}'").into());
    };
    match String::from_utf8(bytes) {
        Ok(decoded) => Ok(Value::string(decoded)),
        Err(_) => Err("the result of decoding the the provided string is not valid UTF-8".into()),
    }
}
