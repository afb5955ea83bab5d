//! Which node starts next: the frontier's ready nodes in order of priority, as far as leases and lanes have room. Pure
//! like the frontier; the run loop and the simulator both drive it, which is why forecasts agree with runs.
//!
//! A ready node whose lease cannot be had steps aside and others pass it. Leases with equal claims wait in one line, so
//! what fits is asked once per line, and a lease given back wakes exactly those who can use it: the lines are looked at
//! whenever a next node is asked for, and nobody has to be told.

use std::sync::Arc;

use crate::cancel::CancelPhase;
use crate::executor::Lane;
use crate::frontier::{Frontier, NodeState};
use crate::id::{DenseMap, LeaseId, NodeId, PoolId};
use crate::outcome::{Counts, Outcome};
use crate::plan::Plan;
use crate::pool::{LeaseState, Pools};
use crate::priority::PrioritySet;
use crate::topology::Topology;

const N_LANES: usize = 2;

fn lane_index(lane: Lane) -> usize {
    match lane {
        Lane::Io => 0,
        Lane::Cpu => 1,
    }
}

/// Frontier, pools and the lines of ready nodes. See the module.
#[derive(Debug)]
pub struct Dispatch {
    topology: Arc<Topology>,
    frontier: Frontier,
    pools: Pools,
    lanes: [LaneLine; N_LANES],
    /// Ready nodes whose lease is not held, per claim class and lane.
    parked: Vec<[ParkedLine; N_LANES]>,
    /// The lines of `parked` that may not be empty, each once.
    open_lines: Vec<(u32, usize)>,
    /// Ended without starting and not yet taken by the driver.
    dropped: Vec<NodeId>,
}

/// Ready nodes of a lane that need no lease or whose lease is held, and how many nodes the lane may run.
#[derive(Debug)]
struct LaneLine {
    ready: PrioritySet,
    n_running: usize,
    width: usize,
}

/// Ready nodes of one claim class and lane by their place in the class. May name nodes that have since moved on; those are dropped when
/// they come first.
#[derive(Debug, Default)]
struct ParkedLine {
    waiting: PrioritySet,
    is_open: bool,
}

/// The next node: its priority, its lane, and the claim class it is parked under with its place there, if it is.
#[derive(Clone, Copy)]
struct Pick {
    priority: u32,
    lane: usize,
    parked: Option<(u32, u32)>,
}

impl Dispatch {
    /// A dispatch with no node ready: call [`Dispatch::open`]. `cpu_width` (at least 1) limits how many nodes of the cpu
    /// lane run at once; the io lane is limited by leases only.
    pub fn new<N>(plan: &Plan<N>, cpu_width: usize) -> Self {
        let topology = Arc::clone(plan.topology());
        let line = |width| LaneLine { ready: PrioritySet::new(plan.len()), n_running: 0, width };
        Self {
            frontier: Frontier::new(plan),
            pools: Pools::new(Arc::clone(&topology)),
            lanes: [line(usize::MAX), line(cpu_width.max(1))],
            parked: topology.leases.classes.iter().map(|_| Default::default()).collect(),
            open_lines: Vec::new(),
            dropped: Vec::new(),
            topology,
        }
    }

    /// Decides the nodes that wait for nothing. To be called once.
    pub fn open(&mut self) {
        self.frontier.open();
        self.admit();
    }

    /// Starts the ready node of highest priority that leases and lanes have room for.
    pub fn start_next(&mut self) -> Option<NodeId> {
        loop {
            let pick = self.pick()?;
            let node = self.topology.by_priority[pick.priority as usize];
            match pick.parked {
                Some((class, place)) => {
                    self.parked[class as usize][pick.lane].waiting.remove(place);
                    self.take_lease(node);
                }
                None => self.lanes[pick.lane].ready.remove(pick.priority),
            }
            // It is not ready any more if it was cancelled in line.
            if self.frontier.start(node) {
                self.lanes[pick.lane].n_running += 1;
                return Some(node);
            }
        }
    }

    /// Ends a started node, gives back what it held, and decides what waited for it. Returns whether it was running.
    pub fn end(&mut self, node: NodeId, outcome: Outcome) -> bool {
        if self.frontier.state(node) != NodeState::Running {
            return false;
        }
        let facts = self.topology.facts[node];
        self.lanes[lane_index(facts.lane)].n_running -= 1;
        if let Some(lease) = facts.lease {
            self.pools.member_ended(lease);
        }
        self.frontier.end(node, outcome);
        self.admit();
        true
    }

