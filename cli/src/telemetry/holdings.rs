//! What is in flight and how much of each pool it holds, told from the events of a run: a lease is taken with the first of
//! its nodes that starts, and given back with the last that ends.

use engine::{DenseMap, LeaseId, NodeId, Plan, PoolId};
use planner::node::Node;

/// What is in flight, and what it holds.
#[derive(Debug)]
pub struct Holdings {
    /// Nodes that have not ended, and whether any has started.
    leases: DenseMap<LeaseId, (usize, bool)>,
    held: DenseMap<PoolId, u64>,
    running: DenseMap<NodeId, bool>,
    n_running: usize,
}

impl Holdings {
    /// Before anything has started.
    pub fn new(plan: &Plan<Node>) -> Self {
        let leases = (0..plan.n_leases()).map(|at| (plan.members(LeaseId::from_index(at)).len(), false)).collect();
        Self {
            leases: DenseMap::from_values(leases),
            held: DenseMap::filled(0, plan.pools().len()),
            running: DenseMap::filled(false, plan.len()),
            n_running: 0,
        }
    }

    /// How many nodes are in flight.
    pub fn n_running(&self) -> usize {
        self.n_running
    }

    /// How much of a pool is held.
    pub fn held(&self, pool: PoolId) -> u64 {
        self.held[pool]
    }

    /// A node started, perhaps again.
    pub fn start(&mut self, plan: &Plan<Node>, node: NodeId) {
        self.n_running += usize::from(!std::mem::replace(&mut self.running[node], true));
        let Some(lease) = plan.lease(node) else { return };
        if !std::mem::replace(&mut self.leases[lease].1, true) {
            plan.claims(lease).iter().for_each(|&(pool, claim)| self.held[pool] += u64::from(claim));
        }
    }

    /// A node waits to be tried again. It keeps what it holds.
    pub fn pause(&mut self, node: NodeId) {
        self.n_running -= usize::from(std::mem::replace(&mut self.running[node], false));
    }

    /// A node ended, started or not.
    pub fn end(&mut self, plan: &Plan<Node>, node: NodeId) {
        self.pause(node);
        let Some(lease) = plan.lease(node) else { return };
        let (n_left, is_held) = &mut self.leases[lease];
        *n_left -= 1;
        if *n_left == 0 && *is_held {
            plan.claims(lease).iter().for_each(|&(pool, claim)| self.held[pool] -= u64::from(claim));
        }
    }
}
