//! Texts in the bytes of other charsets, as base64.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::eval::base64_text;
use crate::eval::charset::Charset;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::{Value, quote};

const ENCODING: Param = Param::new("encoding", Takes::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("textdecodebase64", &[Param::new("source", Takes::String), ENCODING], returns::string, decode),
    Function::new("textencodebase64", &[Param::new("string", Takes::String), ENCODING], returns::string, encode),
];

fn charset(call: &Call<'_>) -> Result<Charset, CallError> {
    let name = call.text(1);
    Charset::named(name).ok_or_else(|| {
        CallError::argument(1, format!("{} is not a supported IANA encoding name or alias", quote(name)))
    })
}

fn encode(call: &Call<'_>) -> Result<Value, CallError> {
    let charset = charset(call)?;
    let Some(bytes) = charset.encode(call.text(0)) else {
        let why = format!("the given string contains characters that cannot be represented in {}", charset.name);
        return Err(CallError::argument(0, why));
    };
    Ok(Value::string(BASE64_STANDARD.encode(bytes)))
}

fn decode(call: &Call<'_>) -> Result<Value, CallError> {
    let charset = charset(call)?;
    let bytes = base64_text::decode(call.text(0))
        .map_err(|at| CallError::argument(0, format!("the given value has an invalid base64 symbol at offset {at}")))?;
    let Some(text) = charset.decode(&bytes) else {
        let why = format!("the given string contains symbols that are not defined for {}", charset.name);
        return Err(CallError::argument(0, why));
    };
    Ok(Value::string(text))
}
