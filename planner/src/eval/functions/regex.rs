//! Functions that match patterns.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Captures;

use crate::eval::budget::check_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::pattern::{Pattern, PatternError, expand};
use crate::value::{Type, Value};

const PARAMS: &[Param] = &[Param::new("pattern", Takes::String), Param::new("string", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("regex", PARAMS, |args| match_type(&args[0]), first),
    Function::new("regexall", PARAMS, |args| match_type(&args[0]).map(Type::list), all),
    Function::new(
        "regex_replace",
        &[Param::new("str", Takes::String), Param::new("pattern", Takes::String), Param::new("replace", Takes::String)],
        returns::string,
        replace,
    ),
];

/// The type of one match, which the groups of the pattern decide: text, a tuple or an object of texts.
fn match_type(pattern: &Value) -> Result<Type, CallError> {
    let Some(pattern) = pattern.as_str() else { return Ok(Type::Dynamic) };
    let groups = Pattern::groups(pattern).map_err(refused)?;
    let names: Vec<&String> = groups.iter().flatten().collect();
    match (groups.len(), names.len()) {
        (0, _) => Ok(Type::String),
        (count, 0) => Ok(Type::tuple(std::iter::repeat_n(Type::String, count))),
        (count, named) if count == named => {
            Ok(Type::object(names.into_iter().map(|name| (name.as_str(), Type::String))))
        }
        _ => Err(CallError::argument(0, "invalid regexp pattern: cannot mix both named and unnamed capture groups")),
    }
}

fn refused(error: PatternError) -> CallError {
    CallError::argument(0, format!("invalid regexp pattern: {} in {}", error.fault, error.at))
}

fn first(call: &Call<'_>) -> Result<Value, CallError> {
    let pattern = Pattern::new(call.text(0)).map_err(refused)?;
    match pattern.regex.captures(call.text(1)) {
        Some(captures) => Ok(match_value(&pattern, &captures)),
        None => Err("pattern did not match any part of the given string".into()),
    }
}

fn all(call: &Call<'_>) -> Result<Value, CallError> {
    let pattern = Pattern::new(call.text(0)).map_err(refused)?;
    let matches = pattern.regex.captures_iter(call.text(1)).map(|captures| match_value(&pattern, &captures));
    let element = call.ty.element().cloned().unwrap_or(Type::Dynamic);
    Ok(Value::List(element, matches.collect()))
}

/// A group that took no part in the match is null. Of several groups with one name the last counts.
fn match_value(pattern: &Pattern, captures: &Captures<'_>) -> Value {
    let text = |at: usize| captures.get(at).map_or(Value::Null(Type::String), |found| Value::string(found.as_str()));
    if pattern.groups.is_empty() {
        return text(0);
    }
    let values = (1..=pattern.groups.len()).map(text);
    if pattern.groups.iter().all(Option::is_none) {
        return Value::tuple(values);
    }
    let named = pattern.groups.iter().zip(values);
    let entries = named.filter_map(|(name, value)| Some((Arc::from(name.as_deref()?), value)));
    Value::Object(Arc::new(entries.collect::<BTreeMap<Arc<str>, Value>>()))
}

fn replace(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, replacement) = (call.text(0), call.text(2));
    let pattern = Pattern::new(call.text(1)).map_err(|error| error.to_string())?;
    let mut out = String::with_capacity(text.len());
    let mut end = 0;
    for captures in pattern.regex.captures_iter(text) {
        let found = captures.get_match();
        out.push_str(&text[end..found.start()]);
        expand(&pattern, &captures, replacement, &mut out);
        end = found.end();
        check_text(out.len())?;
    }
    out.push_str(&text[end..]);
    Ok(Value::string(out))
}
