//! Random graphs, drawn as plain data so that failures shrink, and built into plans.

use std::time::Duration;

use engine::{
    Edge, EdgeKind, Failure, GraphBuilder, Lane, LeaseId, NodeId, NodeSpec, Outcome, Plan, PoolId, SkipCause,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// How a node ends if it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Succeed,
    Fail,
    TimeOut,
    Cancel,
    NotNeeded,
    Panic,
}

/// How a node is worked on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Done,
    Future { n_yields: u8 },
    Compute,
}

#[derive(Clone, Debug)]
pub(crate) struct DrawnNode {
    pub(crate) ending: Ending,
    pub(crate) way: Way,
    pub(crate) lane: Lane,
    pub(crate) estimate: u64,
    pub(crate) lease: Option<usize>,
    /// Edges lead from lower to higher heights, so ids are in no order.
    pub(crate) height: u16,
}

/// A graph, its limits and what its nodes will do.
#[derive(Clone, Debug)]
pub(crate) struct Drawn {
    pub(crate) nodes: Vec<DrawnNode>,
    pub(crate) edges: Vec<(usize, usize, EdgeKind)>,
    pub(crate) capacities: Vec<Option<u32>>,
    pub(crate) claims: Vec<Vec<(usize, u32)>>,
}

impl Ending {
    pub(crate) fn outcome(self) -> Outcome {
        match self {
            Self::Succeed => Outcome::Succeeded,
            Self::Fail => Outcome::Failed(Failure::new("scripted")),
            Self::TimeOut => Outcome::TimedOut(Failure::new("scripted")),
            Self::Cancel => Outcome::Cancelled,
            Self::NotNeeded => Outcome::Skipped(SkipCause::NotNeeded),
            Self::Panic => Outcome::Bug("panicked: scripted".to_owned()),
        }
    }
}

impl Drawn {
    /// `n` nodes that succeed at once, one after another, without limits.
    pub(crate) fn chain(n: usize) -> Self {
        let node =
            DrawnNode { ending: Ending::Succeed, way: Way::Done, lane: Lane::Io, estimate: 1, lease: None, height: 0 };
        let edges = (1..n).map(|at| (at - 1, at, EdgeKind::Order)).collect();
        Self { nodes: vec![node; n], edges, capacities: Vec::new(), claims: Vec::new() }
    }

    pub(crate) fn plan(&self) -> Plan<usize> {
        self.plan_with(|graph, name, capacity| graph.pool(name, capacity))
    }

    /// The plan with every limited pool a quota.
    pub(crate) fn plan_of_quotas(&self) -> Plan<usize> {
        self.plan_with(|graph, name, capacity| match capacity {
            Some(capacity) => graph.quota(name, capacity),
            None => graph.pool(name, None),
        })
    }

    fn plan_with(&self, pool: fn(&mut GraphBuilder<usize>, &str, Option<u32>) -> PoolId) -> Plan<usize> {
        let mut graph = GraphBuilder::new();
        for (at, capacity) in self.capacities.iter().enumerate() {
            pool(&mut graph, &format!("pool {at}"), *capacity);
        }
        for claims in &self.claims {
            graph.lease(claims.iter().map(|&(pool, claim)| (PoolId::from_index(pool), claim)).collect());
        }
        for (at, node) in self.nodes.iter().enumerate() {
            graph.add(NodeSpec {
                node: at,
                lane: node.lane,
                lease: node.lease.map(LeaseId::from_index),
                estimate: Duration::from_secs(node.estimate),
            });
        }
        for &(from, to, kind) in &self.edges {
            let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
            graph.connect(Edge { from, to, kind, label: None }).unwrap();
        }
        graph.seal().unwrap()
    }
}

fn ending() -> impl Strategy<Value = Ending> {
    prop_oneof![
        12 => Just(Ending::Succeed),
        2 => Just(Ending::Fail),
        1 => Just(Ending::TimeOut),
        1 => Just(Ending::Cancel),
        1 => Just(Ending::NotNeeded),
        1 => Just(Ending::Panic),
    ]
}

fn way() -> impl Strategy<Value = Way> {
    prop_oneof![Just(Way::Done), (0u8..4).prop_map(|n_yields| Way::Future { n_yields }), Just(Way::Compute)]
}

fn kind() -> impl Strategy<Value = EdgeKind> {
    prop_oneof![
        4 => Just(EdgeKind::Order),
        4 => Just(EdgeKind::Data("out")),
        2 => Just(EdgeKind::OnFailure),
        2 => Just(EdgeKind::Finally),
    ]
}

fn node() -> impl Strategy<Value = DrawnNode> {
    let lane = prop_oneof![Just(Lane::Io), Just(Lane::Cpu)];
    let lease = proptest::option::of(0usize..6);
    (ending(), way(), lane, 0u64..4, lease, any::<u16>()).prop_map(|(ending, way, lane, estimate, lease, height)| {
        DrawnNode { ending, way, lane, estimate, lease, height }
    })
}

/// Graphs of up to `max` nodes with up to three times as many edges, a few pools and leases over them.
pub(crate) fn drawn(max: usize) -> impl Strategy<Value = Drawn> {
    let edges = proptest::collection::vec((any::<Index>(), any::<Index>(), kind()), 0..max * 3);
    let capacities = proptest::collection::vec(proptest::option::weighted(0.8, 0u32..4), 1..4);
    let claims = proptest::collection::vec(proptest::collection::vec((any::<Index>(), 0u32..4), 0..3), 0..6);
    (proptest::collection::vec(node(), 1..=max), edges, capacities, claims).prop_map(fit)
}

type Raw = (Vec<DrawnNode>, Vec<(Index, Index, EdgeKind)>, Vec<Option<u32>>, Vec<Vec<(Index, u32)>>);

/// Makes what was drawn consistent: no cycle, no claim above a capacity, no lease that does not exist.
fn fit((mut nodes, edges, capacities, claims): Raw) -> Drawn {
    let edges = edges.iter().filter_map(|(one, other, kind)| {
        let (one, other) = (one.index(nodes.len()), other.index(nodes.len()));
        let height = |at: usize| (nodes[at].height, at);
        let is_upwards = height(one) < height(other);
        (one != other).then_some(if is_upwards { (one, other, *kind) } else { (other, one, *kind) })
    });
    let edges = edges.collect();
    let claims: Vec<Vec<(usize, u32)>> = claims.iter().map(|claims| fit_claims(claims, &capacities)).collect();
    for node in &mut nodes {
        node.lease = node.lease.filter(|&lease| lease < claims.len());
    }
    Drawn { nodes, edges, capacities, claims }
}

fn fit_claims(claims: &[(Index, u32)], capacities: &[Option<u32>]) -> Vec<(usize, u32)> {
    let mut left = capacities.to_vec();
    let fitting = claims.iter().map(|(pool, claim)| {
        let pool = pool.index(left.len());
        let claim = left[pool].map_or(*claim, |left| left.min(*claim));
        left[pool] = left[pool].map(|left| left - claim);
        (pool, claim)
    });
    fitting.collect()
}
