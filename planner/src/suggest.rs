//! "Did you mean": the name that was probably meant.

/// More edits than this make another name, not a slip.
const MAX_EDITS: usize = 2;

/// The first of `known` that is at most two edits (insert, delete, replace a character) away from `given`. Not the
/// nearest: as in the reference, the order of `known` says which one is likelier.
pub fn suggest<'k>(given: &str, mut known: impl Iterator<Item = &'k str>) -> Option<String> {
    known.find(|name| strsim::levenshtein(given, name) <= MAX_EDITS).map(str::to_owned)
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
