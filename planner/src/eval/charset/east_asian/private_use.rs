//! Characters that mean what people agree on, for which browsers have codes and the reference has none.

/// Whether there is such a character in `text`.
pub(super) fn has_private_use(text: &str) -> bool {
    text.contains(|character| ('\u{e000}'..='\u{f8ff}').contains(&character))
}
