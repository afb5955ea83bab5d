//! Reads classes: `[…]`, `\d`, `\pL`.

use super::error::{Fault, PatternError};
use super::escape::{escape, next};
use super::group::{perl, posix};
use super::node::{Class, ClassItem};
use super::property::property;

/// The class in brackets at the start of `text`, and what follows it.
pub(super) fn bracketed(text: &str, fold: bool) -> Result<(Class, &str), PatternError> {
    let mut rest = &text[1..];
    let mut class = Class { fold, ..Class::default() };
    if let Some(negated) = rest.strip_prefix('^') {
        class.negated = true;
        rest = negated;
    }
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        let (item, after) = item(rest, text)?;
        class.items.push(item);
        rest = after;
    }
    Ok((class, &rest[1..]))
}

/// One thing in the class that `whole` begins with.
fn item<'a>(text: &'a str, whole: &str) -> Result<(ClassItem, &'a str), PatternError> {
    if let Some(found) = posix_class(text)? {
        return Ok(found);
    }
    if let Some(found) = escaped_class(text)? {
        return Ok(found);
    }
    let (low, mut rest) = class_char(text, whole)?;
    let mut high = low;
    if let Some(after) = rest.strip_prefix('-')
        && !after.is_empty()
        && !after.starts_with(']')
    {
        (high, rest) = class_char(after, whole)?;
        if high < low {
            return Err(Fault::CharRange.at(&text[..text.len() - rest.len()]));
        }
    }
    Ok((ClassItem::Range(low, high), rest))
}

fn class_char<'a>(text: &'a str, whole: &str) -> Result<(u32, &'a str), PatternError> {
    if text.starts_with('\\') {
        return escape(text);
    }
    let mut rest = text;
    match next(&mut rest) {
        Some(character) => Ok((u32::from(character), rest)),
        None => Err(Fault::MissingBracket.at(whole)),
    }
}

/// `[:name:]` at the start of `text`, if there is one.
fn posix_class(text: &str) -> Result<Option<(ClassItem, &str)>, PatternError> {
    let Some((name, rest)) = text.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) else { return Ok(None) };
    match posix(name) {
        Some((ranges, negated)) => Ok(Some((ClassItem::Named { ranges, negated }, rest))),
        None => Err(Fault::CharRange.at(&text[..text.len() - rest.len()])),
    }
}

/// `\d`, `\pL` or `\p{Greek}` at the start of `text`, if there is one.
pub(super) fn escaped_class(text: &str) -> Result<Option<(ClassItem, &str)>, PatternError> {
    let Some(mut rest) = text.strip_prefix('\\') else { return Ok(None) };
    match next(&mut rest) {
        Some(letter @ ('p' | 'P')) => property_class(text, rest, letter == 'P').map(Some),
        Some(letter) => Ok(perl(letter).map(|(ranges, negated)| (ClassItem::Named { ranges, negated }, rest))),
        None => Ok(None),
    }
}

/// The property whose name `rest` begins with; `text` begins before the backslash.
fn property_class<'a>(text: &'a str, rest: &'a str, negated: bool) -> Result<(ClassItem, &'a str), PatternError> {
    let (name, rest) = match rest.strip_prefix('{') {
        Some(inner) => inner.split_once('}').ok_or_else(|| Fault::CharRange.at(text))?,
        None => rest.split_at(rest.chars().next().map_or(0, char::len_utf8)),
    };
    let (name, negated) = name.strip_prefix('^').map_or((name, negated), |name| (name, !negated));
    match property(name) {
        Some(property) => Ok((ClassItem::Property { property, negated }, rest)),
        None => Err(Fault::CharRange.at(&text[..text.len() - rest.len()])),
    }
}
