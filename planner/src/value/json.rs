//! Values from and to JSON text. Numbers keep all their digits both ways.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::Value;
use super::number::Number;
use super::ty::Type;

/// Nesting beyond this is refused, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 256;

/// Text that is not JSON, or a value that has no JSON form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

/// The compact JSON text of a wholly known value: keys sorted, `<`, `>` and `&` escaped, sets and tuples as arrays.
///
/// # Errors
/// When a part is unknown or infinite.
pub fn encode(value: &Value) -> Result<String, JsonError> {
    let mut out = String::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut String) -> Result<(), JsonError> {
    match value {
        Value::Unknown(_) => return Err(JsonError("value is not known".to_owned())),
        Value::Null(_) => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) if number.is_infinite() => {
            return Err(JsonError("infinity has no JSON form".to_owned()));
        }
        Value::Number(number) => out.push_str(&number.to_string()),
        Value::String(text) => write_string(text, out),
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out)?;
            }
            out.push(']');
        }
        Value::Map(_, entries) | Value::Object(entries) => {
            out.push('{');
            for (index, (key, item)) in entries.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write_string(key, out);
                out.push(':');
                write(item, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{0}'..'\u{20}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

/// The value of JSON text: objects and tuples, never maps or lists, and nulls without type.
///
/// # Errors
/// When the text is not exactly one JSON value.
pub fn decode(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_space();
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None => Ok(value),
        Some(_) => Err(JsonError("extraneous data after JSON value".to_owned())),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn fail<T>(&self, looking_for: &str) -> Result<T, JsonError> {
        Err(JsonError(match self.rest().chars().next() {
            Some(character) => format!("invalid character '{}' {looking_for}", character.escape_debug()),
            None => "unexpected end of JSON input".to_owned(),
        }))
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::string),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                for (word, value) in
                    [("true", Value::Bool(true)), ("false", Value::Bool(false)), ("null", Value::Null(Type::Dynamic))]
                {
                    if self.rest().starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                self.fail("looking for beginning of value")
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, JsonError>) -> Result<Value, JsonError> {
        if self.depth == MAX_DEPTH {
            return Err(JsonError("exceeded max depth".to_owned()));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Value, JsonError> {
        let mut items = Vec::new();
        if self.accept(b']') {
            return Ok(Value::tuple(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.accept(b']') {
                return Ok(Value::tuple(items));
            }
            if !self.accept(b',') {
                return self.fail("after array element");
            }
            self.skip_space();
        }
    }

    fn object(&mut self) -> Result<Value, JsonError> {
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        if self.accept(b'}') {
            return Ok(Value::Object(Arc::new(entries)));
        }
        loop {
            if self.peek() != Some(b'"') {
                return self.fail("looking for beginning of object key string");
            }
            let Value::String(key) = Value::string(self.string()?) else { return self.fail("in object key") };
            self.skip_space();
            if !self.accept(b':') {
                return self.fail("after object key");
            }
            self.skip_space();
            entries.insert(key, self.value()?);
            self.skip_space();
            if self.accept(b'}') {
                return Ok(Value::Object(Arc::new(entries)));
            }
            if !self.accept(b',') {
                return self.fail("after object key:value pair");
            }
            self.skip_space();
        }
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<Value, JsonError> {
        let length = self
            .rest()
            .bytes()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let text = &self.rest()[..length];
        let digits = text.strip_prefix('-').unwrap_or(text);
        let leading_zero = digits.len() > 1 && digits.starts_with('0') && digits.as_bytes()[1].is_ascii_digit();
        let bare_point =
            digits.starts_with('.') || digits.split(['e', 'E']).next().is_some_and(|mantissa| mantissa.ends_with('.'));
        match Number::parse(text) {
            Some(number) if !leading_zero && !bare_point => {
                self.at += length;
                Ok(Value::Number(number))
            }
            _ => Err(JsonError(format!("invalid number {text}"))),
        }
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.rest().find(['"', '\\']).unwrap_or(self.rest().len());
            let text = &self.rest()[..plain];
            if let Some(bad) = text.find(|character| character < '\u{20}') {
                self.at += bad;
                return self.fail("in string literal");
            }
            out.push_str(text);
            self.at += plain;
            if self.accept(b'"') {
                return Ok(out);
            }
            if !self.accept(b'\\') {
                return self.fail("in string literal");
            }
            out.push(self.escape()?);
        }
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let plain = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fail("in string escape code"),
        };
        self.at += 1;
        Ok(plain)
    }

    /// `uXXXX`, and a second one behind it when the two are a surrogate pair. A lone surrogate is a replacement character.
    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let first = self.hex()?;
        if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            let back = self.at;
            self.at += 1;
            let second = self.hex()?;
            if (0xdc00..0xe000).contains(&second) {
                let combined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return Ok(char::from_u32(combined).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = back;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let digits = self.rest().get(1..5).filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 5;
                Ok(code)
            }
            None => Err(JsonError("invalid \\u escape in string literal".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_come_back_unchanged() {
        for text in [
            "null",
            "true",
            "-0.5",
            "123456789012345678901234567890.125",
            "\"a\\\"\\\\\\n\\u003c\\u0001é😀\"",
            "[]",
            "{}",
            "[1,[2,{\"a\":null}],\"x\"]",
            "{\"a\":1,\"b\":[true,false]}",
        ] {
            assert_eq!(decode(text).and_then(|value| encode(&value)).as_deref(), Ok(text));
        }
    }

    #[test]
    fn looser_texts() {
        let value = decode(" { \"b\" : 1e2 , \"a\" : \"\\ud83d\\ude00\\ud800\\/\" , \"b\" : 2 } ").unwrap();
        assert_eq!(encode(&value).as_deref(), Ok("{\"a\":\"😀\u{fffd}/\",\"b\":2}"));
    }

    #[test]
    fn bad_texts() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            " ",
            "nul",
            "tru",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "01",
            "1.",
            ".5",
            "+1",
            "-",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "1 2",
            "{\"a\":1,}",
            "[1 2]",
            "Inf",
            &deep,
        ] {
            assert!(decode(text).is_err(), "{text}");
        }
    }
}
