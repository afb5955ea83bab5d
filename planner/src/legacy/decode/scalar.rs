//! Single values: text, bools, numbers, durations.

use crate::duration::GoDuration;
use crate::legacy::decode::target::Target;
use crate::legacy::raw::Raw;
use crate::literal::{parse_bool, parse_int};
use crate::value::quote;

/// A value as `target`, which is neither a list nor a map.
pub(super) fn decode(name: &str, input: &Raw, target: Target, weak: bool) -> Result<Raw, String> {
    let decoded = match target {
        Target::Text => text(input, weak),
        Target::Flag | Target::OptionalFlag => flag(name, input, weak)?,
        Target::Whole | Target::Duration | Target::Trilean => whole(name, input, weak)?,
        _ => Some(input.clone()),
    };
    decoded.ok_or_else(|| {
        let (wanted, given) = (target.type_name(), input.type_name());
        format!("'{name}' expected type '{wanted}', got unconvertible type '{given}', value: '{input}'")
    })
}

fn text(input: &Raw, weak: bool) -> Option<Raw> {
    match input {
        Raw::Text(_) => Some(input.clone()),
        Raw::Bool(value) if weak => Some(Raw::text(if *value { "1" } else { "0" })),
        Raw::Number(value) if weak => Some(Raw::text(&value.to_string())),
        _ => None,
    }
}

fn flag(name: &str, input: &Raw, weak: bool) -> Result<Option<Raw>, String> {
    Ok(match input {
        Raw::Bool(_) => Some(input.clone()),
        Raw::Number(value) if weak => Some(Raw::Bool(*value != 0.0)),
        Raw::Text(text) if weak && text.is_empty() => Some(Raw::Bool(false)),
        Raw::Text(text) if weak => {
            let value = parse_bool(text).map_err(|error| format!("cannot parse '{name}' as bool: {error}"))?;
            Some(Raw::Bool(value))
        }
        _ => None,
    })
}

fn whole(name: &str, input: &Raw, weak: bool) -> Result<Option<Raw>, String> {
    Ok(match input {
        // What does not fit becomes the smallest number there is, as on the machines that templates were written on.
        Raw::Number(value) if value.abs() >= -(i64::MIN as f64) => Some(Raw::Number(i64::MIN as f64)),
        Raw::Number(value) => Some(Raw::Number(value.trunc())),
        Raw::Bool(value) if weak => Some(Raw::Number(f64::from(u8::from(*value)))),
        Raw::Text(text) if weak => {
            let digits = if text.is_empty() { "0" } else { text };
            let value = parse_int(digits).map_err(|reason| {
                format!("cannot parse '{name}' as int: strconv.ParseInt: parsing {}: {reason}", quote(digits))
            })?;
            Some(Raw::Number(value as f64))
        }
        _ => None,
    })
}

/// The nanoseconds of a duration.
///
/// # Errors
///
/// It is none, in Go's words.
pub(super) fn parse_duration(text: &str) -> Result<Raw, String> {
    let duration: GoDuration = text.parse().map_err(|error: crate::duration::DurationError| error.to_string())?;
    Ok(Raw::Number(duration.nanos() as f64))
}
