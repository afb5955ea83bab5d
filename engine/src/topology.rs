//! A plan without its payload: adjacency, order, ranks and leases in flat vectors, computed once in linear time when a
//! graph is sealed. What the pure core walks; [`crate::plan`] is what others see of it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use crate::edge::{Edge, Rule};
use crate::executor::Lane;
use crate::id::{DenseMap, EdgeId, LeaseId, NodeId, PoolId};
use crate::plan::Pool;
use crate::priority::PrioritySet;

/// What the engine knows of a node.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NodeFacts {
    pub(crate) lane: Lane,
    pub(crate) lease: Option<LeaseId>,
    pub(crate) estimate: Duration,
}

/// An outgoing edge as the frontier sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrow {
    pub(crate) to: NodeId,
    pub(crate) rule: Rule,
}

/// Rows of different lengths in one vector.
#[derive(Clone, Debug)]
pub(crate) struct Rows<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Rows<T> {
    pub(crate) fn row(&self, row: usize) -> &[T] {
        &self.items[self.starts[row] as usize..self.starts[row + 1] as usize]
    }
}

impl Rows<EdgeId> {
    /// Edge ids grouped by the node `end` picks, ascending within a node.
    fn grouped(n_nodes: usize, edges: &[Edge], end: impl Fn(&Edge) -> NodeId) -> Self {
        let mut starts = vec![0u32; n_nodes + 1];
        for edge in edges {
            starts[end(edge).index() + 1] += 1;
        }
        for at in 0..n_nodes {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut items = vec![EdgeId::from_index(0); edges.len()];
        for (index, edge) in edges.iter().enumerate() {
            let slot = &mut next[end(edge).index()];
            items[*slot as usize] = EdgeId::from_index(index);
            *slot += 1;
        }
        Self { starts, items }
    }
}

/// Leases with their claims, and leases of equal claims gathered into classes: what fits is asked once per class.
#[derive(Clone, Debug)]
pub(crate) struct Leases {
    /// What a lease claims, by ascending pool, unlimited pools and empty claims included.
    pub(crate) claims: DenseMap<LeaseId, Vec<(PoolId, u32)>>,
    pub(crate) members: DenseMap<LeaseId, Vec<NodeId>>,
    /// Index into `classes`; `None` if nothing the lease claims is limited.
    pub(crate) class_of: DenseMap<LeaseId, Option<u32>>,
    /// The limited claims of a class.
    pub(crate) classes: Vec<Vec<(PoolId, u32)>>,
    /// What a pool must have for every lease to be had some day.
    pub(crate) largest_claims: DenseMap<PoolId, u32>,
}

impl Leases {
    pub(crate) fn new(
        claims: Vec<Vec<(PoolId, u32)>>,
        members: Vec<Vec<NodeId>>,
        pools: &DenseMap<PoolId, Pool>,
    ) -> Self {
        let mut classes = Vec::new();
        let mut known = BTreeMap::new();
        let class_of = claims.iter().map(|claims| {
            let mut limited = claims.clone();
            limited.retain(|&(pool, claim)| claim > 0 && pools[pool].capacity.is_some());
            (!limited.is_empty()).then(|| {
                *known.entry(limited).or_insert_with_key(|limited| {
                    classes.push(limited.clone());
                    classes.len() as u32 - 1
                })
            })
        });
        let class_of = DenseMap::from_values(class_of.collect());
        let mut largest_claims = DenseMap::filled(0, pools.len());
        for &(pool, claim) in classes.iter().flatten() {
            largest_claims[pool] = claim.max(largest_claims[pool]);
        }
        let (claims, members) = (DenseMap::from_values(claims), DenseMap::from_values(members));
        Self { claims, members, class_of, classes, largest_claims }
    }
}

/// The nodes of each claim class by priority.
#[derive(Clone, Debug, Default)]
pub(crate) struct Queues {
    /// Place of a node among those of its class; means nothing where there is no class.
    pub(crate) places: Vec<u32>,
    /// The priority of the node at each place of each class.
    pub(crate) priorities: Vec<Vec<u32>>,
}

impl Queues {
    fn new(topology: &Topology) -> Self {
        let mut places = vec![0; topology.n_nodes()];
        let mut priorities = vec![Vec::new(); topology.leases.classes.len()];
        for (priority, &node) in topology.by_priority.iter().enumerate() {
            let class = topology.facts[node].lease.and_then(|lease| topology.leases.class_of[lease]);
            if let Some(class) = class {
                let line = &mut priorities[class as usize];
                places[node.index()] = line.len() as u32;
                line.push(priority as u32);
            }
        }
        Self { places, priorities }
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    pub(crate) facts: DenseMap<NodeId, NodeFacts>,
    pub(crate) edges: DenseMap<EdgeId, Edge>,
    pub(crate) outgoing: Rows<EdgeId>,
    pub(crate) incoming: Rows<EdgeId>,
    arrows: Vec<Arrow>,
    pub(crate) topological: Vec<NodeId>,
    /// Longest path from the start of a node to the end of the plan, in nanoseconds.
    pub(crate) ranks: DenseMap<NodeId, u64>,
    /// Place of a node when all are sorted by rank, longest first, then by id.
    pub(crate) priorities: DenseMap<NodeId, u32>,
    pub(crate) by_priority: Vec<NodeId>,
    pub(crate) queues: Queues,
    pub(crate) pools: DenseMap<PoolId, Pool>,
    pub(crate) leases: Leases,
}

impl Topology {
    /// `None` if there is a cycle. Edges must name existing nodes, nodes existing leases.
    pub(crate) fn new(
        facts: Vec<NodeFacts>,
        edges: Vec<Edge>,
        pools: DenseMap<PoolId, Pool>,
        leases: Leases,
    ) -> Option<Self> {
        let n_nodes = facts.len();
        let outgoing = Rows::grouped(n_nodes, &edges, |edge| edge.from);
        let incoming = Rows::grouped(n_nodes, &edges, |edge| edge.to);
        let arrow = |edge: &EdgeId| Arrow { to: edges[edge.index()].to, rule: edges[edge.index()].kind.rule() };
        let arrows = outgoing.items.iter().map(arrow).collect();
        let mut topology = Self {
            facts: DenseMap::from_values(facts),
            edges: DenseMap::from_values(edges),
            outgoing,
            incoming,
            arrows,
            topological: Vec::new(),
            ranks: DenseMap::filled(0, n_nodes),
            priorities: DenseMap::filled(0, n_nodes),
            by_priority: Vec::new(),
            queues: Queues::default(),
            pools,
            leases,
        };
        topology.topological = topology.sorted()?;
        topology.rank();
        Some(topology)
    }

