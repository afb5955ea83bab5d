//! Why a call failed.

use crate::diagnostic::{Diagnostics, Mentions};
use crate::value::ConversionError;

/// Why a call failed. Texts have no period at the end.
#[derive(Clone, Debug)]
pub enum CallError {
    /// The argument at this position, counted from zero, is no good.
    Argument(usize, String),
    /// The call as a whole failed.
    Failed(String),
    /// The call as a whole failed, for reasons with places that belong behind these bytes of the text.
    FailedAt(String, Mentions),
    /// Everything was said already.
    Reported(Diagnostics),
}

impl CallError {
    /// The argument at position `at`, counted from zero, is no good.
    pub fn argument(at: usize, why: impl Into<String>) -> Self {
        Self::Argument(at, why.into())
    }
}

impl From<&str> for CallError {
    fn from(why: &str) -> Self {
        Self::Failed(why.to_owned())
    }
}

impl From<String> for CallError {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

impl From<ConversionError> for CallError {
    fn from(error: ConversionError) -> Self {
        Self::Failed(error.to_string())
    }
}
