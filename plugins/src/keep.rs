//! The one table that decides whether a post-processor's input artifact stays.

/// Whether the input artifact is kept.
///
/// `user` is `keep_input_artifact`; `keep` and `force` are what the post-processor answered. A forced keep wins over an
/// author's `false`.
pub fn keeps_input(user: Option<bool>, keep: bool, force: bool) -> bool {
    match user {
        Some(false) if keep && force => true,
        Some(user) => user,
        None => keep,
    }
}

#[cfg(test)]
mod tests {
    use super::keeps_input;

    #[test]
    fn table() {
        for (user, keep, force, expected) in [
            (None, false, false, false),
            (None, true, false, true),
            (None, true, true, true),
            (None, false, true, false),
            (Some(true), false, false, true),
            (Some(true), true, true, true),
            (Some(false), true, false, false),
            (Some(false), true, true, true),
            (Some(false), false, true, false),
        ] {
            assert_eq!(keeps_input(user, keep, force), expected, "{user:?} {keep} {force}");
        }
    }
}
