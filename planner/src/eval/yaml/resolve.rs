//! Scalars: what their text means.

use super::error::YamlError;
use super::time::timestamp;
use super::token::Style;
use crate::eval::base64_text;
use crate::value::{Number, Type, Value, quote};

const STRING: &str = "tag:yaml.org,2002:str";
const BOOL: &str = "tag:yaml.org,2002:bool";
const INT: &str = "tag:yaml.org,2002:int";
const FLOAT: &str = "tag:yaml.org,2002:float";
const NULL: &str = "tag:yaml.org,2002:null";
const TIMESTAMP: &str = "tag:yaml.org,2002:timestamp";
const BINARY: &str = "tag:yaml.org,2002:binary";

/// What a scalar means.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar {
    Value(Value),
    /// `<<`: as a key, the entries of another mapping; anywhere else just text.
    Merge,
}

/// What the scalar with this tag and text means; `tag` is empty when there is none.
pub(super) fn resolve(tag: &str, text: &str, style: Style) -> Result<Scalar, YamlError> {
    if !["", STRING, BOOL, INT, FLOAT, NULL, TIMESTAMP, BINARY].contains(&tag) {
        return Err(YamlError::new(format!("unsupported tag {}", quote(tag))));
    }
    let mut tag = tag;
    let hint = Hint::of(text);
    if hint != Hint::Text && tag != STRING && tag != BINARY {
        if style == Style::Quoted {
            return Ok(Scalar::Value(Value::string(text)));
        }
        if let Some(value) = word(text) {
            return Ok(Scalar::Value(value));
        }
        if tag.is_empty() && matches!(text, ".nan" | ".NaN" | ".NAN") {
            return Err(YamlError::new("floating point NaN is not supported"));
        }
        if hint == Hint::Number
            && matches!(tag, "" | TIMESTAMP)
            && let Some(time) = timestamp(text)
        {
            return Ok(Scalar::Value(Value::string(time)));
        }
        if hint == Hint::Number || hint == Hint::Point {
            let digits = if hint == Hint::Number { text.replace('_', "") } else { text.to_owned() };
            if let Some(number) = Number::parse(&digits) {
                return Ok(Scalar::Value(Value::Number(number)));
            }
            if hint == Hint::Number && (digits.starts_with("0b") || digits.starts_with("-0b")) {
                tag = INT;
            }
        }
    }
    if tag.is_empty() && text == "<<" {
        return Ok(Scalar::Merge);
    }
    tagged(tag, text).map(Scalar::Value)
}

/// What the first character of a scalar says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hint {
    /// Nothing: it is text.
    Text,
    /// Perhaps one of the words that mean something.
    Word,
    /// Perhaps a number, or a time.
    Number,
    /// Perhaps a number that begins with a point.
    Point,
}

impl Hint {
    fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            None | Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => Self::Word,
            Some(b'0'..=b'9' | b'+' | b'-') => Self::Number,
            Some(b'.') => Self::Point,
            Some(_) => Self::Text,
        }
    }
}

/// The value of a word that has one.
fn word(text: &str) -> Option<Value> {
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null(Type::Dynamic),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Value::Number(Number::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Value::Number(-&Number::INFINITY),
        _ => Value::Bool(bool_word(text)?),
    })
}

fn bool_word(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// What is left to the tag alone.
fn tagged(tag: &str, text: &str) -> Result<Value, YamlError> {
    let refused = |more: &str| YamlError::new(format!("cannot parse {} as {tag}{more}", quote(text)));
    match tag {
        // There are no bytes among the values, so what they are encoded as is kept.
        BINARY if base64_text::decode(text).is_err() => Err(refused(": not valid base64")),
        BOOL => bool_word(text).map(Value::Bool).ok_or_else(|| refused("")),
        INT | FLOAT => number(&text.replace('_', "")).map(Value::Number).ok_or_else(|| refused("")),
        TIMESTAMP => timestamp(text).map(Value::string).ok_or_else(|| refused("")),
        NULL => Ok(Value::Null(Type::Dynamic)),
        _ => Ok(Value::string(text)),
    }
}

/// A decimal number, or a whole number of 64 bits with a prefix that tells its base.
fn number(text: &str) -> Option<Number> {
    if let Some(number) = Number::parse(text) {
        return Some(number);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (base, digits) = match unsigned.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &unsigned[2..]),
        [b'0', b'o' | b'O', ..] => (8, &unsigned[2..]),
        [b'0', b'b' | b'B', ..] => (2, &unsigned[2..]),
        _ => return None,
    };
    let magnitude = u64::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))?;
    match text.as_bytes().first() {
        Some(b'-') => 0i64.checked_sub_unsigned(magnitude).map(Number::from),
        // Only what fits into 63 bits may have a sign.
        Some(b'+') => i64::try_from(magnitude).ok().map(Number::from),
        _ => Number::parse(&magnitude.to_string()),
    }
}