    pub(crate) fn n_nodes(&self) -> usize {
        self.facts.len()
    }

    pub(crate) fn n_inputs(&self, node: NodeId) -> u32 {
        self.incoming.starts[node.index() + 1] - self.incoming.starts[node.index()]
    }

    /// The outgoing edges of a node.
    pub(crate) fn arrows(&self, node: NodeId) -> &[Arrow] {
        &self.arrows[self.arrow_range(node)]
    }

    /// [`Topology::arrows`] as positions, for walking them without borrowing the topology.
    pub(crate) fn arrow_range(&self, node: NodeId) -> Range<usize> {
        let starts = &self.outgoing.starts;
        starts[node.index()] as usize..starts[node.index() + 1] as usize
    }

    pub(crate) fn arrow(&self, at: usize) -> Arrow {
        self.arrows[at]
    }

    /// Sources before targets, lower ids first where there is a choice.
    fn sorted(&self) -> Option<Vec<NodeId>> {
        let n_nodes = self.n_nodes();
        let mut n_open: Vec<u32> = self.facts.keys().map(|node| self.n_inputs(node)).collect();
        let mut ready = PrioritySet::new(n_nodes);
        (0..n_nodes).filter(|&node| n_open[node] == 0).for_each(|node| ready.insert(node as u32));
        let mut sorted = Vec::with_capacity(n_nodes);
        while let Some(first) = ready.first() {
            ready.remove(first);
            let node = NodeId::from_index(first as usize);
            sorted.push(node);
            for arrow in self.arrows(node) {
                let n_open = &mut n_open[arrow.to.index()];
                *n_open -= 1;
                if *n_open == 0 {
                    ready.insert(arrow.to.index() as u32);
                }
            }
        }
        (sorted.len() == n_nodes).then_some(sorted)
    }

    /// Ranks and priorities by the estimates that nodes have now.
    pub(crate) fn rank(&mut self) {
        for &node in self.topological.iter().rev() {
            let after = self.arrows(node).iter().map(|arrow| self.ranks[arrow.to]).max().unwrap_or(0);
            self.ranks[node] = nanoseconds(self.facts[node].estimate).saturating_add(after);
        }
        let mut order: Vec<(Reverse<u64>, NodeId)> =
            self.ranks.iter().map(|(node, &rank)| (Reverse(rank), node)).collect();
        order.sort_unstable();
        for (place, &(_, node)) in order.iter().enumerate() {
            self.priorities[node] = place as u32;
        }
        self.by_priority = order.into_iter().map(|(_, node)| node).collect();
        self.queues = Queues::new(self);
    }
}

/// Whole nanoseconds, as many as fit: 584 years.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
