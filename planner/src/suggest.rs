//! "Did you mean": the name that was probably meant.

/// More edits than this make another name, not a slip.
const MAX_EDITS: usize = 2;

/// How many names are looked at. There may be many, and as many that are wrong.
const MAX_KNOWN: usize = 1_000;

/// The first of `known` that is at most two edits (insert, delete, replace a character) away from `given`. Not the
/// nearest: as in the reference, the order of `known` says which one is likelier.
pub fn suggest<'k>(given: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let length = given.chars().count();
    let near = |name: &&str| name.chars().count().abs_diff(length) <= MAX_EDITS;
    let mut near = known.take(MAX_KNOWN).filter(near);
    near.find(|name| strsim::levenshtein(given, name) <= MAX_EDITS).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_the_first_near_name() {
        for (given, known, expected) in [
            ("nam", &["label", "name", "names"][..], Some("name")),
            ("elseif", &["if", "for", "else", "endif"][..], Some("else")),
            ("foo", &["if", "for"][..], Some("for")),
            ("region", &["name", "zone"][..], None),
            ("x", &[][..], None),
        ] {
            assert_eq!(suggest(given, known.iter().copied()).as_deref(), expected, "{given}");
        }
    }
}
