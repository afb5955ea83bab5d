//! Escape sequences that stand for one character.

use super::error::{Fault, PatternError};

const MAX_CODE: u32 = 0x10_ffff;

/// The code that the escape sequence at the start of `text` stands for, and what follows it.
pub(super) fn escape(text: &str) -> Result<(u32, &str), PatternError> {
    let mut rest = &text[1..];
    let Some(letter) = next(&mut rest) else { return Err(Fault::TrailingBackslash.at("")) };
    let code = match letter {
        '0'..='7' => octal(letter, &mut rest),
        'x' => hexadecimal(&mut rest),
        'a' => Some(0x7),
        'f' => Some(0xc),
        'n' => Some(0xa),
        'r' => Some(0xd),
        't' => Some(0x9),
        'v' => Some(0xb),
        sign if sign.is_ascii() && !sign.is_ascii_alphanumeric() => Some(u32::from(sign)),
        _ => None,
    };
    match code {
        Some(code) => Ok((code, rest)),
        None => Err(Fault::Escape.at(&text[..text.len() - rest.len()])),
    }
}

/// The next character, taken off `rest`.
pub(super) fn next(rest: &mut &str) -> Option<char> {
    let mut chars = rest.chars();
    let next = chars.next();
    *rest = chars.as_str();
    next
}

/// Up to three digits; one alone, unless it is zero, would be a reference to a group, and there are none.
fn octal(first: char, rest: &mut &str) -> Option<u32> {
    let is_octal = |rest: &str| rest.starts_with(|digit: char| digit.is_digit(8));
    if first != '0' && !is_octal(rest) {
        return None;
    }
    let mut code = first.to_digit(8)?;
    for _ in 1..3 {
        if is_octal(rest) {
            code = code * 8 + next(rest)?.to_digit(8)?;
        }
    }
    Some(code)
}

/// Two digits, or any number of them in braces.
fn hexadecimal(rest: &mut &str) -> Option<u32> {
    let first = next(rest)?;
    if first != '{' {
        let second = next(rest);
        return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
    }
    let mut code = None;
    loop {
        match next(rest)? {
            '}' => return code,
            digit => {
                let value = code.unwrap_or(0) * 16 + digit.to_digit(16)?;
                code = Some(value).filter(|code| *code <= MAX_CODE);
                code?;
            }
        }
    }
}
