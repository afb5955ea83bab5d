//! How good a schedule is, for forecasts, runs and replays alike: what no schedule of the same work could beat, which nodes
//! determined the end, and what they waited for. Pure.

use std::time::Duration;

use crate::executor::Lane;
use crate::id::{DenseMap, LeaseId, NodeId, PoolId};
use crate::plan::Plan;
use crate::sim::Slot;

/// When nodes ran.
pub type Slots = DenseMap<NodeId, Option<Slot>>;

/// What a schedule comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appraisal {
    /// From the start of the run to the end of the last node.
    pub makespan: Duration,
    /// No schedule of nodes that take as long can take less under the plan's limits: the longest path, or the work that a
    /// pool has to bear.
    pub lower_bound: Duration,
    /// The nodes that determined the end, first to last: each started when the one before it ended, or when that one's
    /// lease was given back.
    pub critical: Vec<NodeId>,
    /// For how much of the run a node of it waited for a pool although all it needs had ended; longest first.
    pub waits: Vec<(PoolId, Duration)>,
}

impl Appraisal {
    /// The makespan over the lower bound: 1 is perfect.
    pub fn ratio(&self) -> f64 {
        if self.lower_bound.is_zero() { 1.0 } else { self.makespan.as_secs_f64() / self.lower_bound.as_secs_f64() }
    }

    /// The pool that held the run up most, if one did for more than a hundredth of it, and for how long.
    pub fn bottleneck(&self) -> Option<(PoolId, Duration)> {
        self.waits.first().copied().filter(|(_, wait)| *wait > self.makespan / 100)
    }
}

/// Appraises a schedule of `plan` on `workers` threads of the cpu lane.
///
/// # Panics
/// If `slots` has not as many entries as the plan has nodes.
pub fn appraise<N>(plan: &Plan<N>, workers: usize, slots: &Slots) -> Appraisal {
    assert_eq!(slots.len(), plan.len(), "a schedule has an entry for each node");
    let makespan = slots.values().iter().flatten().map(|slot| slot.end).max().unwrap_or_default();
    let (critical, waits) = Chain::new(plan, slots).walk();
    Appraisal { makespan, lower_bound: lower_bound(plan, workers, slots), critical, waits }
}

fn duration(slots: &Slots, node: NodeId) -> Duration {
    slots[node].map_or(Duration::ZERO, |slot| slot.end.saturating_sub(slot.start))
}

/// What no schedule of the nodes that ran in `slots`, taking as long, could beat.
fn lower_bound<N>(plan: &Plan<N>, workers: usize, slots: &Slots) -> Duration {
    let paths = Paths::new(plan, slots);
    let longest = plan.ids().map(|node| paths.heads[node] + duration(slots, node)).max().unwrap_or_default();
    let on_cpu = plan.ids().filter(|&node| plan.lane(node) == Lane::Cpu).map(|node| duration(slots, node));
    let cpu = on_cpu.sum::<Duration>() / u32::try_from(workers.max(1)).unwrap_or(u32::MAX);
    let pools = plan.pools().iter().filter_map(|(pool, facts)| Some((pool, facts.capacity.filter(|&all| all > 0)?)));
    let held = pools.map(|(pool, capacity)| paths.pool_bound(plan, slots, pool, capacity));
    held.max().unwrap_or_default().max(longest).max(cpu)
}

/// Longest paths around nodes, by how long the nodes on them took.
struct Paths {
    /// To the start of a node.
    heads: DenseMap<NodeId, Duration>,
    /// From the end of a node.
    tails: DenseMap<NodeId, Duration>,
    /// To the end of a node, over nodes of its lease only.
    within: DenseMap<NodeId, Duration>,
}

