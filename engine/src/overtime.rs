//! Who has had their time and still runs, and what that makes of their answers. Knows no clock.

use std::collections::{HashMap, HashSet};

use crate::id::{LeaseId, NodeId};
use crate::limit::{Limit, Overdue, TimeLimits};
use crate::outcome::{Failure, Outcome};

/// Nodes, leases and the run in overtime. See the module.
#[derive(Debug, Default)]
pub(crate) struct Overtime {
    nodes: HashMap<NodeId, Limit>,
    leases: HashSet<LeaseId>,
    is_run: bool,
    /// Started in the overtime of their lease or of the run, to clean up: theirs is not over.
    spared: HashSet<NodeId>,
}

impl Overtime {
    pub(crate) fn add_node(&mut self, node: NodeId, limit: Limit) {
        self.nodes.entry(node).or_insert(limit);
    }

    pub(crate) fn add_lease(&mut self, lease: LeaseId) {
        self.leases.insert(lease);
    }

    pub(crate) fn add_run(&mut self) {
        self.is_run = true;
    }

    pub(crate) fn has_lease(&self, lease: Option<LeaseId>) -> bool {
        lease.is_some_and(|lease| self.leases.contains(&lease))
    }

    /// A node starts. If that is in overtime, it is not in overtime itself.
    pub(crate) fn start(&mut self, node: NodeId, lease: Option<LeaseId>) {
        if self.is_run || self.has_lease(lease) {
            self.spared.insert(node);
        }
    }

    /// Whether the overtime of its lease or of the run is none of this node's.
    pub(crate) fn spares(&self, node: NodeId) -> bool {
        self.spared.contains(&node)
    }

    /// The limit that a running node has run into.
    fn limit_of(&self, node: NodeId, lease: Option<LeaseId>) -> Option<Limit> {
        let own = self.nodes.get(&node).copied();
        let shared = || match (self.spares(node), self.has_lease(lease), self.is_run) {
            (true, ..) => None,
            (false, true, _) => Some(Limit::Lease),
            (false, false, is_run) => is_run.then_some(Limit::Run),
        };
        own.or_else(shared)
    }

    /// What an answer of a node means: one that was asked to end because it took too long has timed out, unless it got
    /// there after all.
    pub(crate) fn judge(&self, node: NodeId, lease: Option<LeaseId>, outcome: Outcome, limits: &TimeLimits) -> Outcome {
        let answer = match &outcome {
            Outcome::Failed(failure) => Some(failure),
            Outcome::Cancelled => None,
            Outcome::Succeeded | Outcome::Skipped(_) | Outcome::TimedOut(_) | Outcome::Bug(_) => return outcome,
        };
        match self.limit_of(node, lease) {
            Some(limit) => timed_out(limit, limits, answer.cloned()),
            None => outcome,
        }
    }

    pub(crate) fn forget_node(&mut self, node: NodeId) {
        // Hashing would cost more than all the rest of ending a node.
        if !self.nodes.is_empty() {
            self.nodes.remove(&node);
        }
        if !self.spared.is_empty() {
            self.spared.remove(&node);
        }
    }

    pub(crate) fn forget_lease(&mut self, lease: LeaseId) {
        self.leases.remove(&lease);
    }
}

/// The outcome of a node that ran into a limit.
pub(crate) fn timed_out(limit: Limit, limits: &TimeLimits, answer: Option<Failure>) -> Outcome {
    let after = match limit {
        Limit::Node => limits.node,
        Limit::Idle => limits.idle,
        Limit::Lease => limits.lease,
        Limit::Run => limits.run,
        Limit::Cleanup => Some(limits.grace),
    };
    Outcome::TimedOut(Failure::new(Overdue { limit, after: after.unwrap_or_default(), answer }))
}
