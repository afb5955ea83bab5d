//! How a node ended: a closed enum, and the error it may carry.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use crate::id::NodeId;

/// How a node ended. Every node of a run ends in exactly one of these.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It did what it should; its outputs exist.
    Succeeded,
    /// It could not do it.
    Failed(Failure),
    /// It never had to, or never could, do it.
    Skipped(SkipCause),
    /// The run was stopped before it started, or it gave up because of that.
    Cancelled,
    /// It took longer than it was allowed to.
    TimedOut(Failure),
    /// Its executor panicked or never answered, or the plan cannot be scheduled: our fault, not the user's.
    Bug(String),
}

/// Why a node was skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SkipCause {
    /// A node it needs failed: the one at the root of the failure; the lowest id if there are several.
    Because(NodeId),
    /// Nothing was wrong; there was nothing to do.
    NotNeeded,
}

/// [`Outcome`] without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OutcomeKind {
    /// See [`Outcome::Succeeded`].
    Succeeded,
    /// See [`Outcome::Failed`].
    Failed,
    /// See [`Outcome::Skipped`].
    Skipped,
    /// See [`Outcome::Cancelled`].
    Cancelled,
    /// See [`Outcome::TimedOut`].
    TimedOut,
    /// See [`Outcome::Bug`].
    Bug,
}

impl Outcome {
    /// The outcome without what it carries.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Succeeded => OutcomeKind::Succeeded,
            Self::Failed(_) => OutcomeKind::Failed,
            Self::Skipped(_) => OutcomeKind::Skipped,
            Self::Cancelled => OutcomeKind::Cancelled,
            Self::TimedOut(_) => OutcomeKind::TimedOut,
            Self::Bug(_) => OutcomeKind::Bug,
        }
    }

    /// Whether the node did what it should.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Succeeded)
    }

    /// What went wrong, if the node could say.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::TimedOut(failure) => Some(failure),
            Self::Succeeded | Self::Skipped(_) | Self::Cancelled | Self::Bug(_) => None,
        }
    }

    /// Whether the node itself went wrong: failed, timed out or had a bug.
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::TimedOut(_) | Self::Bug(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Skipped(_) => f.write_str("skipped"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::TimedOut(failure) => write!(f, "timed out: {failure}"),
            Self::Bug(text) => write!(f, "bug: {text}"),
        }
    }
}

/// How many nodes ended in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes that succeeded.
    pub succeeded: usize,
    /// Nodes that failed.
    pub failed: usize,
    /// Nodes that were skipped.
    pub skipped: usize,
    /// Nodes that were cancelled.
    pub cancelled: usize,
    /// Nodes that timed out.
    pub timed_out: usize,
    /// Nodes that ended in a bug.
    pub bugs: usize,
}

impl Counts {
    /// Adds one node that ended as `kind`.
    pub fn add(&mut self, kind: OutcomeKind) {
        *match kind {
            OutcomeKind::Succeeded => &mut self.succeeded,
            OutcomeKind::Failed => &mut self.failed,
            OutcomeKind::Skipped => &mut self.skipped,
            OutcomeKind::Cancelled => &mut self.cancelled,
            OutcomeKind::TimedOut => &mut self.timed_out,
            OutcomeKind::Bug => &mut self.bugs,
        } += 1;
    }

    /// All nodes that ended.
    pub fn total(&self) -> usize {
        self.succeeded + self.failed + self.skipped + self.cancelled + self.timed_out + self.bugs
    }

    /// Nodes that went wrong themselves: failed, timed out or had a bug.
    pub fn failures(&self) -> usize {
        self.failed + self.timed_out + self.bugs
    }
}

/// Whether it may help to try again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// It would go wrong again.
    #[default]
    Permanent,
    /// The world got in the way: a lost connection, a service that was busy.
    Transient,
    /// Somebody said that it was too much at once. Like `Transient`, and the quotas that the node claims from shrink.
    Throttled,
}

/// What went wrong in a node: a shared error, cheap to clone.
#[derive(Clone, Debug)]
pub struct Failure(Arc<Facts>);

/// Behind one pointer, so that outcomes stay small.
#[derive(Debug)]
struct Facts {
    error: Arc<dyn Error + Send + Sync>,
    class: FailureClass,
    n_attempts: u32,
    /// What went wrong in the first attempt, if this is not it.
    first: Option<Failure>,
}

impl Failure {
    /// Wraps an error (or a text), which is permanent.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::classed(FailureClass::Permanent, error)
    }

    /// Wraps an error (or a text) of a class.
    pub fn classed(class: FailureClass, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Arc::new(Facts { error: Arc::from(error.into()), class, n_attempts: 1, first: None }))
    }

    /// The same failure, come to after earlier attempts, of which `first` was the first.
    pub(crate) fn after(&self, first: Self, n_attempts: u32) -> Self {
        let Facts { error, class, .. } = &*self.0;
        Self(Arc::new(Facts { error: Arc::clone(error), class: *class, n_attempts, first: Some(first) }))
    }

    /// The error itself, to be asked for its type or its causes.
    pub fn error(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.0.error
    }

    /// Whether it may help to try again.
    pub fn class(&self) -> FailureClass {
        self.0.class
    }

    /// How often the node was tried.
    pub fn n_attempts(&self) -> u32 {
        self.0.n_attempts
    }

    /// What went wrong in the first attempt, if there were several.
    pub fn first(&self) -> Option<&Self> {
        self.0.first.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.error.fmt(f)
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.error.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_keeps_its_text_its_type_and_its_causes() {
        #[derive(Debug)]
        struct Outer(std::fmt::Error);
        impl fmt::Display for Outer {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("outer")
            }
        }
        impl Error for Outer {
            fn source(&self) -> Option<&(dyn Error + 'static)> {
                Some(&self.0)
            }
        }
        let failure = Failure::new(Outer(std::fmt::Error));
        assert_eq!(failure.to_string(), "outer");
        assert!(failure.error().downcast_ref::<Outer>().is_some());
        assert!(failure.source().is_some_and(|cause| cause.is::<std::fmt::Error>()));
    }

    #[test]
    fn counts_keep_kinds_apart() {
        let mut counts = Counts::default();
        for outcome in [Outcome::Succeeded, Outcome::Bug("x".into()), Outcome::TimedOut(Failure::new("slow"))] {
            counts.add(outcome.kind());
        }
        assert_eq!((counts.total(), counts.failures(), counts.succeeded), (3, 2, 1));
    }
}
