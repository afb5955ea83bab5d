//! Runs in virtual time: known schedules, and that any schedule respects edges, limits and priorities.

use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, SimOptions, forecast, simulate};
use proptest::prelude::*;

use crate::drawn::drawn;
use crate::model::{Model, end_of};

/// Nodes of the given seconds, edges, and one slot pool of the given size which every node needs one unit of.
fn makespan(seconds: &[u64], edges: &[(usize, usize)], slots: Option<u32>) -> (u64, usize) {
    let mut graph = GraphBuilder::new();
    let pool = graph.pool("slots", slots);
    for &seconds in seconds {
        let lease = Some(graph.lease(vec![(pool, 1)]));
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: Duration::from_secs(seconds) });
    }
    for &(from, to) in edges {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).unwrap();
    }
    let forecast = forecast(&graph.seal().unwrap(), 1);
    (forecast.makespan.as_secs(), forecast.max_in_flight)
}

#[test]
fn known_schedules() {
    assert_eq!(makespan(&[], &[], None), (0, 0));
    assert_eq!(makespan(&[3, 4, 5], &[], None), (5, 3));
    assert_eq!(makespan(&[3, 4, 5], &[], Some(1)), (12, 1));
    assert_eq!(makespan(&[1, 1, 1, 3], &[], Some(2)), (3, 2), "the longest goes first");
    assert_eq!(makespan(&[2, 2, 1, 5], &[(2, 3)], Some(2)), (6, 2), "what leads to the longest goes first");
    assert_eq!(makespan(&[1, 1, 2, 2], &[(0, 2), (1, 3)], Some(2)), (3, 2));
}

proptest! {
    #[test]
    fn a_schedule_keeps_every_rule(drawn in drawn(30), workers in 1usize..4) {
        let plan = drawn.plan();
        let script = |node: NodeId| {
            let node = &drawn.nodes[node.index()];
            (Duration::from_secs(node.estimate), node.ending.outcome())
        };
        let forecast = simulate(&plan, &SimOptions::new(workers), &NullEmitter, script);
        prop_assert_eq!(forecast.counts.total(), plan.len());
        for node in plan.ids() {
            let Some(slot) = forecast.slots[node] else { continue };
            prop_assert_eq!((slot.end - slot.start).as_secs(), drawn.nodes[node.index()].estimate);
            prop_assert_eq!(end_of(&forecast.outcomes[node]), end_of(&drawn.nodes[node.index()].ending.outcome()));
            for edge in plan.incoming(node) {
                prop_assert!(forecast.slots[edge.from].is_none_or(|source| source.end <= slot.start));
            }
        }
        let last = forecast.slots.values().iter().flatten().map(|slot| slot.end).max();
        prop_assert_eq!(forecast.makespan, last.unwrap_or_default());
    }

    #[test]
    fn without_limits_the_makespan_is_the_critical_path(drawn in drawn(30)) {
        let mut drawn = drawn;
        drawn.edges.iter_mut().for_each(|edge| edge.2 = EdgeKind::Order);
        drawn.nodes.iter_mut().for_each(|node| node.lease = None);
        let plan = drawn.plan();
        let model = Model::new(&drawn);
        let forecast = forecast(&plan, plan.len());
        let longest = (0..plan.len()).map(|node| model.rank(node)).max();
        prop_assert_eq!(Some(forecast.makespan.as_secs()), longest);
    }
}
