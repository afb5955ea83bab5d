//! The cancel signals of a run: one for all, and, only if limits are set on them, one per lease in progress and one per
//! running node. Carries orders; gives none.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::cancel::{Cancel, CancelPhase};
use crate::course::Start;
use crate::id::{LeaseId, NodeId};
use crate::limit::{Concern, TimeLimits};

/// See the module.
#[derive(Debug)]
pub(crate) struct Scopes {
    run: Cancel,
    leases: HashMap<LeaseId, Cancel>,
    nodes: HashMap<NodeId, Cancel>,
    /// Whether nodes and leases have scopes of their own.
    are_apart: bool,
    /// If set, those remember when they were last heard of, counted from then.
    heard_since: Option<Instant>,
}

impl Scopes {
    pub(crate) fn new(run: Cancel, limits: &TimeLimits, began: Instant) -> Self {
        Self {
            run,
            leases: HashMap::new(),
            nodes: HashMap::new(),
            are_apart: limits.concern_nodes(),
            heard_since: limits.idle.map(|_| began),
        }
    }

    /// The signal for an attempt that starts.
    pub(crate) fn enter(&mut self, start: Start) -> Cancel {
        if !self.are_apart {
            return self.run.of(start.node);
        }
        let heard_since = self.heard_since;
        let child = |parent: &Cancel| heard_since.map_or_else(|| parent.child(), |at| parent.child_heard_since(at));
        let scope = match start.shares {
            Some(lease) => child(self.leases.entry(lease).or_insert_with(|| child(&self.run))),
            None => child(&self.run),
        }
        .of(start.node);
        self.nodes.insert(start.node, scope.clone());
        scope
    }

    /// An attempt of a node ended; `over` is its lease if that is over.
    pub(crate) fn leave(&mut self, node: NodeId, over: Option<LeaseId>) {
        if self.are_apart {
            self.nodes.remove(&node);
            if let Some(lease) = over {
                self.leases.remove(&lease);
            }
        }
    }

    /// Asks what it concerns to end.
    pub(crate) fn raise(&self, concern: Concern, phase: CancelPhase) {
        let scope = match concern {
            Concern::Run => Some(&self.run),
            Concern::Lease(lease) => self.leases.get(&lease),
            Concern::Node(node) => self.nodes.get(&node),
        };
        if let Some(scope) = scope {
            scope.raise(phase);
        }
    }

    /// When a node was last heard of, or another that shares its lease.
    pub(crate) fn last_heard(&self, node: NodeId, lease: Option<LeaseId>) -> Option<Duration> {
        let lease = lease.and_then(|lease| self.leases.get(&lease));
        self.nodes.get(&node).into_iter().chain(lease).filter_map(Cancel::last_heard).max()
    }

    /// How far the run is to be stopped.
    pub(crate) fn phase(&self) -> CancelPhase {
        self.run.phase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(node: usize, shares: Option<usize>) -> Start {
        Start { node: NodeId::from_index(node), attempt: 1, shares: shares.map(LeaseId::from_index) }
    }

    #[test]
    fn orders_reach_whom_they_concern() {
        let limits = TimeLimits { node: Some(Duration::MAX), ..TimeLimits::NONE };
        let mut scopes = Scopes::new(Cancel::new(), &limits, Instant::now());
        let signals: Vec<Cancel> = [(0, None), (1, Some(0)), (2, Some(0)), (3, Some(1))]
            .map(|(node, lease)| scopes.enter(start(node, lease)))
            .into();
        let stopping = || signals.iter().map(Cancel::is_stopping).collect::<Vec<_>>();
        scopes.raise(Concern::Node(NodeId::from_index(1)), CancelPhase::Stopping);
        assert_eq!(stopping(), [false, true, false, false]);
        scopes.raise(Concern::Lease(LeaseId::from_index(0)), CancelPhase::Stopping);
        assert_eq!(stopping(), [false, true, true, false]);
        scopes.raise(Concern::Run, CancelPhase::Stopping);
        assert_eq!(stopping(), [true; 4]);
    }

    #[test]
    fn what_shares_a_lease_is_heard_together_even_after_it_ended() {
        let limits = TimeLimits { idle: Some(Duration::MAX), ..TimeLimits::NONE };
        let mut scopes = Scopes::new(Cancel::new(), &limits, Instant::now());
        let first = scopes.enter(start(0, Some(0)));
        scopes.leave(NodeId::from_index(0), None);
        let _second = scopes.enter(start(1, Some(0)));
        let _other = scopes.enter(start(2, Some(1)));
        let heard =
            |node, lease| scopes.last_heard(NodeId::from_index(node), Some(LeaseId::from_index(lease))).is_some();
        assert!(!heard(1, 0));
        first.child().heard();
        assert!(heard(1, 0));
        assert!(!heard(2, 1));
    }
}
