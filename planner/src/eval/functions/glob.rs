//! One part of a path against a pattern, with the rules of the `doublestar` package (version 1) that the reference uses:
//! `*`, `?`, `[a-z]`, `[^a]`, `{a,b}` (which may hold slashes) and `\` before any of them. `**` is what walks folders;
//! here it is two stars.

use std::collections::HashSet;

/// The pattern makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub(super) struct BadPattern;

/// Matches `name`, which has no slash, with the first part of `pattern`.
///
/// Gives what is left of the pattern for the parts that follow, once for each way to match; nothing left means that the
/// whole pattern matched. `None` is no match. Faults of a pattern are found as far as it is looked at.
pub(super) fn match_part(pattern: &str, name: &str) -> Result<Option<Vec<String>>, BadPattern> {
    part(pattern, name, &mut HashSet::new())
}

/// Lengths of the rest of a pattern behind a star and of the rest of a name that are known not to match. It keeps many
/// stars from trying the same again and again.
type Failures = HashSet<(usize, usize)>;

fn part(mut pattern: &str, mut name: &str, failures: &mut Failures) -> Result<Option<Vec<String>>, BadPattern> {
    while let (Some(wanted), Some(found)) = (pattern.chars().next(), name.chars().next()) {
        let mut rest = &pattern[wanted.len_utf8()..];
        match wanted {
            '*' => return star(rest, name, failures),
            '{' => return alternatives(rest, name),
            '[' => {
                let end = find_unescaped(rest, ']').ok_or(BadPattern)?;
                if !class(&rest[..end], found)? {
                    return Ok(None);
                }
                rest = &rest[end + 1..];
            }
            '\\' => {
                let literal = rest.chars().next().ok_or(BadPattern)?;
                if literal != found {
                    return Ok(None);
                }
                rest = &rest[literal.len_utf8()..];
            }
            '/' => return Ok(None),
            '?' => {}
            literal if literal == found => {}
            _ => return Ok(None),
        }
        pattern = rest;
        name = &name[found.len_utf8()..];
    }
    if name.is_empty() { at_end_of_name(pattern) } else { Ok(None) }
}

/// The rest of a pattern that has nothing left to match: it must be able to match nothing.
fn at_end_of_name(pattern: &str) -> Result<Option<Vec<String>>, BadPattern> {
    let (here, behind) = match find_unescaped(pattern, '/') {
        Some(slash) => (&pattern[..slash], Some(&pattern[slash + 1..])),
        None => (pattern, None),
    };
    Ok(can_be_empty(here)?.then(|| behind.map(str::to_owned).into_iter().collect()))
}

fn star(rest: &str, name: &str, failures: &mut Failures) -> Result<Option<Vec<String>>, BadPattern> {
    if rest.is_empty() {
        return Ok(Some(Vec::new()));
    }
    if let Some(behind) = rest.strip_prefix('/') {
        return Ok(Some(vec![behind.to_owned()]));
    }
    for (at, _) in name.char_indices() {
        let key = (rest.len(), name.len() - at);
        if failures.contains(&key) {
            continue;
        }
        let matched = part(rest, &name[at..], failures)?;
        if matched.is_some() {
            return Ok(matched);
        }
        failures.insert(key);
    }
    Ok(None)
}

/// All alternatives that match; `rest` starts behind the brace.
fn alternatives(rest: &str, name: &str) -> Result<Option<Vec<String>>, BadPattern> {
    let (options, end) = split_alternatives(rest).ok_or(BadPattern)?;
    let mut left = None;
    for option in options {
        if let Some(more) = match_part(&format!("{option}{}", &rest[end..]), name)? {
            left.get_or_insert_with(Vec::new).extend(more);
        }
    }
    Ok(left)
}

