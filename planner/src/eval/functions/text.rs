//! Functions that count characters as people see them, or lines.

use unicode_segmentation::UnicodeSegmentation;

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::Value;

const STR: Param = Param::new("str", Takes::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("chomp", &[STR], returns::string, |call| {
        Ok(Value::string(call.text(0).trim_end_matches(['\r', '\n'])))
    }),
    Function::new("indent", &[Param::new("spaces", Takes::Number), STR], returns::string, indent),
    Function::new("strrev", &[STR], returns::string, |call| {
        Ok(Value::string(call.text(0).graphemes(true).rev().collect::<String>()))
    }),
    Function::new(
        "substr",
        &[STR, Param::new("offset", Takes::Number), Param::new("length", Takes::Number)],
        returns::string,
        substr,
    ),
];

/// Indents no further than this: beyond it a template wants something else.
const MAX_INDENT: i64 = 1 << 16;

fn indent(call: &Call<'_>) -> Result<Value, CallError> {
    let spaces = call.whole(0)?;
    if !(0..=MAX_INDENT).contains(&spaces) {
        return Err(CallError::argument(0, format!("the number of spaces must be between 0 and {MAX_INDENT}")));
    }
    let pad = " ".repeat(spaces as usize);
    Ok(Value::string(call.text(1).replace('\n', &format!("\n{pad}"))))
}

/// From an offset, counted from the end when negative, so many characters, or all of them when negative.
fn substr(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, offset, length) = (call.text(0), call.whole(1)?, call.whole(2)?);
    let mut starts: Vec<usize> = text.grapheme_indices(true).map(|(at, _)| at).collect();
    let count = starts.len() as i64;
    starts.push(text.len());
    let from = if offset < 0 { offset.saturating_add(count) } else { offset };
    let to = if length < 0 { count } else { from.saturating_add(length).min(count) };
    if from < 0 || from >= to {
        return Ok(Value::string(""));
    }
    Ok(Value::string(&text[starts[from as usize]..starts[to as usize]]))
}
