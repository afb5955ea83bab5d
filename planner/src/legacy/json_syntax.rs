//! What JSON text is to Go's `encoding/json`, and how it complains about text that is none.
//!
//! The tree is made by [`crate::syntax::json`], which is laxer and reports in HCL's words; here it is only decided
//! whether there is to be a tree.

/// Deeper nesting than this is refused.
const MAX_DEPTH: usize = 10_000;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) message: String,
    /// How many bytes were read when it was noticed.
    pub(super) offset: usize,
}

/// Checks that `text` is one JSON value.
pub(super) fn check(text: &[u8]) -> Result<(), SyntaxError> {
    let mut scanner = Scanner { step: Step::Value, open: Vec::new() };
    for (at, byte) in text.iter().enumerate() {
        scanner.read(*byte).map_err(|message| SyntaxError { message, offset: at + 1 })?;
    }
    // A number at the end is only complete when something else follows.
    let offset = text.len();
    scanner.read(b' ').map_err(|message| SyntaxError { message, offset })?;
    if scanner.step == Step::EndOfText {
        return Ok(());
    }
    Err(SyntaxError { message: "unexpected end of JSON input".to_owned(), offset })
}

/// Where the first JSON value in `text` ends; what follows is not looked at.
pub(super) fn first_value(text: &[u8]) -> Result<usize, SyntaxError> {
    let mut scanner = Scanner { step: Step::Value, open: Vec::new() };
    for (at, byte) in text.iter().enumerate() {
        let read = scanner.read(*byte);
        if scanner.is_at_end() {
            // A number ends in front of what is no longer part of it.
            return Ok(if read.is_err() { at } else { at + 1 });
        }
        read.map_err(|message| SyntaxError { message, offset: at + 1 })?;
    }
    let ended = scanner.read(b' ').is_ok() && scanner.is_at_end();
    let message = if text.iter().all(|byte| is_space(*byte)) { "EOF" } else { "unexpected EOF" };
    if ended { Ok(text.len()) } else { Err(SyntaxError { message: message.to_owned(), offset: text.len() }) }
}

impl SyntaxError {
    /// The message with the place, and the text in front of it.
    pub(super) fn describe(&self, text: &[u8]) -> String {
        let read = &text[..self.offset.min(text.len())];
        let line = 1 + read.iter().filter(|byte| **byte == b'\n').count();
        let mut lines = read.rsplitn(3, |byte| *byte == b'\n').map(String::from_utf8_lossy);
        let last = lines.next().unwrap_or_default();
        // Counted from one, but on the first line: scripts have come to know it so.
        let column = read.len() - read.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let before = lines.next().map(|before| format!("{:5}: {before}\n", line - 1)).unwrap_or_default();
        let arrow = " ".repeat(column + 5);
        format!(
            "Error parsing JSON: {}\nAt line {line}, column {column} (offset {}):\n{before}{line:5}: {last}\n{arrow}^\n",
            self.message, self.offset
        )
    }
}

/// What is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Value,
    ValueOrEnd,
    Key,
    KeyOrEnd,
    EndOfValue,
    EndOfText,
    Text,
    Escape,
    /// This many hexadecimal digits.
    Hex(u8),
    Minus,
    Zero,
    Digits,
    Point,
    Fraction,
    ExponentSign,
    Exponent,
    ExponentDigits,
    /// The rest of a word, from this byte on.
    Word(&'static str, usize),
}

/// What a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    ObjectKey,
    ObjectValue,
    Array,
}

struct Scanner {
    step: Step,
    open: Vec<Open>,
}

type Read = Result<(), String>;

impl Scanner {
    fn read(&mut self, byte: u8) -> Read {
        match self.step {
            Step::Value => self.value(byte),
            Step::ValueOrEnd if byte == b']' => self.end_of_value(byte),
            Step::ValueOrEnd => self.value(byte),
            Step::KeyOrEnd if byte == b'}' => self.close(),
            Step::Key | Step::KeyOrEnd => self.key(byte),
            Step::EndOfValue => self.end_of_value(byte),
            Step::EndOfText if is_space(byte) => Ok(()),
            Step::EndOfText => Err(unexpected(byte, "after top-level value")),
            Step::Text | Step::Escape | Step::Hex(_) => self.text(byte),
            Step::Word(word, at) => self.word(word, at, byte),
            _ => self.number(byte),
        }
    }

    fn is_at_end(&self) -> bool {
        self.open.is_empty() && matches!(self.step, Step::EndOfText | Step::EndOfValue)
    }

    fn go(&mut self, step: Step) -> Read {
        self.step = step;
        Ok(())
    }