/// The texts between the commas up to the closing brace, and where that ends. None without closing brace.
pub(super) fn split_alternatives(text: &str) -> Option<(Vec<&str>, usize)> {
    let (mut options, mut start, mut depth, mut escaped) = (Vec::new(), 0, 1, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                options.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
        if depth == 0 {
            options.push(&text[start..at]);
            return Some((options, at + 1));
        }
    }
    None
}

fn can_be_empty(pattern: &str) -> Result<bool, BadPattern> {
    if matches!(pattern, "" | "*" | "**") {
        return Ok(true);
    }
    let Some(rest) = pattern.strip_prefix('{') else { return Ok(false) };
    let (options, end) = split_alternatives(rest).ok_or(BadPattern)?;
    if !can_be_empty(&rest[end..])? {
        return Ok(false);
    }
    for option in options {
        if can_be_empty(option)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether the inside of `[…]` allows the character.
fn class(inside: &str, character: char) -> Result<bool, BadPattern> {
    if inside.is_empty() {
        return Err(BadPattern);
    }
    let negated = inside.starts_with('^');
    let mut rest = inside.chars().skip(usize::from(negated)).peekable();
    let mut found = false;
    while rest.peek().is_some() {
        let low = class_end(&mut rest)?;
        let high = if rest.next_if_eq(&'-').is_some() { class_end(&mut rest)? } else { low };
        found |= (low..=high).contains(&character);
    }
    Ok(found != negated)
}

/// One character of a class, either end of a range.
fn class_end(rest: &mut impl Iterator<Item = char>) -> Result<char, BadPattern> {
    match rest.next().ok_or(BadPattern)? {
        '-' => Err(BadPattern),
        '\\' => rest.next().ok_or(BadPattern),
        character => Ok(character),
    }
}

/// Where `wanted`, an ASCII character, stands without backslash before it.
fn find_unescaped(text: &str, wanted: char) -> Option<usize> {
    text.match_indices(wanted).map(|(at, _)| at).find(|at| !text[..*at].ends_with('\\'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        for (pattern, name, left) in [
            ("a", "a", Some("")),
            ("a", "b", None),
            ("*", "", Some("")),
            ("*", "é", Some("")),
            ("*.txt", "a.txt", Some("")),
            ("*.txt", "a.txt.gz", None),
            ("*a*b*", "xaxbx", Some("")),
            ("?", "é", Some("")),
            ("?", "ab", None),
            ("[a-c]x", "bx", Some("")),
            ("[^a-c]x", "bx", None),
            ("[^a-c]x", "éx", Some("")),
            (r"[\]x]", "]", Some("")),
            (r"\*", "*", Some("")),
            (r"\*", "a", None),
            ("a/b", "a", Some("b")),
            ("*/b", "x", Some("b")),
            ("**/b", "x", Some("b")),
            ("{a,b}.c", "b.c", Some("")),
            ("{a,b/c}/d", "b", Some("c/d")),
            ("{a,{b,c}}", "c", Some("")),
            ("a{,.b}", "a", Some("")),
            ("a{,.b}", "a.b", Some("")),
            ("x*{y,z}", "xyyz", Some("")),
            ("a,b", "a,b", Some("")),
        ] {
            let found = match_part(pattern, name).map(|left| left.map(|left| left.join("|")));
            assert_eq!(found, Ok(left.map(str::to_owned)), "{pattern} on {name}");
        }
    }

    #[test]
    fn bad_patterns_are_noticed_where_they_are_looked_at() {
        for (pattern, name) in
            [("[", "a"), ("[]", "a"), ("[-a]", "a"), ("[a-]", "a"), (r"a\", "ab"), ("{a", "a"), ("a{b", "a")]
        {
            assert_eq!(match_part(pattern, name), Err(BadPattern), "{pattern} on {name}");
        }
        assert_eq!(match_part("b[", "a"), Ok(None));
    }

    #[test]
    fn many_stars_do_not_take_forever() {
        let (pattern, name) = ("a*".repeat(100) + "b", "a".repeat(255));
        assert_eq!(match_part(&pattern, &name), Ok(None));
    }
}