impl Paths {
    fn new<N>(plan: &Plan<N>, slots: &Slots) -> Self {
        let none = DenseMap::filled(Duration::ZERO, plan.len());
        let mut paths = Self { heads: none.clone(), tails: none.clone(), within: none };
        for &node in plan.topological() {
            for from in plan.incoming(node).map(|edge| edge.from) {
                let through = paths.heads[from] + duration(slots, from);
                paths.heads[node] = paths.heads[node].max(through);
                if plan.lease(from).is_some() && plan.lease(from) == plan.lease(node) {
                    paths.within[node] = paths.within[node].max(paths.within[from]);
                }
            }
            paths.within[node] += duration(slots, node);
        }
        for &node in plan.topological().iter().rev() {
            let after = plan.outgoing(node).map(|edge| duration(slots, edge.to) + paths.tails[edge.to]);
            paths.tails[node] = after.max().unwrap_or_default();
        }
        paths
    }

    /// The time that all leases together must hold shares of a pool, over what there is; before it at least the shortest
    /// way to any of them, after it the shortest way on.
    fn pool_bound<N>(&self, plan: &Plan<N>, slots: &Slots, pool: PoolId, capacity: u32) -> Duration {
        let (mut work, mut before, mut after) = (0u128, Duration::MAX, Duration::MAX);
        for at in 0..plan.n_leases() {
            let lease = LeaseId::from_index(at);
            let claim = plan.claims(lease).iter().find(|(claimed, _)| *claimed == pool).map_or(0, |(_, claim)| *claim);
            let mut longest = Duration::ZERO;
            for &node in plan.members(lease).iter().filter(|&&node| claim > 0 && slots[node].is_some()) {
                longest = longest.max(self.within[node]);
                before = before.min(self.heads[node]);
                after = after.min(self.tails[node]);
            }
            work += longest.as_nanos() * u128::from(claim);
        }
        if work == 0 {
            return Duration::ZERO;
        }
        let busy = u64::try_from(work / u128::from(capacity)).unwrap_or(u64::MAX);
        before.saturating_add(Duration::from_nanos(busy)).saturating_add(after)
    }
}

/// What happened to a limited pool.
#[derive(Clone, Debug, Default)]
struct Ledger {
    /// When leases gave something back, by whose end, and how much.
    releases: Vec<(Duration, NodeId, u64)>,
    /// When leases took something, and how much.
    takes: Vec<(Duration, u64)>,
}

impl Ledger {
    /// To be called once, when all of it is known: from then on amounts are sums from the beginning.
    fn settle(&mut self) {
        self.releases.sort_unstable();
        self.takes.sort_unstable();
        let (mut given_back, mut taken) = (0, 0);
        for (.., amount) in &mut self.releases {
            given_back += *amount;
            *amount = given_back;
        }
        for (_, amount) in &mut self.takes {
            taken += *amount;
            *amount = taken;
        }
    }

    /// How much was held just before a moment.
    fn held_before(&self, moment: Duration) -> u64 {
        let n_takes = self.takes.partition_point(|&(at, _)| at < moment);
        let n_releases = self.releases.partition_point(|&(at, ..)| at < moment);
        let taken = n_takes.checked_sub(1).map_or(0, |last| self.takes[last].1);
        taken.saturating_sub(n_releases.checked_sub(1).map_or(0, |last| self.releases[last].2))
    }
}

/// The way back from the end of a run to its start.
struct Chain<'a, N> {
    plan: &'a Plan<N>,
    slots: &'a Slots,
    /// For a node that did not run: the node by whose end that was decided. For one that ran: itself.
    decided_by: DenseMap<NodeId, Option<NodeId>>,
    ledgers: DenseMap<PoolId, Ledger>,
    visited: DenseMap<NodeId, bool>,
}

impl<'a, N> Chain<'a, N> {
    fn new(plan: &'a Plan<N>, slots: &'a Slots) -> Self {
        let mut chain = Self {
            plan,
            slots,
            decided_by: DenseMap::filled(None, plan.len()),
            ledgers: DenseMap::filled(Ledger::default(), plan.pools().len()),
            visited: DenseMap::filled(false, plan.len()),
        };
        for &node in plan.topological() {
            chain.decided_by[node] = if slots[node].is_some() { Some(node) } else { chain.last_input(node) };
        }
        for at in 0..plan.n_leases() {
            chain.note_lease(LeaseId::from_index(at));
        }
        for pool in plan.pools().keys() {
            chain.ledgers[pool].settle();
        }
        chain
    }

