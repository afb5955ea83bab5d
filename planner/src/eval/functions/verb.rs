//! The verbs of `format`: `%-8.3[2]f` and its like.

use crate::eval::functions::error::CallError;
use crate::value::graphemes::{self, graphemes};
use crate::value::notation::{Digits, quote_char};
use crate::value::{Number, Type, Value, convert, json, quote};

/// Widths and precisions above this are refused.
const MAX_WIDTH: usize = 1_000_000;

/// One verb with what was written before its letter.
#[derive(Debug)]
pub(super) struct Verb<'a> {
    raw: &'a str,
    offset: usize,
    letter: char,
    zero: bool,
    sharp: bool,
    plus: bool,
    minus: bool,
    space: bool,
    width: Option<usize>,
    precision: Option<usize>,
    /// The argument it asks for, counted from one.
    pub(super) index: Option<usize>,
}

/// The verb at the `%` at byte `start`, none for `%%`, and where it ends.
pub(super) fn next_verb(format: &str, start: usize) -> Result<(Option<Verb<'_>>, usize), CallError> {
    let bytes = format.as_bytes();
    let mut at = start + 1;
    if bytes.get(at) == Some(&b'%') {
        return Ok((None, at + 1));
    }
    let mut verb = Verb {
        raw: "",
        offset: start,
        letter: ' ',
        zero: false,
        sharp: false,
        plus: false,
        minus: false,
        space: false,
        width: None,
        precision: None,
        index: None,
    };
    while let Some(flag) = bytes.get(at) {
        match flag {
            b'0' => verb.zero = true,
            b'#' => verb.sharp = true,
            b'+' => verb.plus = true,
            b'-' => verb.minus = true,
            b' ' => verb.space = true,
            _ => break,
        }
        at += 1;
    }
    verb.width = digits(bytes, &mut at)?;
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        verb.precision = Some(digits(bytes, &mut at)?.unwrap_or(0));
    }
    if bytes.get(at) == Some(&b'[') {
        at += 1;
        if !matches!(bytes.get(at), Some(b'1'..=b'9')) {
            return Err(unrecognised(format, at));
        }
        verb.index = digits(bytes, &mut at)?;
        if bytes.get(at) != Some(&b']') {
            return Err(unrecognised(format, at));
        }
        at += 1;
    }
    let Some(letter) = format[at..].chars().next().filter(char::is_ascii_alphabetic) else {
        return Err(unrecognised(format, at));
    };
    at += letter.len_utf8();
    Ok((Some(Verb { letter, raw: &format[start..at], ..verb }), at))
}

fn digits(bytes: &[u8], at: &mut usize) -> Result<Option<usize>, CallError> {
    let length = bytes[*at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return Ok(None);
    }
    let text = std::str::from_utf8(&bytes[*at..*at + length]).unwrap_or_default();
    *at += length;
    match text.parse() {
        Ok(number) if number <= MAX_WIDTH => Ok(Some(number)),
        _ => Err(format!("number {text} in format string is too large").into()),
    }
}

fn unrecognised(format: &str, at: usize) -> CallError {
    match format[at..].chars().next() {
        Some(character) => format!("unrecognized format character {} at offset {at}", quote_char(character)).into(),
        None => format!("invalid format string starting at offset {at}").into(),
    }
}