    /// Goes to `phase` unless already there or further.
    pub fn raise(&mut self, phase: CancelPhase) {
        self.frontier.raise(phase);
        self.admit();
    }

    /// Changes how many nodes of the cpu lane may run at once (at least 1). What runs is not touched.
    pub fn set_cpu_width(&mut self, width: usize) {
        self.lanes[lane_index(Lane::Cpu)].width = width.max(1);
    }

    /// Changes how much there is of a limited pool. What is held is not touched, so more may be taken than there is until
    /// enough of it is given back. Never less than the largest claim on the pool, so that every lease can still be had.
    /// Returns how much there is now; `None` if the pool is unlimited.
    pub fn set_capacity(&mut self, pool: PoolId, capacity: u32) -> Option<u32> {
        self.pools.set_capacity(pool, capacity)
    }

    /// Whether nothing runs, nothing can start and yet not all have ended.
    pub(crate) fn is_stalled(&mut self) -> bool {
        self.frontier.n_running() == 0 && !self.frontier.is_done() && !self.can_start()
    }

    /// If nothing runs, nothing can start and yet not all have ended: ends one node that stands in the way as a bug, so
    /// that the rest can go on. Returns whether it did.
    ///
    /// Such a plan is wrong: a lease is held by nodes that wait for a node which waits for a lease that does not fit
    /// beside it.
    pub fn break_stall(&mut self) -> bool {
        if !self.is_stalled() {
            return false;
        }
        let holder = self
            .pools
            .first_held()
            .and_then(|lease| self.topology.leases.members[lease].iter().copied().find(|&node| !self.has_ended(node)));
        let first = holder.or_else(|| self.topology.topological.iter().copied().find(|&node| !self.has_ended(node)));
        let Some(mut node) = first else { return false };
        while let Some(source) = self.open_source(node) {
            node = source;
        }
        self.frontier.give_up(node, Outcome::Bug(self.describe_stall(node)));
        self.admit();
        true
    }

    /// Hands each node that ended without starting, since the last call, to `take`; sources come before targets.
    pub fn drain_dropped(&mut self, mut take: impl FnMut(NodeId, &Outcome)) {
        for node in self.dropped.drain(..) {
            if let Some(outcome) = self.frontier.outcome(node) {
                take(node, outcome);
            }
        }
    }

    /// The state of the nodes.
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The lease of a node.
    pub(crate) fn lease(&self, node: NodeId) -> Option<LeaseId> {
        self.topology.facts[node].lease
    }

    /// What a lease claims.
    pub(crate) fn claims(&self, lease: LeaseId) -> &[(PoolId, u32)] {
        &self.topology.leases.claims[lease]
    }

    /// Whether all members of a lease have ended.
    pub(crate) fn is_over(&self, lease: LeaseId) -> bool {
        self.pools.state(lease) == LeaseState::Over
    }

    /// What is left of a pool; `None` if it is unlimited.
    pub fn free(&self, pool: PoolId) -> Option<u32> {
        self.pools.free(pool)
    }

    /// How much there is of a pool now; `None` if it is unlimited.
    pub fn capacity(&self, pool: PoolId) -> Option<u32> {
        self.pools.capacity(pool)
    }

    /// How much of a limited pool is taken.
    pub fn taken(&self, pool: PoolId) -> u32 {
        self.pools.taken(pool)
    }

    /// How many leases are held.
    pub fn n_held(&self) -> usize {
        self.pools.n_held()
    }

    /// How many nodes ended in each way, and how each did. Nodes that have not ended count as cancelled in the latter.
    pub fn into_outcomes(self) -> (Counts, DenseMap<NodeId, Outcome>) {
        (self.frontier.counts(), self.frontier.into_outcomes())
    }