    fn value(&mut self, byte: u8) -> Read {
        match byte {
            space if is_space(space) => Ok(()),
            b'{' => self.enter(byte, Open::ObjectKey, Step::KeyOrEnd),
            b'[' => self.enter(byte, Open::Array, Step::ValueOrEnd),
            b'"' => self.go(Step::Text),
            b'-' => self.go(Step::Minus),
            b'0' => self.go(Step::Zero),
            b'1'..=b'9' => self.go(Step::Digits),
            b't' => self.go(Step::Word("true", 1)),
            b'f' => self.go(Step::Word("false", 1)),
            b'n' => self.go(Step::Word("null", 1)),
            _ => Err(unexpected(byte, "looking for beginning of value")),
        }
    }

    fn enter(&mut self, byte: u8, open: Open, step: Step) -> Read {
        self.open.push(open);
        if self.open.len() > MAX_DEPTH {
            return Err(unexpected(byte, "exceeded max depth"));
        }
        self.go(step)
    }

    fn key(&mut self, byte: u8) -> Read {
        match byte {
            space if is_space(space) => Ok(()),
            b'"' => self.go(Step::Text),
            _ => Err(unexpected(byte, "looking for beginning of object key string")),
        }
    }

    /// Leaves an object or array.
    fn close(&mut self) -> Read {
        self.open.pop();
        self.go(if self.open.is_empty() { Step::EndOfText } else { Step::EndOfValue })
    }

    fn end_of_value(&mut self, byte: u8) -> Read {
        let Some(open) = self.open.last_mut() else {
            self.step = Step::EndOfText;
            return self.read(byte);
        };
        if is_space(byte) {
            return self.go(Step::EndOfValue);
        }
        match (*open, byte) {
            (Open::ObjectKey, b':') => {
                *open = Open::ObjectValue;
                self.go(Step::Value)
            }
            (Open::ObjectValue, b',') => {
                *open = Open::ObjectKey;
                self.go(Step::Key)
            }
            (Open::Array, b',') => self.go(Step::Value),
            (Open::ObjectValue, b'}') | (Open::Array, b']') => self.close(),
            (Open::ObjectKey, _) => Err(unexpected(byte, "after object key")),
            (Open::ObjectValue, _) => Err(unexpected(byte, "after object key:value pair")),
            (Open::Array, _) => Err(unexpected(byte, "after array element")),
        }
    }

