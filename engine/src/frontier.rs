//! The only owner of node state. Pure: it counts what each node still waits for and decides nodes when their last source
//! ends; it knows no threads, no clock, no pools, and does no I/O. Nothing is ever scanned twice: ending all nodes of a
//! plan touches each edge once.
//!
//! A node is decided when all its sources ended:
//!
//! | if | then |
//! |---|---|
//! | the run is killing | cancelled |
//! | it has `OnFailure` edges and none of their sources went wrong | skipped, not needed |
//! | a `Data`/`Order` source went wrong, or was skipped because of one that did | skipped because of that one |
//! | a `Data`/`Order` source was cancelled | cancelled |
//! | a `Data`/`Order` source was not needed | skipped, not needed |
//! | the run is stopping and it is no cleanup node | cancelled |
//! | otherwise | ready |

use std::sync::Arc;

use crate::cancel::CancelPhase;
use crate::edge::Rule;
use crate::id::{DenseMap, NodeId};
use crate::outcome::{Counts, Outcome, SkipCause};
use crate::plan::Plan;
use crate::topology::Topology;

/// Where a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeState {
    /// Some of its sources have not ended.
    Waiting,
    /// It may start.
    Ready,
    /// It started.
    Running,
    /// It has an outcome.
    Ended,
}

/// What the sources that ended so far mean for a node.
#[derive(Clone, Copy, Debug)]
struct Cell {
    state: NodeState,
    n_open: u32,
    /// The failed node that makes this one impossible; the lowest id of several.
    because: Option<NodeId>,
    has_cancelled_input: bool,
    has_unneeded_input: bool,
    /// `Some(true)` once an `OnFailure` source went wrong, `None` without such edges.
    triggered: Option<bool>,
    is_cleanup: bool,
}

/// The state of every node of a plan. See the module.
#[derive(Debug)]
pub struct Frontier {
    topology: Arc<Topology>,
    cells: Vec<Cell>,
    /// Meaningful where the state is `Ended`.
    outcomes: DenseMap<NodeId, Outcome>,
    phase: CancelPhase,
    counts: Counts,
    n_running: usize,
    /// Became ready and not yet taken by the driver.
    ready: Vec<NodeId>,
    /// Ended without starting and not yet taken by the driver.
    dropped: Vec<NodeId>,
    /// Ended and their targets not yet told.
    untold: Vec<NodeId>,
}

impl Frontier {
    /// All nodes waiting. Nothing is ready before [`Frontier::open`].
    pub fn new<N>(plan: &Plan<N>) -> Self {
        let topology = Arc::clone(plan.topology());
        let mut cells: Vec<Cell> = plan.ids().map(|node| Cell::new(topology.n_inputs(node))).collect();
        for edge in plan.edges() {
            cells[edge.to.index()].expect_edge(edge.kind.rule());
        }
        Self {
            outcomes: DenseMap::filled(Outcome::Cancelled, cells.len()),
            topology,
            cells,
            phase: CancelPhase::Running,
            counts: Counts::default(),
            n_running: 0,
            ready: Vec::new(),
            dropped: Vec::new(),
            untold: Vec::new(),
        }
    }

    /// Decides the nodes that wait for nothing. To be called once, first (or after [`Frontier::raise`]).
    pub fn open(&mut self) {
        for node in self.outcomes.keys() {
            let cell = &self.cells[node.index()];
            if cell.state == NodeState::Waiting && cell.n_open == 0 {
                self.decide(node);
            }
        }
        self.tell();
    }

    /// Starts a ready node. Returns whether it was ready.
    pub fn start(&mut self, node: NodeId) -> bool {
        self.set(node, NodeState::Running)
    }

    /// Ends a ready or running node and decides what waited for it. Returns whether it was ready or running.
    pub fn end(&mut self, node: NodeId, outcome: Outcome) -> bool {
        let may_end = matches!(self.state(node), NodeState::Ready | NodeState::Running);
        if may_end {
            self.finish(node, outcome);
            self.tell();
        }
        may_end
    }

    /// Ends a node that has not ended, even one that still waits: for plans that cannot be scheduled.
    pub(crate) fn give_up(&mut self, node: NodeId, outcome: Outcome) {
        self.finish(node, outcome);
        self.tell();
    }

    /// Goes to `phase` unless already there or further: ready nodes that may no longer start are cancelled.
    pub fn raise(&mut self, phase: CancelPhase) {
        if phase <= self.phase {
            return;
        }
        self.phase = phase;
        for node in self.outcomes.keys() {
            if self.state(node) == NodeState::Ready && !self.may_start(node) {
                self.finish(node, Outcome::Cancelled);
            }
        }
        self.tell();
    }

    /// Where a node is.
    pub fn state(&self, node: NodeId) -> NodeState {
        self.cells[node.index()].state
    }

    /// How a node ended, if it did.
    pub fn outcome(&self, node: NodeId) -> Option<&Outcome> {
        (self.state(node) == NodeState::Ended).then(|| &self.outcomes[node])
    }

    /// How far the run is on its way to an end.
    pub fn phase(&self) -> CancelPhase {
        self.phase
    }

