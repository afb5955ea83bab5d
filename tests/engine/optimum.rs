//! How far a schedule can be from the best one: on small graphs all schedules are tried.

use std::collections::HashMap;
use std::time::Duration;

use engine::{Edge, EdgeKind, GraphBuilder, Lane, NodeId, NodeSpec, forecast};
use proptest::prelude::*;

/// Nodes with their seconds; bit n of `needs[m]` says that m needs n, which is lower.
struct Small {
    seconds: Vec<u64>,
    needs: Vec<u16>,
    slots: usize,
}

/// Which nodes have ended, and which run for how much longer.
type Moment = (u16, Vec<(u64, usize)>);

impl Small {
    /// The shortest makespan of any schedule, those that leave slots idle on purpose included.
    fn optimum(&self) -> u64 {
        self.best(0, &[], &mut HashMap::new())
    }

    /// The shortest time from a moment at which the nodes of `ended` have ended and others run for some more seconds.
    fn best(&self, ended: u16, running: &[(u64, usize)], known: &mut HashMap<Moment, u64>) -> u64 {
        let key = (ended, running.to_vec());
        if let Some(&best) = known.get(&key) {
            return best;
        }
        let is_begun = |node: usize| ended & (1 << node) != 0 || running.iter().any(|&(_, other)| other == node);
        let is_ready = |node: &usize| !is_begun(*node) && self.needs[*node] & !ended == 0;
        let ready: Vec<usize> = (0..self.seconds.len()).filter(is_ready).collect();
        let room = self.slots - running.len();
        let choices = (0u32..1 << ready.len()).filter(|choice| choice.count_ones() as usize <= room);
        let mut best = if ready.is_empty() && running.is_empty() { 0 } else { u64::MAX };
        for choice in choices {
            let mut then = running.to_vec();
            let chosen = ready.iter().enumerate().filter(|(at, _)| choice & (1 << at) != 0);
            then.extend(chosen.map(|(_, &node)| (self.seconds[node], node)));
            then.sort_unstable();
            let Some(&(step, _)) = then.first() else { continue };
            let over: u16 = then.iter().filter(|(left, _)| *left == step).map(|(_, node)| 1 << node).sum();
            let rest: Vec<(u64, usize)> =
                then.iter().filter(|(left, _)| *left > step).map(|&(left, node)| (left - step, node)).collect();
            let after = self.best(ended | over, &rest, known);
            best = best.min(after.saturating_add(step));
        }
        known.insert(key, best);
        best
    }

    fn scheduled(&self) -> u64 {
        let mut graph = GraphBuilder::new();
        let pool = graph.pool("slots", Some(self.slots as u32));
        for &seconds in &self.seconds {
            let lease = Some(graph.lease(vec![(pool, 1)]));
            graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: Duration::from_secs(seconds) });
        }
        for (to, needs) in self.needs.iter().enumerate() {
            for from in (0..to).filter(|from| needs & (1 << from) != 0) {
                let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).unwrap();
            }
        }
        forecast(&graph.seal().unwrap(), 1).makespan.as_secs()
    }
}

fn small() -> impl Strategy<Value = Small> {
    let node = (1u64..6, any::<u16>(), any::<u16>());
    (proptest::collection::vec(node, 1..8), 1usize..4).prop_map(|(nodes, slots)| Small {
        seconds: nodes.iter().map(|node| node.0).collect(),
        // About one in four of the edges that there could be.
        needs: nodes.iter().enumerate().map(|(at, node)| node.1 & node.2 & ((1 << at) - 1)).collect(),
        slots,
    })
}

impl std::fmt::Debug for Small {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} slots, seconds {:?}, needs {:x?}", self.slots, self.seconds, self.needs)
    }
}

#[test]
fn the_search_for_the_optimum_finds_it() {
    let small =
        |seconds: &[u64], needs: &[u16], slots| Small { seconds: seconds.to_vec(), needs: needs.to_vec(), slots };
    assert_eq!(small(&[3, 3, 2, 2, 2], &[0; 5], 2).optimum(), 6, "where the longest first makes it 7");
    assert_eq!(small(&[3, 3, 2, 2, 2], &[0; 5], 2).scheduled(), 7);
    assert_eq!(small(&[1, 2, 3], &[0, 1, 2], 3).optimum(), 6);
    assert_eq!(small(&[4, 4, 4], &[0; 3], 1).optimum(), 12);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_is_further_from_the_best_than_list_scheduling_may_be(small in small()) {
        let (scheduled, optimum, slots) = (small.scheduled(), small.optimum(), small.slots as u64);
        prop_assert!(optimum <= scheduled);
        // scheduled ≤ (2 − 1/slots) · optimum
        prop_assert!(scheduled * slots <= (2 * slots - 1) * optimum, "{scheduled} against {optimum}");
    }
}
