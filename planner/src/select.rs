//! `-only` and `-except`: globs over build names and post-processors; in legacy templates the names themselves.

use std::sync::Arc;

use globset::{GlobBuilder, GlobMatcher};

use crate::diagnostic::{Diagnostic, Diagnostics};

/// What the user asked to build.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    only: Vec<Pattern>,
    except: Vec<Pattern>,
    dropped: Vec<Arc<str>>,
}

/// What a name is compared with.
#[derive(Clone, Debug)]
enum Pattern {
    Glob(GlobMatcher),
    /// The name itself, in legacy templates.
    Exact(String),
}

impl Pattern {
    fn is_match(&self, name: &str) -> bool {
        match self {
            Self::Glob(glob) => glob.is_match(name),
            Self::Exact(exact) => exact == name,
        }
    }
}

impl Selection {
    /// Compiles the patterns. `*` crosses dots, as build names know no separator.
    ///
    /// # Errors
    ///
    /// One diagnostic for each pattern that is no glob.
    pub fn new(only: &[String], except: &[String]) -> Result<Self, Diagnostics> {
        let mut diags = Diagnostics::new();
        let selection = Self {
            only: compile(only, "-only", &mut diags),
            except: compile(except, "-except", &mut diags),
            ..Self::default()
        };
        if diags.has_errors() { Err(diags) } else { Ok(selection) }
    }

    /// Takes the patterns for names.
    pub fn exact(only: &[String], except: &[String]) -> Self {
        let exact = |names: &[String]| names.iter().cloned().map(Pattern::Exact).collect();
        Self { only: exact(only), except: exact(except), dropped: Vec::new() }
    }

    /// Whether the build called `name` is to be built.
    pub fn takes_build(&self, name: &str) -> bool {
        self.wants(name) && !self.excepts(name) && !self.dropped.iter().any(|dropped| &**dropped == name)
    }

    /// The same without these builds.
    pub fn without(mut self, builds: impl IntoIterator<Item = Arc<str>>) -> Self {
        self.dropped.extend(builds);
        self
    }

    /// Whether `-except` names this build or post-processor.
    pub fn excepts(&self, name: &str) -> bool {
        self.except.iter().any(|glob| glob.is_match(name))
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|glob| glob.is_match(name))
    }

    /// Warns when there are more patterns than matches, in the reference's terms: builds for `-only`; builds, and the
    /// `n_cut` chains that were cut short, for `-except`.
    pub fn report_unmatched(&self, names: &[String], n_cut: usize, diags: &mut Diagnostics) {
        let detail = format!(
            "Possible build names: [{}].\nThese could also be matched with a glob pattern like: 'happycloud.*'",
            names.join(" ")
        );
        let wanted: Vec<&String> = names.iter().filter(|name| self.wants(name)).collect();
        if self.only.len() > wanted.len() {
            let summary = "an 'only' option was passed, but not all matches were found for the given build.";
            diags.push(Diagnostic::warning(summary, detail.clone(), None));
        }
        let n_except = wanted.iter().filter(|name| self.excepts(name)).count() + n_cut;
        if self.except.len() > n_except {
            let summary = "an 'except' option was passed, but did not match any build.";
            diags.push(Diagnostic::warning(summary, detail, None));
        }
    }
}

fn compile(patterns: &[String], flag: &str, diags: &mut Diagnostics) -> Vec<Pattern> {
    let mut globs = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        let glob =
            GlobBuilder::new(pattern).literal_separator(false).backslash_escape(true).empty_alternates(true).build();
        match glob {
            Ok(glob) => globs.push(Pattern::Glob(glob.compile_matcher())),
            Err(error) => {
                let detail = "Patterns know *, ?, [a-z] and {a,b}.";
                diags.error(format!("Invalid {flag} pattern {pattern}: {}", error.kind()), detail, None);
            }
        }
    }
    globs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(only: &[&str], except: &[&str]) -> Selection {
        let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        Selection::new(&owned(only), &owned(except)).expect("patterns are globs")
    }

    #[test]
    fn globs_cross_dots_and_except_wins() {
        for (only, except, name, taken) in [
            (&[][..], &[][..], "null.a", true),
            (&["null.*"], &[], "null.a.b", true),
            (&["*.a"], &[], "web.null.a", true),
            (&["null.?"], &[], "null.ab", false),
            (&["null.{a,b}"], &[], "null.b", true),
            (&["*"], &["*.b"], "null.b", false),
            (&["nul"], &[], "null.a", false),
        ] {
            assert_eq!(selection(only, except).takes_build(name), taken, "{only:?} {except:?} {name}");
        }
    }

    #[test]
    fn a_broken_pattern_is_named() {
        let diags = Selection::new(&["[a".to_owned()], &[]).expect_err("an open bracket is no glob");
        assert!(diags.iter().next().is_some_and(|first| first.summary.starts_with("Invalid -only pattern [a: ")));
    }

    #[test]
    fn warns_as_the_reference_counts() {
        let names = ["null.a".to_owned(), "null.b".to_owned()];
        for (only, except, n_cut, n_warnings) in [
            (&["null.*"][..], &[][..], 0, 0),
            (&["x.*"], &[], 0, 1),
            (&["null.a", "x"], &[], 0, 1),
            (&["null.*", "null.a"], &[], 0, 0),
            (&[], &["null.a"], 0, 0),
            (&[], &["x"], 0, 1),
            (&[], &["x"], 1, 0),
            (&[], &["null.*", "x"], 0, 0),
            (&["null.a"], &["null.b"], 0, 1),
        ] {
            let mut diags = Diagnostics::new();
            selection(only, except).report_unmatched(&names, n_cut, &mut diags);
            assert_eq!(diags.len(), n_warnings, "{only:?} {except:?} {n_cut}");
        }
    }
}
