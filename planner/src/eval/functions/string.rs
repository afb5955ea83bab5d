//! Functions on whole strings: case, trimming, search, joining and splitting.

use crate::eval::budget::check_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, STRINGS, Takes, returns};
use crate::go_text::{lower_case, title_case, upper_case};
use crate::value::Value;

const STR: Param = Param::new("str", Takes::String);
const PREFIX: &[Param] = &[STR, Param::new("prefix", Takes::String)];
const SUFFIX: &[Param] = &[STR, Param::new("suffix", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("endswith", SUFFIX, returns::bool, |call| Ok(Value::Bool(call.text(0).ends_with(call.text(1))))),
    Function::new("join", &[Param::new("separator", Takes::String)], returns::string, join)
        .with_variadic(Param::new("lists", STRINGS).or_unknown()),
    Function::new("lower", &[STR], returns::string, |call| Ok(Value::string(lower_case(call.text(0))))),
    Function::new(
        "replace",
        &[STR, Param::new("substr", Takes::String), Param::new("replace", Takes::String)],
        returns::string,
        replace,
    ),
    Function::new("split", &[Param::new("separator", Takes::String), STR], returns::strings, split),
    Function::new("startswith", PREFIX, returns::bool, |call| Ok(Value::Bool(call.text(0).starts_with(call.text(1))))),
    Function::new("strcontains", &[STR, Param::new("substr", Takes::String)], returns::bool, |call| {
        Ok(Value::Bool(call.text(0).contains(call.text(1))))
    }),
    Function::new("title", &[STR], returns::string, title),
    Function::new("trim", &[STR, Param::new("cutset", Takes::String)], returns::string, |call| {
        let cutset = call.text(1);
        Ok(Value::string(call.text(0).trim_matches(|character| cutset.contains(character))))
    }),
    Function::new("trimprefix", PREFIX, returns::string, |call| {
        let text = call.text(0);
        Ok(Value::string(text.strip_prefix(call.text(1)).unwrap_or(text)))
    }),
    Function::new("trimspace", &[STR], returns::string, |call| Ok(Value::string(call.text(0).trim()))),
    Function::new("trimsuffix", SUFFIX, returns::string, |call| {
        let text = call.text(0);
        Ok(Value::string(text.strip_suffix(call.text(1)).unwrap_or(text)))
    }),
    Function::new("upper", &[STR], returns::string, |call| Ok(Value::string(upper_case(call.text(0))))),
];

/// The first letter of each word in upper case. Words end at blanks and at ASCII signs other than `_`.
fn title(call: &Call<'_>) -> Result<Value, CallError> {
    let mut in_word = false;
    let titled: String = call
        .text(0)
        .chars()
        .map(|character| {
            let starts = !in_word;
            in_word = match character {
                'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => true,
                _ if character.is_ascii() => false,
                _ => character.is_alphanumeric() || !character.is_whitespace(),
            };
            if starts { title_case(character) } else { character }
        })
        .collect();
    Ok(Value::string(titled))
}

fn join(call: &Call<'_>) -> Result<Value, CallError> {
    let Some((separator, lists)) = call.args.split_first().filter(|(_, lists)| !lists.is_empty()) else {
        return Err("at least one list is required".into());
    };
    let Some(separator) = separator.as_str().filter(|_| !call.is_open()) else { return call.unknown() };
    let mut items = Vec::new();
    for (list_at, list) in lists.iter().enumerate() {
        for (at, item) in list.items().unwrap_or_default().iter().enumerate() {
            let Some(text) = item.as_str() else {
                let place = if lists.len() == 1 { String::new() } else { format!(" of list {}", list_at + 1) };
                let why = format!("element {at}{place} is null; cannot concatenate null values");
                return Err(CallError::argument(list_at + 1, why));
            };
            items.push(text);
        }
    }
    let length = items.iter().map(|text| text.len()).sum::<usize>();
    check_text(length.saturating_add(separator.len().saturating_mul(items.len().saturating_sub(1))))?;
    Ok(Value::string(items.join(separator)))
}

fn replace(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, old, new) = (call.text(0), call.text(1), call.text(2));
    if new.len() > old.len() {
        let more = text.matches(old).count().saturating_mul(new.len() - old.len());
        check_text(text.len().saturating_add(more))?;
    }
    Ok(Value::string(text.replace(old, new)))
}

fn split(call: &Call<'_>) -> Result<Value, CallError> {
    let (separator, text) = (call.text(0), call.text(1));
    if separator.is_empty() {
        return Ok(Value::strings(text.chars().map(|character| character.to_string())));
    }
    Ok(Value::strings(text.split(separator)))
}
