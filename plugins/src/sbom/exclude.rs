//! What is left out of a scan.

use glob::{MatchOptions, Pattern};

/// Patterns for paths below the place that is scanned. `*` stays inside a folder, `**` does not.
#[derive(Clone, Debug, Default)]
pub struct Exclude(Vec<Pattern>);

impl Exclude {
    /// Reads patterns; `./` and `/` at their beginning both mean the place that is scanned.
    ///
    /// # Errors
    ///
    /// The first that is none, and why.
    pub fn new(patterns: &[String]) -> Result<Self, String> {
        let parse = |text: &String| {
            let pattern = text.strip_prefix("./").unwrap_or(text).trim_start_matches('/');
            Pattern::new(pattern.trim_end_matches('/')).map_err(|error| format!("{text:?} is no pattern: {error}"))
        };
        patterns.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether a file, or a folder with all that is in it, is left out.
    pub fn leaves_out(&self, path: &str) -> bool {
        let options = MatchOptions { require_literal_separator: true, ..MatchOptions::new() };
        self.0.iter().any(|pattern| pattern.matches_with(path, options))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_below_the_place_that_is_scanned() {
        let exclude = Exclude::new(&["./var/cache/".to_owned(), "**/*.log".to_owned(), "/*.tmp".to_owned()]).unwrap();
        for (path, expected) in [
            ("var/cache", true),
            ("var/lib", false),
            ("a.log", true),
            ("a/b/c.log", true),
            ("a.tmp", true),
            ("a/b.tmp", false),
        ] {
            assert_eq!(exclude.leaves_out(path), expected, "{path}");
        }
        let error = Exclude::new(&["a[".to_owned()]).unwrap_err();
        assert!(error.starts_with("\"a[\" is no pattern: "), "{error}");
    }
}
