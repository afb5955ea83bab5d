//! Finds one shortest cycle of a graph, as ids in order. Formats nothing.

use std::collections::VecDeque;

use petgraph::Direction::{self, Incoming, Outgoing};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::id::NodeId;

/// How often, at most, the search may look at the whole graph. It hardly ever looks twice: a cycle's node is taken out
/// once the shortest way round through it is known, and what then lies on no cycle falls off by itself. Graphs made to
/// resist that get the shortest cycle found within this bound instead of a search that never ends.
const MAX_SWEEPS: usize = 256;

/// The ids of one shortest cycle, each node needed by the next and the last by the first, lowest id first. Empty if the
/// graph has no cycle. No node may have an edge to itself.
pub(crate) fn shortest_cycle<V, E>(graph: &DiGraph<V, E, u32>) -> Vec<NodeId> {
    // Kosaraju's, because the other algorithm offered recurses as deep as the graph.
    let mut knots: Vec<_> = kosaraju_scc(graph).into_iter().filter(|knot| knot.len() > 1).collect();
    for knot in &mut knots {
        knot.sort_unstable();
    }
    knots.sort_unstable_by_key(|knot| (knot.len(), knot[0]));
    let mut search = Search::new(graph);
    for knot in knots {
        search.search_knot(&knot);
    }
    let mut cycle = search.best;
    let lowest = cycle.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(at, _)| at);
    cycle.rotate_left(lowest);
    cycle.into_iter().map(|node| NodeId::from_index(node.index())).collect()
}

struct Search<'a, V, E> {
    graph: &'a DiGraph<V, E, u32>,
    /// Which nodes may still lie on a cycle shorter than the best; only those of the knot being searched.
    alive: Vec<bool>,
    /// Stamp of the last walk that reached a node, and from where.
    reached: Vec<(u32, NodeIndex)>,
    walk: u32,
    steps_left: usize,
    best: Vec<NodeIndex>,
}

impl<'a, V, E> Search<'a, V, E> {
    fn new(graph: &'a DiGraph<V, E, u32>) -> Self {
        let n_nodes = graph.node_count();
        Self {
            graph,
            alive: vec![false; n_nodes],
            reached: vec![(0, NodeIndex::end()); n_nodes],
            walk: 0,
            steps_left: (n_nodes + graph.edge_count()).saturating_mul(MAX_SWEEPS),
            best: Vec::new(),
        }
    }

    fn search_knot(&mut self, knot: &[NodeIndex]) {
        knot.iter().for_each(|&node| self.alive[node.index()] = true);
        for &node in knot {
            let is_shortest_possible = self.best.len() == 2;
            let is_spent = self.steps_left == 0 && !self.best.is_empty();
            if is_shortest_possible || is_spent {
                break;
            }
            if self.alive[node.index()] {
                self.walk_from(node);
                self.take_out(node);
            }
        }
        knot.iter().for_each(|&node| self.alive[node.index()] = false);
    }

    /// Walks outwards from `start`, no further than would beat the best, until it comes back to it.
    fn walk_from(&mut self, start: NodeIndex) {
        self.walk += 1;
        let longest = if self.best.is_empty() { usize::MAX } else { self.best.len() - 1 };
        let mut queue = VecDeque::from([(start, 1)]);
        while let Some((node, n_nodes)) = queue.pop_front() {
            if n_nodes > longest {
                return;
            }
            for next in self.graph.neighbors(node) {
                self.steps_left = self.steps_left.saturating_sub(1);
                if next == start {
                    self.best = self.path_to(start, node);
                    return;
                }
                if self.alive[next.index()] && self.reached[next.index()].0 != self.walk {
                    self.reached[next.index()] = (self.walk, node);
                    queue.push_back((next, n_nodes + 1));
                }
            }
        }
    }

    fn path_to(&self, start: NodeIndex, mut node: NodeIndex) -> Vec<NodeIndex> {
        let mut path = vec![node];
        while node != start {
            node = self.reached[node.index()].1;
            path.push(node);
        }
        path.reverse();
        path
    }

    /// Takes `node` out, and with it all that then has no way in or no way out.
    fn take_out(&mut self, node: NodeIndex) {
        let mut fallen = vec![node];
        self.alive[node.index()] = false;
        while let Some(node) = fallen.pop() {
            for direction in [Outgoing, Incoming] {
                for next in self.graph.neighbors_directed(node, direction) {
                    if self.alive[next.index()] && !self.has_any(next, direction.opposite()) {
                        self.alive[next.index()] = false;
                        fallen.push(next);
                    }
                }
            }
        }
    }

    fn has_any(&self, node: NodeIndex, direction: Direction) -> bool {
        self.graph.neighbors_directed(node, direction).any(|next| self.alive[next.index()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cycle_of(n_nodes: usize, edges: &[(u32, u32)]) -> Vec<usize> {
        let mut graph = DiGraph::<(), (), u32>::from_edges(edges.iter().copied());
        while graph.node_count() < n_nodes {
            graph.add_node(());
        }
        shortest_cycle(&graph).into_iter().map(NodeId::index).collect()
    }

    #[test]
    fn finds_the_shortest_lowest_id_first() {
        let rows = [
            (&[(0, 1), (1, 2)][..], &[][..]),
            (&[(1, 0), (0, 1)], &[0, 1]),
            (&[(2, 1), (1, 3), (3, 2), (0, 2)], &[1, 3, 2]),
            (&[(0, 1), (1, 2), (2, 3), (3, 0), (3, 1)], &[1, 2, 3]),
            (&[(0, 1), (1, 2), (2, 0), (3, 4), (4, 3)], &[3, 4]),
            (&[(0, 1), (0, 1), (1, 2), (2, 3), (3, 0), (2, 0)], &[0, 1, 2]),
        ];
        for (edges, expected) in rows {
            assert_eq!(cycle_of(6, edges), expected, "{edges:?}");
        }
    }

    #[test]
    fn large_knots_end_soon() {
        let n = 100_000;
        let ring: Vec<_> = (0..n).map(|at| (at, (at + 1) % n)).collect();
        assert_eq!(cycle_of(0, &ring).len(), n as usize);

        let mut ladder = ring.clone();
        ladder.extend((0..n / 2).map(|at| (at, at + n / 2)));
        let cycle = cycle_of(0, &ladder);
        assert!(cycle.len() <= n as usize / 2 + 1, "{}", cycle.len());

        let mut loops = ring;
        loops.extend((1..n).map(|at| (at, at - 1)));
        assert_eq!(cycle_of(0, &loops), [0, 1]);
    }
}
