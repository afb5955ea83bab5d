//! Edges and what each kind means for the node at its end. Deciding is [`crate::frontier`]'s work.

use crate::id::NodeId;

/// A typed link from a producer to a consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Edge {
    /// The producer: it ends first.
    pub from: NodeId,
    /// The consumer: it is decided after.
    pub to: NodeId,
    /// What the consumer needs of the producer.
    pub kind: EdgeKind,
    /// The name of the hook this edge stands for, for people and drawings; it changes nothing.
    pub label: Option<&'static str>,
}

/// What an edge asks of its source before the target may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EdgeKind {
    /// The source succeeded and its named output is used.
    Data(&'static str),
    /// The source succeeded.
    Order,
    /// The source failed, timed out or had a bug; one such edge of several is enough.
    OnFailure,
    /// The source ended, whichever way.
    Finally,
}

/// An [`EdgeKind`] without its name: what the frontier needs, small enough to walk millions of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Input,
    OnFailure,
    Finally,
}

impl EdgeKind {
    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::Data(_) | Self::Order => Rule::Input,
            Self::OnFailure => Rule::OnFailure,
            Self::Finally => Rule::Finally,
        }
    }

    /// Whether the target is cleanup: a node that also runs while the run is being stopped.
    pub fn is_cleanup(self) -> bool {
        matches!(self, Self::OnFailure | Self::Finally)
    }
}
