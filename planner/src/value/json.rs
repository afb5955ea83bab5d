//! Values from and to JSON text. Numbers keep all their digits both ways.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::model::Value;
use super::notation::quote_char;
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
            return Err(JsonError("cannot serialize infinity as JSON".to_owned()));
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

/// The value of JSON text: objects and tuples, never maps or lists, and nulls without type. What follows a closing
/// bracket behind the value is ignored, as the reference does.
///
/// # Errors
/// When the text does not begin with a JSON value, or something else follows it.
pub fn decode(text: &str) -> Result<Value, JsonError> {
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.skip_space();
    let value = reader.value()?;
    reader.skip_space();
    match reader.peek() {
        None | Some(b']' | b'}') => Ok(value),
        Some(_) => Err(JsonError("extraneous data after JSON object".to_owned())),
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

    /// The next byte does not belong here; the reference shows bytes, not characters.
    fn fail<T>(&self, place: &str) -> Result<T, JsonError> {
        Err(JsonError(match self.peek() {
            Some(byte) => format!("invalid character {}{place}", quote_char(char::from(byte))),
            None => "EOF".to_owned(),
        }))
    }

    /// As [`Self::fail`], inside of a string, a number or a word.
    fn fail_within<T>(&self, place: &str) -> Result<T, JsonError> {
        if self.peek().is_none() { Err(JsonError("unexpected EOF".to_owned())) } else { self.fail(place) }
    }

    fn value(&mut self) -> Result<Value, JsonError> {
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => self.string().map(Value::string),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null(Type::Dynamic)),
            _ => self.fail(" looking for beginning of value"),
        }
    }

    fn word(&mut self, word: &str, value: Value) -> Result<Value, JsonError> {
        for expected in word.bytes() {
            if !self.accept(expected) {
                let expected = char::from(expected);
                return self.fail_within(&format!(" in literal {word} (expecting '{expected}')"));
            }
        }
        Ok(value)
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
                return self.fail(" after array element");
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
                let place = if entries.is_empty() { "" } else { " looking for beginning of object key string" };
                return self.fail(place);
            }
            let Value::String(key) = Value::string(self.string()?) else { return self.fail(" in object key") };
            self.skip_space();
            if !self.accept(b':') {
                return self.fail(" after object key");
            }
            self.skip_space();
            entries.insert(key, self.value()?);
            self.skip_space();
            if self.accept(b'}') {
                return Ok(Value::Object(Arc::new(entries)));
            }
            if !self.accept(b',') {
                return self.fail(" after object key:value pair");
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
        let start = self.at;
        self.accept(b'-');
        if !self.accept(b'0') && self.digits() == 0 {
            return self.fail_within(" in numeric literal");
        }
        if self.accept(b'.') && self.digits() == 0 {
            return self.fail_within(" after decimal point in numeric literal");
        }
        if self.accept(b'e') || self.accept(b'E') {
            let _ = self.accept(b'+') || self.accept(b'-');
            if self.digits() == 0 {
                return self.fail_within(" in exponent of numeric literal");
            }
        }
        match Number::parse(&self.text[start..self.at]) {
            Some(number) if !number.is_infinite() => Ok(Value::Number(number)),
            _ => Err(JsonError("a number is required".to_owned())),
        }
    }

    /// Skips digits and counts them.
    fn digits(&mut self) -> usize {
        let count = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += count;
        count
    }

    fn string(&mut self) -> Result<String, JsonError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let plain = self.rest().find(['"', '\\']).unwrap_or(self.rest().len());
            let text = &self.rest()[..plain];
            if let Some(bad) = text.find(|character| character < '\u{20}') {
                self.at += bad;
                return self.fail(" in string literal");
            }
            out.push_str(text);
            self.at += plain;
            if self.accept(b'"') {
                return Ok(out);
            }
            if !self.accept(b'\\') {
                return self.fail_within(" in string literal");
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
            _ => return self.fail_within(" in string escape code"),
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
        self.at += 1;
        let mut code = 0;
        for _ in 0..4 {
            let Some(digit) = self.peek().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.fail_within(" in \\u hexadecimal character escape");
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
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
