//! Literals in Go's notation: whole numbers, bools, quoted text.

use crate::value::quote;

const INVALID: &str = "invalid syntax";

/// A whole number: `0x`, `0o`, `0b` and leading zeros tell the base, underscores may stand between digits.
///
/// # Errors
///
/// It is none, or does not fit; in Go's words.
pub(crate) fn parse_int(text: &str) -> Result<i64, &'static str> {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let magnitude = i128::try_from(parse_magnitude(digits)?).map_err(|_| "value out of range")?;
    i64::try_from(if negative { -magnitude } else { magnitude }).map_err(|_| "value out of range")
}

/// The same without a sign.
///
/// # Errors
///
/// It is none, or far too large; in Go's words.
pub(crate) fn parse_magnitude(digits: &str) -> Result<u128, &'static str> {
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
    u128::from_str_radix(&plain, base).map_err(|_| "value out of range")
}

/// The words that Go takes for bools.
///
/// # Errors
///
/// It is none of them, in Go's words.
pub(crate) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {}: {INVALID}", quote(text))),
    }
}

/// The text of a quoted one, quotes included: `"…"` with escapes, or `` `…` `` without.
///
/// # Errors
///
/// It is none, in Go's words.
pub(crate) fn unquote(literal: &str) -> Result<String, &'static str> {
    let mut chars = literal.chars();
    match (chars.next(), chars.next_back()) {
        (Some('`'), Some('`')) => Ok(chars.as_str().replace('\r', "")),
        (Some('"'), Some('"')) => {
            let mut bytes = Vec::with_capacity(literal.len());
            let mut rest = chars.as_str();
            while !rest.is_empty() {
                let (piece, after) = unquote_char(rest, '"')?;
                piece.append_to(&mut bytes);
                rest = after;
            }
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        }
        _ => Err(INVALID),
    }
}

/// What stands at one place of a quoted text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// A character.
    Char(char),
    /// A byte by its number, which need not be a character.
    Byte(u8),
}

impl Piece {
    fn append_to(self, bytes: &mut Vec<u8>) {
        match self {
            Self::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Self::Byte(byte) => bytes.push(byte),
        }
    }

    /// Its number.
    pub(crate) fn code(self) -> u32 {
        match self {
            Self::Char(c) => u32::from(c),
            Self::Byte(byte) => u32::from(byte),
        }
    }
}

/// The first character of a text quoted with `quote`, and what follows.
///
/// # Errors
///
/// It is no character, in Go's words.
pub(crate) fn unquote_char(text: &str, quote: char) -> Result<(Piece, &str), &'static str> {
    let mut chars = text.chars();
    let first = chars.next().filter(|first| *first != quote && *first != '\n').ok_or(INVALID)?;
    if first != '\\' {
        return Ok((Piece::Char(first), chars.as_str()));
    }
    let escape = chars.next().ok_or(INVALID)?;
    let digits = |count: usize, radix: u32, from: &'_ str| -> Result<u32, &'static str> {
        let digits = from.get(..count).filter(|digits| digits.chars().all(|digit| digit.is_digit(radix)));
        u32::from_str_radix(digits.ok_or(INVALID)?, radix).map_err(|_| INVALID)
    };
    let rest = chars.as_str();
    let simple = |c: char| Ok((Piece::Char(c), rest));
    let byte = |code: u32| u8::try_from(code).map(Piece::Byte).map_err(|_| INVALID);
    match escape {
        'a' => simple('\u{7}'),
        'b' => simple('\u{8}'),
        'f' => simple('\u{c}'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\u{b}'),
        '\\' => simple('\\'),
        '\'' | '"' if escape == quote => simple(escape),
        'x' => Ok((byte(digits(2, 16, rest)?)?, &rest[2..])),
        'u' => Ok((Piece::Char(char::from_u32(digits(4, 16, rest)?).ok_or(INVALID)?), &rest[4..])),
        'U' => Ok((Piece::Char(char::from_u32(digits(8, 16, rest)?).ok_or(INVALID)?), &rest[8..])),
        '0'..='7' => {
            let octal = &text[1..];
            Ok((byte(digits(3, 8, octal)?)?, &octal[3..]))
        }
        _ => Err(INVALID),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
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
            ("--1", Err("invalid syntax")),
            ("9223372036854775808", Err("value out of range")),
            ("-9223372036854775808", Ok(i64::MIN)),
            (&"9".repeat(60), Err("value out of range")),
        ] {
            assert_eq!(parse_int(text), expected, "{text}");
        }
    }

    #[test]
    fn quoted_texts() {
        for (literal, expected) in [
            (r#""a\tb\"\\""#, Ok("a\tb\"\\")),
            ("`a\\t\r\nb`", Ok("a\\t\nb")),
            (r#""\x41\101\u00e9\U0001F600""#, Ok("AAé😀")),
            (r#""\xc3\xa9""#, Ok("é")),
            (r#""\'""#, Err("invalid syntax")),
            (r#""\q""#, Err("invalid syntax")),
            (r#""\x4""#, Err("invalid syntax")),
            (r#""\400""#, Err("invalid syntax")),
            (r#""\ud800""#, Err("invalid syntax")),
            (r#""a"b""#, Err("invalid syntax")),
            ("\"", Err("invalid syntax")),
            ("'a'", Err("invalid syntax")),
        ] {
            assert_eq!(unquote(literal).as_deref().map_err(|error| *error), expected, "{literal}");
        }
    }
}
