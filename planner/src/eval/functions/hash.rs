//! Digests and random names.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::Value;

const TEXT: &[Param] = &[Param::new("str", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("md5", TEXT, returns::string, digest::<Md5>),
    Function::new("sha1", TEXT, returns::string, digest::<Sha1>),
    Function::new("sha256", TEXT, returns::string, digest::<Sha256>),
    Function::new("sha512", TEXT, returns::string, digest::<Sha512>),
    Function::new("uuidv4", &[], returns::string, |_| Ok(Value::string(uuid::Uuid::new_v4().to_string()))),
];

fn digest<D: Digest>(call: &Call<'_>) -> Result<Value, CallError> {
    let hex: String = D::digest(call.text(0)).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Value::string(hex))
}
