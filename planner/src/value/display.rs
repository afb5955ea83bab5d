//! Values as `console` and `inspect` print them.

use super::model::Value;
use super::notation::{Digits, quote};
use super::number::Number;

/// `value` as the console shows it: text bare, collections over several lines with text quoted and nulls left out of
/// maps and objects, `<unknown>` when any part is not known.
pub fn render(value: &Value) -> String {
    if !value.is_wholly_known() {
        return "<unknown>".to_owned();
    }
    match value {
        Value::String(text) => text.to_string(),
        _ => {
            let mut out = String::new();
            write(value, 0, &mut out);
            out
        }
    }
}

fn write(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Null(_) => out.push_str("null"),
        Value::Unknown(_) => out.push_str("<unknown>"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => out.push_str(&number_text(number)),
        Value::String(text) => out.push_str(&quote(text)),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            write_block('[', items.iter().map(|item| (None, item)), ']', depth, out);
        }
        Value::Map(_, entries) | Value::Object(entries) => {
            let shown = entries.iter().filter(|(_, value)| !value.is_null());
            write_block('{', shown.map(|(key, value)| (Some(&**key), value)), '}', depth, out);
        }
    }
}

fn write_block<'a>(
    open: char,
    entries: impl Iterator<Item = (Option<&'a str>, &'a Value)>,
    close: char,
    depth: usize,
    out: &mut String,
) {
    out.push(open);
    let mut empty = true;
    for (key, value) in entries {
        empty = false;
        out.push('\n');
        indent(depth + 1, out);
        if let Some(key) = key {
            out.push_str(&quote(key));
            out.push_str(" = ");
        }
        write(value, depth + 1, out);
        if key.is_none() {
            out.push(',');
        }
    }
    if !empty {
        out.push('\n');
        indent(depth, out);
    }
    out.push(close);
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A 64-bit integer in full, anything else as the nearest `f64` would print.
fn number_text(number: &Number) -> String {
    if let Some(whole) = number.to_i64() {
        return whole.to_string();
    }
    let nearest = number.to_f64();
    if nearest.is_infinite() {
        return if nearest < 0.0 { "-Inf" } else { "+Inf" }.to_owned();
    }
    format!("{}{}", if nearest < 0.0 { "-" } else { "" }, Digits::of_f64(nearest).general(None))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    #[test]
    fn rows() {
        let half = Value::Number(Number::parse("2.50").unwrap());
        let big = Value::Number(Number::parse("18446744073709551616").unwrap());
        for (value, expected) in [
            (Value::string("a \"b\""), "a \"b\""),
            (Value::int(-3), "-3"),
            (half, "2.5"),
            (big, "1.8446744073709552e+19"),
            (Value::Null(Type::Dynamic), "null"),
            (Value::tuple([]), "[]"),
            (Value::object::<&str>([]), "{}"),
            (
                Value::tuple([Value::string("a"), Value::tuple([Value::Bool(true)])]),
                "[\n  \"a\",\n  [\n    true,\n  ],\n]",
            ),
            (
                Value::object([("b", Value::Null(Type::String)), ("a", Value::object([("c", Value::int(1))]))]),
                "{\n  \"a\" = {\n    \"c\" = 1\n  }\n}",
            ),
            (Value::tuple([Value::Unknown(Type::String)]), "<unknown>"),
        ] {
            assert_eq!(render(&value), expected);
        }
    }
}