    fn note_lease(&mut self, lease: LeaseId) {
        let ran = self.plan.members(lease).iter().copied().filter(|&node| self.slots[node].is_some());
        let Some(last) = ran.max_by_key(|&node| self.end(node)) else { return };
        let end = self.end(last);
        let members = self.plan.members(lease).iter();
        let start = members.filter_map(|&node| self.slots[node]).map(|slot| slot.start).min().unwrap_or_default();
        for &(pool, claim) in self.plan.claims(lease) {
            if claim > 0 && self.plan.pools()[pool].capacity.is_some() {
                self.ledgers[pool].releases.push((end, last, claim.into()));
                self.ledgers[pool].takes.push((start, claim.into()));
            }
        }
    }

    fn end(&self, node: NodeId) -> Duration {
        self.slots[node].map_or(Duration::ZERO, |slot| slot.end)
    }

    /// The node that ran whose end a node waited for longest.
    fn last_input(&self, node: NodeId) -> Option<NodeId> {
        let inputs = self.plan.incoming(node).filter_map(|edge| self.decided_by[edge.from]);
        inputs.max_by_key(|&input| (self.end(input), std::cmp::Reverse(input)))
    }

    fn walk(mut self) -> (Vec<NodeId>, Vec<(PoolId, Duration)>) {
        // Of each pool the sum, and from when on it is counted: many wait at the same time.
        let mut waits = DenseMap::filled((Duration::ZERO, Duration::MAX), self.plan.pools().len());
        let mut critical = Vec::new();
        let ran = self.plan.ids().filter(|&node| self.slots[node].is_some());
        let mut next = ran.max_by_key(|&node| (self.end(node), std::cmp::Reverse(node)));
        while let Some(node) = next {
            critical.push(node);
            self.visited[node] = true;
            let input = self.last_input(node);
            let ready = input.map_or(Duration::ZERO, |input| self.end(input));
            next = match self.awaited(node, ready) {
                Some((pool, until, by)) => {
                    let (sum, counted) = &mut waits[pool];
                    *sum += until.min(*counted).saturating_sub(ready);
                    *counted = ready.min(*counted);
                    Some(by)
                }
                None => input.filter(|&input| !self.visited[input]),
            };
        }
        critical.reverse();
        let waits = waits.iter().map(|(pool, &(wait, _))| (pool, wait));
        let mut waits: Vec<_> = waits.filter(|(_, wait)| !wait.is_zero()).collect();
        waits.sort_by_key(|&(pool, wait)| (std::cmp::Reverse(wait), pool));
        (critical, waits)
    }

    /// If a node was `ready` before it started, and took a lease: the pool it waited for, until when, and by whose end it
    /// got it.
    fn awaited(&self, node: NodeId, ready: Duration) -> Option<(PoolId, Duration, NodeId)> {
        let start = self.slots[node]?.start;
        let lease = self.plan.lease(node)?;
        let is_held = |&member: &NodeId| self.slots[member].is_some_and(|slot| (slot.start, member) < (start, node));
        if self.plan.members(lease).iter().any(is_held) {
            return None;
        }
        let claims = self.plan.claims(lease).iter().copied().filter(|&(_, claim)| claim > 0);
        let found = claims.filter_map(|(pool, claim)| {
            let facts = &self.plan.pools()[pool];
            let (at, by) = self.last_release(pool, (ready, start), lease)?;
            let wanted = self.ledgers[pool].held_before(at) + u64::from(claim);
            let is_short = wanted > u64::from(facts.capacity?);
            // There may have been less of a quota than all of it.
            (is_short || facts.is_quota).then_some((is_short, at, std::cmp::Reverse(pool), by))
        });
        let (.., std::cmp::Reverse(pool), by) = found.max()?;
        Some((pool, start, by))
    }

