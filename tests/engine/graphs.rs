//! Building and sealing: what is refused, and that what a plan says of itself agrees with the edges.

use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, GraphError, Lane, LeaseId, NodeId, NodeSpec, PoolId};
use proptest::prelude::*;

use crate::drawn::drawn;
use crate::model::Model;

fn spec(lease: Option<LeaseId>) -> NodeSpec<()> {
    NodeSpec { node: (), lane: Lane::Io, lease, estimate: Duration::from_secs(1) }
}

fn edge(from: usize, to: usize) -> Edge {
    let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
    Edge { from, to, kind: EdgeKind::Order, label: None }
}

fn sealed(n_nodes: usize, edges: &[(usize, usize)]) -> Result<engine::Plan<()>, GraphError> {
    let mut graph = GraphBuilder::new();
    for _ in 0..n_nodes {
        graph.add(spec(None));
    }
    for &(from, to) in edges {
        graph.connect(edge(from, to))?;
    }
    graph.seal()
}

#[test]
fn bad_edges_and_cycles_are_refused() {
    let node = NodeId::from_index;
    let cycle = |ids: &[usize]| GraphError::Cycle(ids.iter().map(|&id| node(id)).collect());
    let rows = [
        (&[(0, 5)][..], GraphError::UnknownNode(node(5))),
        (&[(7, 0)], GraphError::UnknownNode(node(7))),
        (&[(1, 1)], GraphError::SelfEdge(node(1))),
        (&[(0, 1), (1, 0)], cycle(&[0, 1])),
        (&[(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (3, 2)], cycle(&[2, 3])),
        (&[(4, 3), (3, 1), (1, 4)], cycle(&[1, 4, 3])),
    ];
    for (edges, expected) in rows {
        assert_eq!(sealed(5, edges).unwrap_err(), expected, "{edges:?}");
    }
}

#[test]
fn leases_are_checked_when_sealed() {
    let with = |capacity: Option<u32>, claims: &[(usize, u32)], lease: usize| {
        let mut graph = GraphBuilder::new();
        graph.pool("slots", capacity);
        graph.lease(claims.iter().map(|&(pool, claim)| (PoolId::from_index(pool), claim)).collect());
        graph.add(spec(Some(LeaseId::from_index(lease))));
        graph.seal().map(|plan| plan.claims(LeaseId::from_index(0)).to_vec())
    };
    let (lease, pool) = (LeaseId::from_index(0), PoolId::from_index(0));
    let too_large = |claim, capacity| GraphError::ClaimTooLarge { lease, pool: "slots".to_owned(), claim, capacity };
    assert_eq!(with(Some(3), &[(0, 1), (0, 2)], 0), Ok(vec![(pool, 3)]));
    assert_eq!(with(None, &[(0, 900)], 0), Ok(vec![(pool, 900)]));
    assert_eq!(with(Some(0), &[(0, 0)], 0), Ok(vec![(pool, 0)]));
    assert_eq!(with(Some(3), &[(0, 2), (0, 2)], 0), Err(too_large(4, 3)));
    assert_eq!(with(Some(0), &[(0, 1)], 0), Err(too_large(1, 0)));
    assert_eq!(with(None, &[(0, u32::MAX), (0, 1)], 0), Err(too_large(1 << 32, u32::MAX)));
    let unknown_pool = GraphError::UnknownPool { lease, pool: PoolId::from_index(4) };
    assert_eq!(with(Some(1), &[(4, 1)], 0), Err(unknown_pool));
    let unknown_lease = GraphError::UnknownLease { node: NodeId::from_index(0), lease: LeaseId::from_index(9) };
    assert_eq!(with(Some(1), &[], 9), Err(unknown_lease));
}

#[test]
fn errors_speak_of_what_people_know() {
    let error =
        GraphError::ClaimTooLarge { lease: LeaseId::from_index(0), pool: "kvm".to_owned(), claim: 2, capacity: 1 };
    assert_eq!(error.to_string(), "a lease claims 2 of \"kvm\", which has a capacity of 1");
    assert_eq!(sealed(2, &[(0, 1), (1, 0)]).unwrap_err().to_string(), "2 nodes depend on each other in a cycle");
}

#[test]
fn a_diamond_describes_itself() {
    let plan = sealed(5, &[(3, 1), (3, 0), (1, 2), (0, 2)]).unwrap();
    let ids = |nodes: &[NodeId]| nodes.iter().map(|node| node.index()).collect::<Vec<_>>();
    assert_eq!(ids(plan.topological()), [3, 0, 1, 2, 4]);
    assert_eq!(ids(&plan.critical_path()), [3, 0, 2]);
    assert_eq!(plan.levels().iter().map(|level| ids(level)).collect::<Vec<_>>(), [vec![3, 4], vec![0, 1], vec![2]]);
    assert_eq!(plan.max_width(), 2);
    assert_eq!(plan.rank(NodeId::from_index(3)), Duration::from_secs(3));
    let outgoing: Vec<usize> = plan.outgoing(NodeId::from_index(3)).map(|edge| edge.to.index()).collect();
    assert_eq!(outgoing, [1, 0], "edges keep the order they were added in");
}

#[test]
fn long_chains_and_wide_fans_are_no_trouble() {
    let n = 100_000;
    let chain: Vec<_> = (1..n).map(|at| (at, at - 1)).collect();
    let plan = sealed(n, &chain).unwrap();
    assert_eq!(plan.critical_path().len(), n);
    assert_eq!(plan.topological()[0].index(), n - 1);
    let fan: Vec<_> = (1..n).map(|at| (0, at)).collect();
    assert_eq!(sealed(n, &fan).unwrap().max_width(), n - 1);
    let mut knot = chain;
    knot.push((0, n - 1));
    let Err(GraphError::Cycle(cycle)) = sealed(n, &knot) else { panic!("a ring is a cycle") };
    assert_eq!(cycle.len(), n);
}

proptest! {
    #[test]
    fn a_plan_agrees_with_its_edges(drawn in drawn(30)) {
        let plan = drawn.plan();
        let model = Model::new(&drawn);
        let mut place = vec![0; plan.len()];
        plan.topological().iter().enumerate().for_each(|(at, node)| place[node.index()] = at);
        let levels = plan.levels();
        let level = |node: NodeId| levels.iter().position(|level| level.contains(&node)).unwrap();
        for edge in plan.edges() {
            prop_assert!(place[edge.from.index()] < place[edge.to.index()]);
            prop_assert!(level(edge.from) < level(edge.to));
        }
        for node in plan.ids() {
            prop_assert_eq!(plan.rank(node).as_secs(), model.rank(node.index()));
            let deepest = plan.incoming(node).map(|edge| level(edge.from) + 1).max();
            prop_assert_eq!(level(node), deepest.unwrap_or(0));
            prop_assert!(plan.incoming(node).all(|edge| edge.to == node));
            prop_assert!(plan.outgoing(node).all(|edge| edge.from == node));
        }
        let path = plan.critical_path();
        prop_assert!(path.is_sorted_by_key(|node| place[node.index()]));
        let length: u64 = path.iter().map(|&node| plan.estimate(node).as_secs()).sum();
        prop_assert_eq!(Some(length), plan.ids().map(|node| plan.rank(node).as_secs()).max());
        let edges_per_node: usize = plan.ids().map(|node| plan.incoming(node).len()).sum();
        prop_assert_eq!(edges_per_node, plan.edges().len());
    }

    #[test]
    fn a_reported_cycle_is_one_and_none_is_shorter(edges in proptest::collection::vec((0usize..9, 0usize..9), 0..25)) {
        let edges: Vec<_> = edges.into_iter().filter(|(from, to)| from != to).collect();
        let shortest = (0..9).filter_map(|start| way_round(&edges, start)).min();
        match sealed(9, &edges) {
            Ok(_) => prop_assert_eq!(shortest, None),
            Err(GraphError::Cycle(cycle)) => {
                prop_assert_eq!(Some(cycle.len()), shortest);
                prop_assert_eq!(cycle.iter().min(), cycle.first());
                for (at, node) in cycle.iter().enumerate() {
                    let next = cycle[(at + 1) % cycle.len()];
                    prop_assert!(edges.contains(&(node.index(), next.index())));
                }
            }
            Err(other) => panic!("{other}"),
        }
    }
}

/// How many edges lead from `start` back to it, at least.
fn way_round(edges: &[(usize, usize)], start: usize) -> Option<usize> {
    let mut reached = vec![start];
    for length in 1..=9 {
        reached = edges.iter().filter(|edge| reached.contains(&edge.0)).map(|edge| edge.1).collect();
        if reached.contains(&start) {
            return Some(length);
        }
    }
    None
}
