//! What is wrong with a document.

use super::token::Mark;

/// What is wrong with a document or a value, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::eval) struct YamlError {
    why: String,
    /// Line and column, as the reference counts them; see the constructors.
    place: Option<(usize, usize)>,
}

impl YamlError {
    /// A fault of no place.
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self { why: why.into(), place: None }
    }

    /// The same at `mark`, if it has no place yet. The reference counts lines from zero here, and says nothing about
    /// places on line zero.
    pub(super) fn at(self, mark: Mark) -> Self {
        if self.place.is_some() || mark.line == 0 {
            return self;
        }
        Self { place: Some((mark.line, mark.column + 1)), ..self }
    }

    /// A fault found while cutting text into tokens: there the reference counts lines from one, but tells no column.
    pub(super) fn of_token(why: &str, mark: Mark) -> Self {
        Self { why: why.to_owned(), place: (mark.line != 0).then_some((mark.line + 1, 1)) }
    }
}

impl std::fmt::Display for YamlError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Some((line, column)) => write!(out, "on line {line}, column {column}: {}", self.why),
            None => out.write_str(&self.why),
        }
    }
}

impl std::error::Error for YamlError {}
