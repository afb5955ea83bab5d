//! What a template author can fix: severity, summary, detail and where. Functions of this crate collect diagnostics
//! and stop at phase boundaries, not at the first fault.

use std::borrow::Cow;

use crate::files::Files;
use crate::span::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The template cannot be used as it is.
    Error,
    /// It can, but probably does not mean what it says.
    Warning,
    /// Nobody said. It is shown, and counts as neither.
    Unset,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// What is wrong, one line, no trailing period. Summaries are interface: scripts match them.
    pub summary: String,
    /// Why, and what to do. May be empty; may hold several lines.
    pub detail: String,
    /// The text at fault.
    pub subject: Option<Span>,
    /// A wider range worth showing around the subject.
    pub context: Option<Span>,
    /// Values in scope at the subject that explain the fault, as `(var.x, "\"text\"")` pairs.
    pub values: Vec<(String, String)>,
    /// Places that belong into the detail, see [`Diagnostic::detail_in`].
    pub mentions: Option<Box<Mentions>>,
}

/// Places that belong into a text: behind which of its bytes, in ascending order. Seldom there, and therefore boxed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions(pub Vec<(usize, Span)>);

impl Diagnostic {
    /// The detail with the places that belong into it, as in ` (at t.pkr.hcl:1,5-9)`.
    pub fn detail_in(&self, files: &Files) -> Cow<'_, str> {
        let Some(mentions) = &self.mentions else { return Cow::Borrowed(&self.detail) };
        let mut text = String::with_capacity(self.detail.len());
        let mut written = 0;
        for (at, span) in &mentions.0 {
            text.push_str(&self.detail[written..*at]);
            text.push_str(&format!(" (at {})", files.range(*span)));
            written = *at;
        }
        text.push_str(&self.detail[written..]);
        Cow::Owned(text)
    }

    /// An error at `subject`.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>, subject: impl Into<Option<Span>>) -> Self {
        Self {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            subject: subject.into(),
            context: None,
            values: Vec::new(),
            mentions: None,
        }
    }

    /// A warning at `subject`.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>, subject: impl Into<Option<Span>>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(summary, detail, subject) }
    }

    /// The same with a wider range to show.
    pub fn with_context(mut self, context: Span) -> Self {
        self.context = Some(context);
        self
    }
}

/// Findings in the order they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds an error at `subject`.
    pub fn error(&mut self, summary: impl Into<String>, detail: impl Into<String>, subject: impl Into<Option<Span>>) {
        self.push(Diagnostic::error(summary, detail, subject));
    }

    /// Adds a warning at `subject`.
    pub fn warning(&mut self, summary: impl Into<String>, detail: impl Into<String>, subject: impl Into<Option<Span>>) {
        self.push(Diagnostic::warning(summary, detail, subject));
    }

    /// Moves all of `other` behind these.
    pub fn append(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Whether any is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there are none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, iter: I) {
        self.0.extend(iter);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
