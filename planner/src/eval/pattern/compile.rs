//! Patterns that can be matched.

use regex::{Regex, RegexBuilder};

use super::error::{Fault, PatternError};
use super::parse::parse;
use super::write::write;

/// Memory that a compiled pattern may take.
const MAX_SIZE: usize = 128 << 20;
/// Our own trees are never as deep as this.
const MAX_NESTING: u32 = 10_000;

/// A pattern that can be matched.
#[derive(Clone, Debug)]
pub(in crate::eval) struct Pattern {
    /// Its groups have numbers only: not every name that Go takes is one here.
    pub(in crate::eval) regex: Regex,
    /// The names of its groups, in order; none for those without.
    pub(in crate::eval) groups: Vec<Option<String>>,
}

impl Pattern {
    /// Compiles `pattern`.
    pub(in crate::eval) fn new(pattern: &str) -> Result<Self, PatternError> {
        let parsed = parse(pattern)?;
        let regex = RegexBuilder::new(&write(&parsed.root)).size_limit(MAX_SIZE).nest_limit(MAX_NESTING).build();
        // What parses compiles, unless it is too large.
        let regex = regex.map_err(|_| Fault::TooLarge.at(pattern))?;
        Ok(Self { regex, groups: parsed.groups })
    }

    /// The names of the groups of `pattern`, without compiling it.
    pub(in crate::eval) fn groups(pattern: &str) -> Result<Vec<Option<String>>, PatternError> {
        Ok(parse(pattern)?.groups)
    }
}