    fn text(&mut self, byte: u8) -> Read {
        match (self.step, byte) {
            (Step::Escape, b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"') => self.go(Step::Text),
            (Step::Escape, b'u') => self.go(Step::Hex(4)),
            (Step::Escape, _) => Err(unexpected(byte, "in string escape code")),
            (Step::Hex(left), digit) if digit.is_ascii_hexdigit() => {
                self.go(if left == 1 { Step::Text } else { Step::Hex(left - 1) })
            }
            (Step::Hex(_), _) => Err(unexpected(byte, "in \\u hexadecimal character escape")),
            (_, b'"') => self.go(Step::EndOfValue),
            (_, b'\\') => self.go(Step::Escape),
            (_, 0..0x20) => Err(unexpected(byte, "in string literal")),
            _ => Ok(()),
        }
    }

    fn word(&mut self, word: &'static str, at: usize, byte: u8) -> Read {
        let wanted = word.as_bytes()[at];
        if byte != wanted {
            return Err(unexpected(byte, &format!("in literal {word} (expecting '{}')", char::from(wanted))));
        }
        self.go(if at + 1 == word.len() { Step::EndOfValue } else { Step::Word(word, at + 1) })
    }

    fn number(&mut self, byte: u8) -> Read {
        match (self.step, byte) {
            (Step::Minus, b'0') => self.go(Step::Zero),
            (Step::Minus, b'1'..=b'9') => self.go(Step::Digits),
            (Step::Minus, _) => Err(unexpected(byte, "in numeric literal")),
            (Step::Digits, b'0'..=b'9') => Ok(()),
            (Step::Digits | Step::Zero, b'.') => self.go(Step::Point),
            (Step::Digits | Step::Zero | Step::Fraction, b'e' | b'E') => self.go(Step::ExponentSign),
            (Step::Point | Step::Fraction, b'0'..=b'9') => self.go(Step::Fraction),
            (Step::Point, _) => Err(unexpected(byte, "after decimal point in numeric literal")),
            (Step::ExponentSign, b'+' | b'-') => self.go(Step::Exponent),
            (Step::ExponentSign | Step::Exponent | Step::ExponentDigits, b'0'..=b'9') => self.go(Step::ExponentDigits),
            (Step::ExponentSign | Step::Exponent, _) => Err(unexpected(byte, "in exponent of numeric literal")),
            // The number ended in front of this byte.
            _ => self.end_of_value(byte),
        }
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn unexpected(byte: u8, place: &str) -> String {
    format!("invalid character {} {place}", quoted(byte))
}

/// A byte as Go quotes it: taken for the character of that number.
fn quoted(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        b'\\' => "'\\\\'".to_owned(),
        0x07 => "'\\a'".to_owned(),
        0x08 => "'\\b'".to_owned(),
        0x0c => "'\\f'".to_owned(),
        b'\n' => "'\\n'".to_owned(),
        b'\r' => "'\\r'".to_owned(),
        b'\t' => "'\\t'".to_owned(),
        0x0b => "'\\v'".to_owned(),
        0..0x20 | 0x7f => format!("'\\x{byte:02x}'"),
        0x80..=0xa0 | 0xad => format!("'\\u{byte:04x}'"),
        _ => format!("'{}'", char::from(byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complains_as_go_does() {
        for (text, message, offset) in [
            ("{\"a\": 1}", "", 0),
            (" [1, -0.5e+3, \"\\u00e9\\n\", true, false, null, {}, []] \n", "", 0),
            ("12", "", 0),
            ("", "unexpected end of JSON input", 0),
            ("{\"a\": 1", "unexpected end of JSON input", 7),
            ("\"a", "unexpected end of JSON input", 2),
            ("\"a\\", "invalid character ' ' in string escape code", 3),
            ("{,}", "invalid character ',' looking for beginning of object key string", 2),
            ("{\"a\": 1,}", "invalid character '}' looking for beginning of object key string", 9),
            ("[1,]", "invalid character ']' looking for beginning of value", 4),
            ("{\"a\" 1}", "invalid character '1' after object key", 6),
            ("{\"a\": 1 \"b\"}", "invalid character '\"' after object key:value pair", 9),
            ("[1 2]", "invalid character '2' after array element", 4),
            ("{} x", "invalid character 'x' after top-level value", 4),
            ("'", "invalid character '\\'' looking for beginning of value", 1),
            ("\u{feff}{}", "invalid character 'ï' looking for beginning of value", 1),
            ("\"a\nb\"", "invalid character '\\n' in string literal", 3),
            ("\"\\x\"", "invalid character 'x' in string escape code", 3),
            ("\"\\u12g\"", "invalid character 'g' in \\u hexadecimal character escape", 6),
            ("01", "invalid character '1' after top-level value", 2),
            ("-a", "invalid character 'a' in numeric literal", 2),
            ("1.a", "invalid character 'a' after decimal point in numeric literal", 3),
            ("1e+a", "invalid character 'a' in exponent of numeric literal", 4),
            ("trua", "invalid character 'a' in literal true (expecting 'e')", 4),
            ("nil", "invalid character 'i' in literal null (expecting 'u')", 2),
            ("\u{1}", "invalid character '\\x01' looking for beginning of value", 1),
        ] {
            let expected =
                if message.is_empty() { Ok(()) } else { Err(SyntaxError { message: message.to_owned(), offset }) };
            assert_eq!(check(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn the_first_value_ends_somewhere() {
        for (text, expected) in [
            ("{} {}", Ok(2)),
            (" [1] x", Ok(4)),
            ("\"a\"b", Ok(3)),
            ("12", Ok(2)),
            ("12x", Ok(2)),
            ("1 2", Ok(2)),
            ("null", Ok(4)),
            ("", Err("EOF")),
            (" \n", Err("EOF")),
            ("{\"a\": 1", Err("unexpected EOF")),
            ("\"\\", Err("unexpected EOF")),
            ("{a}", Err("invalid character 'a' looking for beginning of object key string")),
        ] {
            let end = first_value(text.as_bytes()).map_err(|error| error.message);
            assert_eq!(end.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{text}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let text = "[".repeat(MAX_DEPTH + 1);
        let error = check(text.as_bytes()).unwrap_err();
        assert_eq!(error.message, "invalid character '[' exceeded max depth");
    }

    #[test]
    fn the_place_is_shown() {
        for (text, expected) in [
            (
                "{\n  \"a\": 1,\n}",
                "Error parsing JSON: invalid character '}' looking for beginning of object key string\n\
                 At line 3, column 2 (offset 13):\n    2:   \"a\": 1,\n    3: }\n       ^\n",
            ),
            (
                "{x}",
                "Error parsing JSON: invalid character 'x' looking for beginning of object key string\n\
                 At line 1, column 2 (offset 2):\n    1: {x\n       ^\n",
            ),
        ] {
            assert_eq!(check(text.as_bytes()).unwrap_err().describe(text.as_bytes()), expected);
        }
    }
}
