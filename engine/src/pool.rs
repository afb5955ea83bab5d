//! Named capacities and the leases that take shares of them. Knows how many members a lease has, not which: no node
//! knowledge. A lease is all or nothing, so holding one never means waiting for the rest of it.

use std::sync::Arc;

use crate::id::{DenseMap, LeaseId, PoolId};
use crate::topology::Topology;

/// Where a lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeaseState {
    /// Nobody needed it yet.
    Free,
    /// Its claims are taken.
    Held,
    /// All its members ended.
    Over,
}

/// What is free, and which leases are held.
#[derive(Debug)]
pub(crate) struct Pools {
    topology: Arc<Topology>,
    /// How much there is of limited pools now; of unlimited ones the value means nothing.
    capacity: DenseMap<PoolId, u32>,
    /// What is taken of them: more than there is, if that became less meanwhile.
    taken: DenseMap<PoolId, u32>,
    leases: DenseMap<LeaseId, (LeaseState, u32)>,
    n_held: usize,
}

impl Pools {
    pub(crate) fn new(topology: Arc<Topology>) -> Self {
        let capacity = topology.pools.values().iter().map(|pool| pool.capacity.unwrap_or(u32::MAX)).collect();
        let taken = DenseMap::filled(0, topology.pools.len());
        let members = topology.leases.members.values().iter();
        let leases = members.map(|members| (LeaseState::Free, members.len() as u32)).collect();
        Self {
            capacity: DenseMap::from_values(capacity),
            taken,
            leases: DenseMap::from_values(leases),
            n_held: 0,
            topology,
        }
    }

    /// Whether leases of a class could be taken now.
    pub(crate) fn fits(&self, class: u32) -> bool {
        self.topology.leases.classes[class as usize].iter().all(|&(pool, claim)| claim <= self.left(pool))
    }

    /// Changes how much there is of a limited pool, but never to less than the largest claim, so that every lease can
    /// still be had. What is held is not touched. Returns how much there is now; `None` if the pool is unlimited.
    pub(crate) fn set_capacity(&mut self, pool: PoolId, capacity: u32) -> Option<u32> {
        self.topology.pools[pool].capacity?;
        self.capacity[pool] = capacity.max(self.topology.leases.largest_claims[pool]);
        Some(self.capacity[pool])
    }

    /// How much there is of a pool now; `None` if it is unlimited.
    pub(crate) fn capacity(&self, pool: PoolId) -> Option<u32> {
        self.topology.pools[pool].capacity.map(|_| self.capacity[pool])
    }

    /// How much of a limited pool is taken.
    pub(crate) fn taken(&self, pool: PoolId) -> u32 {
        self.taken[pool]
    }

    fn left(&self, pool: PoolId) -> u32 {
        self.capacity[pool].saturating_sub(self.taken[pool])
    }

    pub(crate) fn state(&self, lease: LeaseId) -> LeaseState {
        self.leases[lease].0
    }

    pub(crate) fn n_held(&self) -> usize {
        self.n_held
    }

    pub(crate) fn first_held(&self) -> Option<LeaseId> {
        self.leases.iter().find(|(_, (state, _))| *state == LeaseState::Held).map(|(lease, _)| lease)
    }

    /// What is left of a pool; `None` if it is unlimited.
    pub(crate) fn free(&self, pool: PoolId) -> Option<u32> {
        self.topology.pools[pool].capacity.map(|_| self.left(pool))
    }

    /// Takes a lease that fits, unless it is held or over.
    pub(crate) fn take(&mut self, lease: LeaseId) {
        if self.leases[lease].0 == LeaseState::Free {
            self.leases[lease].0 = LeaseState::Held;
            self.n_held += 1;
            self.settle(lease, |taken, claim| *taken += claim);
        }
    }

    /// One of a lease's members ended; the last one gives it back.
    pub(crate) fn member_ended(&mut self, lease: LeaseId) {
        let (state, n_members) = &mut self.leases[lease];
        *n_members -= 1;
        if *n_members == 0 {
            let was_held = std::mem::replace(state, LeaseState::Over) == LeaseState::Held;
            if was_held {
                self.n_held -= 1;
                self.settle(lease, |taken, claim| *taken -= claim);
            }
        }
    }

    fn settle(&mut self, lease: LeaseId, change: impl Fn(&mut u32, u32)) {
        let leases = &self.topology.leases;
        if let Some(class) = leases.class_of[lease] {
            for &(pool, claim) in &leases.classes[class as usize] {
                change(&mut self.taken[pool], claim);
            }
        }
    }
}
