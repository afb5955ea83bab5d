//! How a component fails.

/// A component's failure, as it is shown to users.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum ComponentError {
    /// One text.
    #[error("{0}")]
    Failed(String),
    /// The configuration is wrong in these ways.
    #[error("{}", several(.0))]
    Invalid(Vec<String>),
    /// What should answer does not work any more, and may have left anything.
    #[error("{0}")]
    Broken(String),
    /// There is no such thing here, now or later.
    #[error("{0}")]
    Unsupported(String),
    /// It ended because it was told to.
    #[error("context canceled")]
    Cancelled,
    /// A timeout set by the author ran out.
    #[error("context deadline exceeded")]
    TimedOut,
}

impl ComponentError {
    /// A failure with one text.
    pub fn new(text: impl Into<String>) -> Self {
        Self::Failed(text.into())
    }
}

/// The layout scripts know: `2 error(s) occurred:`, a blank line, a bullet each.
fn several(errors: &[String]) -> String {
    let bullets: Vec<String> = errors.iter().map(|error| format!("* {error}")).collect();
    format!("{} error(s) occurred:\n\n{}", errors.len(), bullets.join("\n"))
}