    /// Whether a node is cleanup: one with `OnFailure` or `Finally` edges, which also runs while the run is being stopped.
    pub fn is_cleanup(&self, node: NodeId) -> bool {
        self.cells[node.index()].is_cleanup
    }

    /// How many nodes run.
    pub fn n_running(&self) -> usize {
        self.n_running
    }

    /// How the nodes that ended did.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether every node has ended.
    pub fn is_done(&self) -> bool {
        self.counts.total() == self.cells.len()
    }

    /// The nodes that became ready since the last call, in the order they did.
    pub fn drain_ready(&mut self) -> impl Iterator<Item = NodeId> {
        self.ready.drain(..)
    }

    /// The nodes that ended without starting since the last call, sources before targets.
    pub fn drain_dropped(&mut self) -> impl Iterator<Item = NodeId> {
        self.dropped.drain(..)
    }

    /// How every node ended; nodes that have not count as cancelled.
    pub fn into_outcomes(self) -> DenseMap<NodeId, Outcome> {
        self.outcomes
    }

    /// The one place where state changes. Refuses what is not a step forward.
    fn set(&mut self, node: NodeId, to: NodeState) -> bool {
        use NodeState::{Ended, Ready, Running, Waiting};
        let state = &mut self.cells[node.index()].state;
        let from = *state;
        if !matches!((from, to), (Waiting, Ready | Ended) | (Ready, Running | Ended) | (Running, Ended)) {
            return false;
        }
        *state = to;
        match (from, to) {
            (_, Ready) => self.ready.push(node),
            (_, Running) => self.n_running += 1,
            (Running, _) => self.n_running -= 1,
            (_, Ended) => self.dropped.push(node),
            (_, Waiting) => {}
        }
        true
    }

    fn finish(&mut self, node: NodeId, outcome: Outcome) {
        if self.set(node, NodeState::Ended) {
            self.counts.add(outcome.kind());
            self.outcomes[node] = outcome;
            self.untold.push(node);
        }
    }

    /// Tells the targets of ended nodes, which may end more nodes, until none is left. A list instead of recursion: a
    /// failure at the head of a long chain must not overflow the stack.
    fn tell(&mut self) {
        let mut next = 0;
        while let Some(&source) = self.untold.get(next) {
            next += 1;
            for at in self.topology.arrow_range(source) {
                let arrow = self.topology.arrow(at);
                let cell = &mut self.cells[arrow.to.index()];
                cell.source_ended(source, &self.outcomes[source], arrow.rule);
                if cell.n_open == 0 && cell.state == NodeState::Waiting {
                    self.decide(arrow.to);
                }
            }
        }
        self.untold.clear();
    }

    fn decide(&mut self, node: NodeId) {
        let cell = &self.cells[node.index()];
        let outcome = if self.phase == CancelPhase::Killing {
            Outcome::Cancelled
        } else if cell.triggered == Some(false) {
            Outcome::Skipped(SkipCause::NotNeeded)
        } else if let Some(failed) = cell.because {
            Outcome::Skipped(SkipCause::Because(failed))
        } else if cell.has_cancelled_input {
            Outcome::Cancelled
        } else if cell.has_unneeded_input {
            Outcome::Skipped(SkipCause::NotNeeded)
        } else if !self.may_start(node) {
            Outcome::Cancelled
        } else {
            self.set(node, NodeState::Ready);
            return;
        };
        self.finish(node, outcome);
    }

    /// Whether the phase lets a node start.
    pub(crate) fn may_start(&self, node: NodeId) -> bool {
        match self.phase {
            CancelPhase::Running => true,
            CancelPhase::Stopping => self.is_cleanup(node),
            CancelPhase::Killing => false,
        }
    }
}

impl Cell {
    fn new(n_open: u32) -> Self {
        Self {
            state: NodeState::Waiting,
            n_open,
            because: None,
            has_cancelled_input: false,
            has_unneeded_input: false,
            triggered: None,
            is_cleanup: false,
        }
    }

    fn expect_edge(&mut self, rule: Rule) {
        match rule {
            Rule::Input => {}
            Rule::Finally => self.is_cleanup = true,
            Rule::OnFailure => {
                self.is_cleanup = true;
                self.triggered = Some(false);
            }
        }
    }

    fn source_ended(&mut self, source: NodeId, outcome: &Outcome, rule: Rule) {
        self.n_open -= 1;
        match (rule, outcome) {
            (Rule::Finally, _) | (Rule::Input, Outcome::Succeeded) => {}
            (Rule::OnFailure, outcome) => {
                if outcome.is_failure() {
                    self.triggered = Some(true);
                }
            }
            (Rule::Input, Outcome::Cancelled) => self.has_cancelled_input = true,
            (Rule::Input, Outcome::Skipped(SkipCause::NotNeeded)) => self.has_unneeded_input = true,
            (Rule::Input, Outcome::Skipped(SkipCause::Because(failed))) => self.blame(*failed),
            (Rule::Input, Outcome::Failed(_) | Outcome::TimedOut(_) | Outcome::Bug(_)) => self.blame(source),
        }
    }

    fn blame(&mut self, failed: NodeId) {
        self.because = Some(self.because.map_or(failed, |known| known.min(failed)));
    }
}