    /// When something of a pool was given back last, after one moment and until another, and by whose end.
    fn last_release(&self, pool: PoolId, span: (Duration, Duration), but: LeaseId) -> Option<(Duration, NodeId)> {
        let releases = &self.ledgers[pool].releases;
        let before = releases.partition_point(|&(at, ..)| at <= span.1);
        let within = releases[..before].iter().rev().take_while(|&&(at, ..)| at > span.0);
        let mut others = within.filter(|&&(_, by, _)| !self.visited[by] && self.plan.lease(by) != Some(but));
        others.next().map(|&(at, by, _)| (at, by))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::{Edge, EdgeKind};
    use crate::graph::{GraphBuilder, NodeSpec};
    use crate::sim::forecast;

    const SECOND: Duration = Duration::from_secs(1);

    /// `n` chains of two nodes, one and two seconds long, each under a lease of its own, `capacity` of them at once; before
    /// and after all of them a node of a second.
    fn chains(n: usize, capacity: Option<u32>) -> Plan<usize> {
        let mut graph = GraphBuilder::new();
        let other = graph.pool("other", Some(100));
        let pool = graph.pool("slots", capacity);
        let add = |graph: &mut GraphBuilder<usize>, node, lease, seconds| {
            graph.add(NodeSpec { node, lane: Lane::Io, lease, estimate: SECOND * seconds })
        };
        let (first, last) = (add(&mut graph, 0, None, 1), add(&mut graph, 0, None, 1));
        for at in 1..=n {
            let lease = Some(graph.lease(vec![(pool, 1), (other, 1)]));
            let (one, two) = (add(&mut graph, at, lease, 1), add(&mut graph, at, lease, 2));
            for (from, to) in [(first, one), (one, two), (two, last)] {
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).unwrap();
            }
        }
        graph.seal().unwrap()
    }

    #[test]
    fn the_path_or_the_pool_binds() {
        for (n, capacity, makespan, lower_bound, n_critical, wait) in
            [(4, None, 5, 5, 4, 0), (4, Some(4), 5, 5, 4, 0), (4, Some(2), 8, 8, 6, 3), (4, Some(1), 14, 14, 10, 9)]
        {
            let plan = chains(n, capacity);
            let found = appraise(&plan, 1, &forecast(&plan, 1).slots);
            assert_eq!((found.makespan, found.lower_bound), (SECOND * makespan, SECOND * lower_bound), "{capacity:?}");
            assert_eq!(found.critical.len(), n_critical, "{capacity:?}: {found:?}");
            let waited = found.bottleneck().map_or((None, Duration::ZERO), |(pool, wait)| (Some(pool.index()), wait));
            assert_eq!(waited, ((wait > 0).then_some(1), SECOND * wait), "{capacity:?}");
        }
    }

    #[test]
    fn three_on_two_cannot_be_perfect() {
        let plan = chains(3, Some(2));
        let found = appraise(&plan, 1, &forecast(&plan, 1).slots);
        assert_eq!((found.makespan, found.lower_bound), (SECOND * 8, Duration::from_millis(6500)));
        assert!(found.ratio() > 1.2);
    }

    #[test]
    fn what_did_not_run_is_passed_through() {
        let mut graph = GraphBuilder::new();
        let mut add =
            |seconds| graph.add(NodeSpec { node: (), lane: Lane::Io, lease: None, estimate: SECOND * seconds });
        let nodes = [add(1), add(0), add(2)];
        for pair in nodes.windows(2) {
            graph.connect(Edge { from: pair[0], to: pair[1], kind: EdgeKind::Finally, label: None }).unwrap();
        }
        let plan = graph.seal().unwrap();
        let slot = |start, end| Some(Slot { start: SECOND * start, end: SECOND * end });
        let slots = DenseMap::from_values(vec![slot(0, 1), None, slot(1, 3)]);
        let found = appraise(&plan, 1, &slots);
        assert_eq!((found.critical, found.lower_bound), (vec![nodes[0], nodes[2]], SECOND * 3));
        let empty: Plan<()> = GraphBuilder::new().seal().unwrap();
        let found = appraise(&empty, 1, &DenseMap::from_values(Vec::new()));
        assert_eq!((found.makespan, found.critical.len(), found.ratio()), (Duration::ZERO, 0, 1.0));
    }
}
