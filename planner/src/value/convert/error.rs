//! Why a value cannot be converted.

use std::fmt;
use std::sync::Arc;

/// A step from a value to one of its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathStep {
    /// An attribute of an object.
    Attribute(Arc<str>),
    /// An element of a map.
    Key(Arc<str>),
    /// An element of a list, set or tuple.
    Index(usize),
}

/// A value that cannot become the wanted type. Its text is the reason alone, without period; the path says which part of
/// the value is at fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConversionError {
    /// From the whole value to the part at fault.
    pub path: Vec<PathStep>,
    /// What is wrong there.
    pub message: String,
}

impl ConversionError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { path: Vec::new(), message: message.into() }
    }

    pub(super) fn under(mut self, step: PathStep) -> Self {
        self.path.insert(0, step);
        self
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(name) => write!(out, ".{name}"),
            Self::Key(key) => write!(out, "[{}]", crate::value::quote(key)),
            Self::Index(index) => write!(out, "[{index}]"),
        }
    }
}
