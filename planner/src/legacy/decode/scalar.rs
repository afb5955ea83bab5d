//! Single values: text, bools, numbers, durations.

use crate::duration::GoDuration;
use crate::legacy::decode::target::Target;
use crate::legacy::raw::Raw;
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

/// The words that Go takes for bools.
///
/// # Errors
///
/// It is none of them, in Go's words.
pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(text))),
    }
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

/// A whole number in Go's notation: `0x`, `0o`, `0b` and leading zeros tell the base, underscores may stand between digits.
fn parse_int(text: &str) -> Result<i64, &'static str> {
    const INVALID: &str = "invalid syntax";
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (base, digits, prefixed) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..], true),
        [b'0', b'b', ..] => (2, &lower[2..], true),
        [b'0', b'o', ..] => (8, &lower[2..], true),
        [b'0', _, ..] => (8, &lower[1..], true),
        _ => (10, &*lower, false),
    };
    // An underscore stands between digits, or between a prefix and a digit.
    let misplaced = digits.ends_with('_') || digits.contains("__") || (digits.starts_with('_') && !prefixed);
    let plain = digits.replace('_', "");
    if misplaced || plain.is_empty() || !plain.chars().all(|digit| digit.is_digit(base)) {
        return Err(INVALID);
    }
    let magnitude = i128::from_str_radix(&plain, base).map_err(|_| "value out of range")?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| "value out of range")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_in_go_notation() {
        for (text, expected) in [
            ("12", Ok(12)),
            ("-0x1F", Ok(-31)),
            ("+0b101", Ok(5)),
            ("0o17", Ok(15)),
            ("017", Ok(15)),
            ("0", Ok(0)),
            ("1_000", Ok(1000)),
            ("0x_1", Ok(1)),
            ("_1", Err("invalid syntax")),
            ("1__0", Err("invalid syntax")),
            ("1_", Err("invalid syntax")),
            ("08", Err("invalid syntax")),
            ("0x", Err("invalid syntax")),
            ("", Err("invalid syntax")),
            ("1.5", Err("invalid syntax")),
            (" 1", Err("invalid syntax")),
            ("9223372036854775808", Err("value out of range")),
            ("-9223372036854775808", Ok(i64::MIN)),
            (&"9".repeat(60), Err("value out of range")),
        ] {
            assert_eq!(parse_int(text), expected, "{text}");
        }
    }
}
