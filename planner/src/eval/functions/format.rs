//! `format` and `formatlist`.

use crate::eval::budget::check_text;
use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::eval::functions::verb::{Verb, next_verb};
use crate::value::{Type, Value};

const FORMAT: &[Param] = &[Param::new("format", Takes::String)];

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("format", FORMAT, returns::string, |call| {
        if call.is_open() { call.unknown() } else { Ok(Value::string(rendered(call.text(0), &call.args[1..])?)) }
    })
    .with_variadic(Param::new("args", Takes::Any).or_null().or_unknown()),
    Function::new("formatlist", FORMAT, returns::strings, format_list)
        .with_variadic(Param::new("args", Takes::Any).or_null().or_unknown()),
];

/// `format` with its verbs replaced by `args`.
fn rendered(format: &str, args: &[Value]) -> Result<String, CallError> {
    let mut out = String::new();
    let (mut at, mut next, mut highest) = (0, 1, 0);
    while let Some(percent) = format[at..].find('%').map(|found| at + found) {
        out.push_str(&format[at..percent]);
        let (verb, end): (Option<Verb>, usize) = next_verb(format, percent)?;
        at = end;
        let Some(verb) = verb else {
            out.push('%');
            continue;
        };
        let index = verb.index.unwrap_or(next);
        next = index + 1;
        highest = highest.max(index);
        out.push_str(&verb.render(index, args)?);
        check_text(out.len())?;
    }
    out.push_str(&format[at..]);
    match (args.len(), highest) {
        (count, highest) if count <= highest => Ok(out),
        (_, 0) => Err(CallError::argument(1, "too many arguments; no verbs in format string")),
        (_, used) => {
            Err(CallError::argument(used + 1, format!("too many arguments; only {used} used by format string")))
        }
    }
}

/// One text for each element of the sequences among the arguments, which must be of one length; others repeat.
fn format_list(call: &Call<'_>) -> Result<Value, CallError> {
    let args = &call.args[1..];
    if args.is_empty() {
        return Ok(Value::strings([rendered(call.text(0), args)?]));
    }
    let mut length: Option<(usize, usize)> = None;
    let mut open = false;
    for (at, arg) in args.iter().enumerate() {
        let this = match (arg.items(), arg.ty()) {
            (Some(items), _) => items.len(),
            (None, Type::Tuple(types)) if !arg.is_null() => {
                open = true;
                types.len()
            }
            (None, Type::List(_) | Type::Set(_)) if !arg.is_null() => {
                open = true;
                continue;
            }
            _ => continue,
        };
        match length {
            Some((first, known)) if known != this => {
                let why = format!(
                    "argument {} has length {this}, which is inconsistent with argument {} of length {known}",
                    at + 1,
                    first + 1
                );
                return Err(CallError::argument(at + 1, why));
            }
            Some(_) => {}
            None => length = Some((at, this)),
        }
    }
    if open {
        return call.unknown();
    }
    let rounds = length.map_or(1, |(_, length)| length);
    let mut texts = Vec::with_capacity(rounds);
    let mut length = 0;
    for round in 0..rounds {
        let row: Vec<Value> = args.iter().map(|arg| arg.items().map_or(arg, |items| &items[round]).clone()).collect();
        if row.iter().all(Value::is_wholly_known) {
            let text = rendered(call.text(0), &row).map_err(|error| match error {
                CallError::Failed(why) | CallError::FailedAt(why, _) | CallError::Argument(_, why) => {
                    CallError::Failed(format!("error on format iteration {round}: {why}"))
                }
                other => other,
            })?;
            length += text.len();
            check_text(length)?;
            texts.push(Value::string(text));
        } else {
            texts.push(Value::Unknown(Type::String));
        }
    }
    Ok(Value::List(Type::String, texts.into()))
}
