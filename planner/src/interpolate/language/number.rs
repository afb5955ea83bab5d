//! The numbers and characters in templates. Complex numbers and hexadecimal fractions, which Go has as well, are refused: no
//! template has a use for them.

use crate::interpolate::language::token::{Kind, Token};
use crate::interpolate::language::tree::Number;
use crate::literal::{parse_int, parse_magnitude, unquote_char};
use crate::value::quote;

/// The number that a token is.
pub(super) fn number(token: &Token) -> Result<Number, String> {
    let written = token.text.clone();
    let illegal = || format!("illegal number syntax: {}", quote(&token.text));
    if token.kind == Kind::CharConstant {
        let (piece, tail) = unquote_char(&written[1..], '\'')?;
        if tail != "'" {
            return Err(format!("malformed character constant: {written}"));
        }
        return Ok(Number { whole: Some(i64::from(piece.code())), float: None, written });
    }
    if token.kind == Kind::Complex {
        return Err(format!("complex numbers are not supported: {written}"));
    }
    if let Ok(value) = parse_int(&written) {
        // `0xE` looks like one, but has no exponent.
        let looks_whole = written.contains(['x', 'X']) || !written.contains(['.', 'e', 'E']);
        return Ok(Number { whole: Some(value), float: (!looks_whole).then_some(value as f64), written });
    }
    let is_huge = parse_magnitude(&written).is_ok_and(|value| u64::try_from(value).is_ok());
    if is_huge {
        return Ok(Number { whole: None, float: None, written });
    }
    let value = separates(&written).then(|| written.replace('_', "").parse::<f64>().ok()).flatten();
    let value = value.filter(|value| value.is_finite()).ok_or_else(illegal)?;
    if !written.contains(['.', 'e', 'E']) {
        return Err(format!("integer overflow: {}", quote(&written)));
    }
    let fits = value.trunc() == value && value.abs() < i64::MAX as f64;
    Ok(Number { whole: fits.then_some(value as i64), float: Some(value), written })
}

/// Whether underscores stand between digits only.
fn separates(text: &str) -> bool {
    let is_digit = |c: Option<&u8>| c.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    (0..bytes.len())
        .filter(|at| bytes[*at] == b'_')
        .all(|at| at > 0 && is_digit(bytes.get(at - 1)) && is_digit(bytes.get(at + 1)))
}
