//! Replacements: `$1`, `${name}`.

use regex::Captures;

use super::compile::Pattern;

/// Appends `replacement` to `out` with its references replaced by what the groups of `captures` matched. `$$` is a
/// dollar sign; a name is as long as it can be, so `$1x` is the group called `1x`; a group that is not there is empty.
pub(in crate::eval) fn expand(pattern: &Pattern, captures: &Captures<'_>, replacement: &str, out: &mut String) {
    let mut rest = replacement;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = reference(rest) {
            rest = after;
            out.push_str(group(pattern, captures, name).unwrap_or_default());
        } else {
            out.push('$');
        }
    }
    out.push_str(rest);
}

/// The name at the start of `text`, perhaps in braces, and what follows it.
fn reference(text: &str) -> Option<(&str, &str)> {
    let inner = text.strip_prefix('{');
    let name_on = inner.unwrap_or(text);
    let is_part = |character: char| character == '_' || character.is_alphabetic() || is_digit(character);
    let end = name_on.find(|character| !is_part(character)).unwrap_or(name_on.len());
    let (name, rest) = name_on.split_at(end);
    let rest = if inner.is_some() { rest.strip_prefix('}')? } else { rest };
    if name.is_empty() { None } else { Some((name, rest)) }
}

/// Decimal digits of any script, and no other numbers.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || (!character.is_ascii() && character.is_numeric())
}

/// What the group called `name` matched: by number, or the first of that name that matched anything.
fn group<'t>(pattern: &Pattern, captures: &Captures<'t>, name: &str) -> Option<&'t str> {
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
    if is_number && let Ok(number) = name.parse::<usize>() {
        return captures.get(number).map(|found| found.as_str());
    }
    let named = pattern.groups.iter().enumerate().filter(|(_, group)| group.as_deref() == Some(name));
    named.map(|(index, _)| index + 1).find_map(|number| captures.get(number)).map(|found| found.as_str())
}
