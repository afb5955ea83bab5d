//! How long things may take, and the error that says one took longer. Knows no clock: [`crate::course`] does the counting.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::id::{LeaseId, NodeId};
use crate::outcome::Failure;

/// How long nodes, leases and the run may take; `None` is as long as they like.
///
/// What takes longer is asked to end (its [`crate::Cancel`] goes to `Stopping`), and after [`TimeLimits::grace`] to end at
/// once (`Killing`). Whatever it then answers short of success is [`crate::Outcome::TimedOut`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimits {
    /// One attempt of a node.
    pub node: Option<Duration>,
    /// An attempt of a node of which nothing is heard ([`crate::Cancel::heard`]), nor of the others that share its lease.
    pub idle: Option<Duration>,
    /// All nodes of a lease, from the start of the first. Nodes of it that are not cleanup do not start after that;
    /// cleanup that does has [`TimeLimits::grace`] for itself.
    pub lease: Option<Duration>,
    /// The whole run. Nothing new starts after that but cleanup.
    pub run: Option<Duration>,
    /// From being asked to end to being asked to end at once.
    pub grace: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self::NONE
    }
}

impl TimeLimits {
    /// Everything may take as long as it likes. Five minutes for what is asked to end.
    pub const NONE: Self = Self { node: None, idle: None, lease: None, run: None, grace: Duration::from_secs(300) };

    /// Whether a node or lease may run into one.
    pub(crate) fn concern_nodes(&self) -> bool {
        self.node.is_some() || self.idle.is_some() || self.lease.is_some()
    }
}

/// Which limit was run into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// [`TimeLimits::node`].
    Node,
    /// [`TimeLimits::idle`].
    Idle,
    /// [`TimeLimits::lease`].
    Lease,
    /// [`TimeLimits::run`].
    Run,
    /// The time that cleanup has after its lease ran into [`TimeLimits::lease`].
    Cleanup,
}

/// What a time limit was set on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Concern {
    /// One node.
    Node(NodeId),
    /// The nodes that share a lease.
    Lease(LeaseId),
    /// Everything.
    Run,
}

/// What a node that took too long failed of. Its source is what the node itself said when it was asked to end, if it did.
#[derive(Clone, Debug)]
pub struct Overdue {
    /// Which limit it ran into.
    pub limit: Limit,
    /// How long that is.
    pub after: Duration,
    /// What the node said.
    pub answer: Option<Failure>,
}

impl fmt::Display for Overdue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.limit {
            Limit::Node => "it took longer than",
            Limit::Idle => "nothing was heard of it for",
            Limit::Lease => "it and what it belongs to took longer than",
            Limit::Run => "the run took longer than",
            Limit::Cleanup => "cleaning up took longer than",
        };
        write!(f, "{what} {:?}", self.after)
    }
}

impl Error for Overdue {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.answer.as_ref().map(|answer| answer as &(dyn Error + 'static))
    }
}