    /// Takes what the frontier has decided: puts ready nodes in line, and lets leases know of dropped ones.
    fn admit(&mut self) {
        let n_known = self.dropped.len();
        self.dropped.extend(self.frontier.drain_dropped());
        for node in &self.dropped[n_known..] {
            if let Some(lease) = self.topology.facts[*node].lease {
                self.pools.member_ended(lease);
            }
        }
        for node in self.frontier.drain_ready() {
            let facts = &self.topology.facts[node];
            let (lane, priority) = (lane_index(facts.lane), self.topology.priorities[node]);
            match facts.lease.filter(|&lease| self.pools.state(lease) == LeaseState::Free) {
                Some(lease) if let Some(class) = self.topology.leases.class_of[lease] => {
                    let line = &mut self.parked[class as usize][lane];
                    if !std::mem::replace(&mut line.is_open, true) {
                        self.open_lines.push((class, lane));
                        line.waiting.make_room(self.topology.queues.priorities[class as usize].len());
                    }
                    line.waiting.insert(self.topology.queues.places[node.index()]);
                }
                _ => self.lanes[lane].ready.insert(priority),
            }
        }
    }

    /// Whether a node could start. Takes those out of line that were cancelled in it.
    fn can_start(&mut self) -> bool {
        while let Some(pick) = self.pick() {
            let node = self.topology.by_priority[pick.priority as usize];
            if self.frontier.state(node) == NodeState::Ready {
                return true;
            }
            // What is parked was looked at when it was picked.
            self.lanes[pick.lane].ready.remove(pick.priority);
        }
        false
    }

    fn pick(&mut self) -> Option<Pick> {
        let mut best: Option<Pick> = None;
        let mut offer = |pick: Pick| {
            if best.is_none_or(|best| pick.priority < best.priority) {
                best = Some(pick);
            }
        };
        for (lane, line) in self.lanes.iter().enumerate() {
            if let Some(priority) = line.ready.first().filter(|_| line.has_room()) {
                offer(Pick { priority, lane, parked: None });
            }
        }
        let mut at = 0;
        while let Some(&(class, lane)) = self.open_lines.get(at) {
            if !self.lanes[lane].has_room() || !self.pools.fits(class) {
                at += 1;
                continue;
            }
            match self.first_parked(class, lane) {
                Some(place) => {
                    let priority = self.topology.queues.priorities[class as usize][place as usize];
                    offer(Pick { priority, lane, parked: Some((class, place)) });
                    at += 1;
                }
                None => {
                    self.parked[class as usize][lane].is_open = false;
                    self.open_lines.swap_remove(at);
                }
            }
        }
        best
    }

    /// The first place of a parked line whose node is still ready and still without its lease.
    fn first_parked(&mut self, class: u32, lane: usize) -> Option<u32> {
        let line = &mut self.parked[class as usize][lane];
        while let Some(place) = line.waiting.first() {
            let priority = self.topology.queues.priorities[class as usize][place as usize];
            let node = self.topology.by_priority[priority as usize];
            let lease = self.topology.facts[node].lease;
            let is_free = lease.is_some_and(|lease| self.pools.state(lease) == LeaseState::Free);
            if is_free && self.frontier.state(node) == NodeState::Ready {
                return Some(place);
            }
            line.waiting.remove(place);
        }
        None
    }

    /// Takes the lease of `node`; other members that were parked may start now.
    fn take_lease(&mut self, node: NodeId) {
        let Some(lease) = self.topology.facts[node].lease else { return };
        self.pools.take(lease);
        for &member in &self.topology.leases.members[lease] {
            if member != node && self.frontier.state(member) == NodeState::Ready {
                let lane = lane_index(self.topology.facts[member].lane);
                self.lanes[lane].ready.insert(self.topology.priorities[member]);
            }
        }
    }

    fn has_ended(&self, node: NodeId) -> bool {
        self.frontier.state(node) == NodeState::Ended
    }

    fn open_source(&self, node: NodeId) -> Option<NodeId> {
        let edges = self.topology.incoming.row(node.index()).iter();
        edges.map(|&edge| self.topology.edges[edge].from).find(|&source| !self.has_ended(source))
    }

    fn describe_stall(&self, node: NodeId) -> String {
        let claims = self.topology.facts[node].lease.map_or(&[][..], |lease| &self.topology.leases.claims[lease]);
        let wanted = claims.iter().filter_map(|&(pool, claim)| {
            let free = self.pools.free(pool)?;
            Some(format!("{claim} of \"{}\" ({free} free)", self.topology.pools[pool].name))
        });
        let wanted: Vec<String> = wanted.collect();
        format!("can never start: it needs {}, and what holds the rest waits for it", wanted.join(", "))
    }
}

impl LaneLine {
    fn has_room(&self) -> bool {
        self.n_running < self.width
    }
}