impl Verb<'_> {
    /// What it makes of the argument at `index`, counted from one.
    pub(super) fn render(&self, index: usize, args: &[Value]) -> Result<String, CallError> {
        let Some(arg) = args.get(index - 1) else {
            let raw = quote(self.raw);
            let (at, count) = (self.offset, args.len());
            return Err(
                format!("not enough arguments for {raw} at {at}: need index {index} but have {count} total").into()
            );
        };
        if arg.is_null() && self.letter != 'v' {
            return Err(self.unsupported("null value cannot be formatted"));
        }
        match self.letter {
            'v' => self.natural(arg),
            't' => match self.converted(arg, &Type::Bool)? {
                Value::Bool(true) => Ok("true".to_owned()),
                _ => Ok("false".to_owned()),
            },
            'b' | 'd' | 'o' | 'x' | 'X' => {
                let number = self.number(arg)?;
                if !number.is_whole() {
                    return Err(self.unsupported("an integer is required"));
                }
                Ok(self.integer(&number))
            }
            'e' | 'E' | 'f' | 'g' | 'G' => Ok(self.float(&self.number(arg)?)),
            's' | 'q' => self.string(arg),
            other => {
                let raw = quote(self.raw);
                Err(format!("unsupported format verb {} in {raw} at offset {}", quote_char(other), self.offset).into())
            }
        }
    }

    fn unsupported(&self, why: &str) -> CallError {
        format!("unsupported value for {} at {}: {why}", quote(self.raw), self.offset).into()
    }

    fn converted(&self, arg: &Value, ty: &Type) -> Result<Value, CallError> {
        convert(arg, ty).map_err(|error| self.unsupported(&error.to_string()))
    }

    fn number(&self, arg: &Value) -> Result<Number, CallError> {
        match self.converted(arg, &Type::Number)? {
            Value::Number(number) => Ok(number),
            _ => Err(self.unsupported("a number is required")),
        }
    }

    /// Text and numbers as they are, anything else as JSON.
    fn natural(&self, arg: &Value) -> Result<String, CallError> {
        let text = match arg {
            Value::String(text) if !self.sharp => text.to_string(),
            Value::Number(number) if !self.sharp => crate::value::notation::general(number, None),
            other => json::encode(other).map_err(|error| self.unsupported(&error.to_string()))?,
        };
        Ok(self.padded(text))
    }

    fn string(&self, arg: &Value) -> Result<String, CallError> {
        let value = self.converted(arg, &Type::String)?;
        let text = value.as_str().unwrap_or_default();
        let text: String = match self.precision {
            None | Some(0) => text.to_owned(),
            Some(count) => graphemes(text).take(count).collect(),
        };
        let text = match self.letter {
            'q' => json::encode(&Value::string(text)).map_err(|error| self.unsupported(&error.to_string()))?,
            _ => text,
        };
        Ok(self.padded(text))
    }

    /// Filled up to the width, which counts characters as people see them.
    fn padded(&self, text: String) -> String {
        let missing = self.width.unwrap_or(0).saturating_sub(graphemes::count(&text));
        let pad = (if self.zero { "0" } else { " " }).repeat(missing);
        if self.minus { text + &pad } else { pad + &text }
    }

    fn sign(&self, number: &Number) -> &'static str {
        match () {
            () if number.is_negative() && !(number.is_zero() && self.is_integer()) => "-",
            () if self.plus => "+",
            () if self.space => " ",
            () => "",
        }
    }

    fn is_integer(&self) -> bool {
        matches!(self.letter, 'b' | 'd' | 'o' | 'x' | 'X')
    }

    fn integer(&self, number: &Number) -> String {
        let radix = match self.letter {
            'b' => 2,
            'o' => 8,
            'x' | 'X' => 16,
            _ => 10,
        };
        let prefix = match self.letter {
            _ if !self.sharp => "",
            'b' => "0b",
            'o' => "0",
            'x' => "0x",
            'X' => "0X",
            _ => "",
        };
        let digits = number.in_radix(radix);
        let digits = if self.letter == 'X' { digits.to_uppercase() } else { digits };
        if self.precision == Some(0) && number.is_zero() {
            return String::new();
        }
        let mut zeros = self.precision.unwrap_or(0).saturating_sub(digits.len());
        let sign = self.sign(number);
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + prefix.len() + zeros + digits.len());
        let (mut left, mut right) = (0, 0);
        match () {
            () if self.minus => right = missing,
            () if self.zero && self.precision.is_none() => zeros += missing,
            () => left = missing,
        }
        let (left, zeros, right) = (" ".repeat(left), "0".repeat(zeros), " ".repeat(right));
        format!("{left}{sign}{prefix}{zeros}{digits}{right}")
    }

    fn float(&self, number: &Number) -> String {
        let (sign, digits) = if number.is_infinite() {
            let sign = if number.is_negative() {
                "-"
            } else if self.space {
                " "
            } else {
                "+"
            };
            (sign, "Inf".to_owned())
        } else {
            let places = self.precision.unwrap_or(6);
            let text = match self.letter {
                'f' => Digits::exact(number).fixed(places),
                'e' | 'E' => Digits::exact(number).scientific(places),
                _ if self.precision.is_some() => Digits::exact(number).general(self.precision),
                _ => Digits::shortest(number).general(None),
            };
            (self.sign(number), if self.letter.is_uppercase() { text.to_uppercase() } else { text })
        };
        let missing = self.width.unwrap_or(0).saturating_sub(sign.len() + digits.len());
        match () {
            () if self.zero && !number.is_infinite() => format!("{sign}{}{digits}", "0".repeat(missing)),
            () if self.minus => format!("{sign}{digits}{}", " ".repeat(missing)),
            () => format!("{}{sign}{digits}", " ".repeat(missing)),
        }
    }
}
