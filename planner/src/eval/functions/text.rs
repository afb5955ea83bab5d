//! Functions that count characters as people see them, or lines.

use crate::eval::budget::check_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::Value;
use crate::value::graphemes::{self, graphemes};

const STR: Param = Param::new("str", Takes::String);

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("chomp", &[STR], returns::string, |call| {
        Ok(Value::string(call.text(0).trim_end_matches(['\r', '\n'])))
    }),
    Function::new("indent", &[Param::new("spaces", Takes::Number), STR], returns::string, indent),
    Function::new("strrev", &[STR], returns::string, |call| {
        let clusters: Vec<&str> = graphemes(call.text(0)).collect();
        Ok(Value::string(clusters.into_iter().rev().collect::<String>()))
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
        return Err(format!("the number of spaces must be between 0 and {MAX_INDENT}").into());
    }
    let (pad, text) = (" ".repeat(spaces as usize), call.text(1));
    let more = text.matches('\n').count().saturating_mul(pad.len());
    check_text(text.len().saturating_add(more))?;
    Ok(Value::string(text.replace('\n', &format!("\n{pad}"))))
}

/// From an offset, counted from the end when negative, so many characters, or all of them when negative.
fn substr(call: &Call<'_>) -> Result<Value, CallError> {
    let (text, mut offset, length) = (call.text(0), call.whole(1)?, call.whole(2)?);
    if offset < 0 {
        offset = offset.saturating_add(graphemes::count(text) as i64);
        // Nothing is what the reference gives for no characters, unless they are counted from the end.
        if length == 0 {
            return Ok(Value::string(&text[after(text, offset)..]));
        }
    } else if length == 0 {
        return Ok(Value::string(""));
    }
    let rest = &text[after(text, offset)..];
    let end = if length < 0 { rest.len() } else { after(rest, length) };
    Ok(Value::string(&rest[..end]))
}

/// Where the first `count` characters of `text` end; they are none when `count` is negative.
fn after(text: &str, count: i64) -> usize {
    graphemes(text).take(usize::try_from(count).unwrap_or(0)).map(str::len).sum()
}
