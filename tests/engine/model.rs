//! What a run must do, written for obviousness: no counters, everything looked up anew from the edges at every step.

use std::collections::BTreeSet;

use engine::{CancelPhase, Concern, EdgeKind, Event, EventKind, Lane, Outcome, OutcomeKind, SkipCause};

use crate::drawn::Drawn;

/// How a node ended, as far as it can be foretold.
pub(crate) type End = (OutcomeKind, Option<SkipCause>);

pub(crate) fn end_of(outcome: &Outcome) -> End {
    let cause = if let Outcome::Skipped(cause) = outcome { Some(*cause) } else { None };
    (outcome.kind(), cause)
}

const CANCELLED: End = (OutcomeKind::Cancelled, None);
const NOT_NEEDED: End = (OutcomeKind::Skipped, Some(SkipCause::NotNeeded));

pub(crate) struct Model<'a> {
    drawn: &'a Drawn,
    pub(crate) ends: Vec<Option<End>>,
    pub(crate) started: Vec<bool>,
    pub(crate) phase: CancelPhase,
    pub(crate) capacities: Vec<Option<u32>>,
}

impl<'a> Model<'a> {
    pub(crate) fn new(drawn: &'a Drawn) -> Self {
        let n = drawn.nodes.len();
        Self {
            drawn,
            ends: vec![None; n],
            started: vec![false; n],
            phase: CancelPhase::Running,
            capacities: drawn.capacities.clone(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.ends.iter().all(Option::is_some)
    }

    pub(crate) fn is_running(&self, node: usize) -> bool {
        self.started[node] && self.ends[node].is_none()
    }

    pub(crate) fn running(&self) -> Vec<usize> {
        (0..self.ends.len()).filter(|&node| self.is_running(node)).collect()
    }

    /// Not started, not ended, and nothing speaks against starting but limits.
    pub(crate) fn is_ready(&self, node: usize) -> bool {
        !self.started[node] && self.ends[node].is_none() && self.sources_ended(node)
    }

    /// Ends whatever must end without starting, until nothing more does.
    pub(crate) fn settle(&mut self) {
        loop {
            let decided = (0..self.ends.len()).filter(|&node| self.is_ready(node));
            let Some((node, end)) = decided.filter_map(|node| Some((node, self.verdict(node)?))).next() else { return };
            self.ends[node] = Some(end);
        }
    }

    fn sources(&self, node: usize) -> impl Iterator<Item = (usize, EdgeKind)> {
        self.drawn.edges.iter().filter(move |edge| edge.1 == node).map(|edge| (edge.0, edge.2))
    }

    /// Whether a node also runs while the run is being stopped.
    fn is_cleanup(&self, node: usize) -> bool {
        self.sources(node).any(|(_, kind)| kind.is_cleanup())
    }

    fn sources_ended(&self, node: usize) -> bool {
        self.sources(node).all(|(source, _)| self.ends[source].is_some())
    }

    /// How a node whose sources ended ends without starting, or `None` if it may start.
    fn verdict(&self, node: usize) -> Option<End> {
        let ends = |wanted: fn(EdgeKind) -> bool| -> Vec<(usize, End)> {
            let sources = self.sources(node).filter(|(_, kind)| wanted(*kind));
            sources.map(|(source, _)| (source, self.ends[source].unwrap())).collect()
        };
        let went_wrong = |end: End| matches!(end.0, OutcomeKind::Failed | OutcomeKind::TimedOut | OutcomeKind::Bug);
        let triggers = ends(|kind| kind == EdgeKind::OnFailure);
        let inputs = ends(|kind| matches!(kind, EdgeKind::Data(_) | EdgeKind::Order));
        let finals = ends(|kind| kind == EdgeKind::Finally);
        let roots = inputs.iter().filter_map(|&(source, end)| match end.1 {
            Some(SkipCause::Because(root)) => Some(root.index()),
            _ => went_wrong(end).then_some(source),
        });
        let is_cleanup = !triggers.is_empty() || !finals.is_empty();
        if self.phase == CancelPhase::Killing {
            Some(CANCELLED)
        } else if !triggers.is_empty() && !triggers.iter().any(|&(_, end)| went_wrong(end)) {
            Some(NOT_NEEDED)
        } else if let Some(root) = roots.min() {
            Some((OutcomeKind::Skipped, Some(SkipCause::Because(engine::NodeId::from_index(root)))))
        } else if inputs.iter().any(|&(_, end)| end == CANCELLED) {
            Some(CANCELLED)
        } else if inputs.iter().any(|&(_, end)| end == NOT_NEEDED) {
            Some(NOT_NEEDED)
        } else if self.phase == CancelPhase::Stopping && !is_cleanup {
            Some(CANCELLED)
        } else {
            None
        }
    }

    fn members(&self, lease: usize) -> impl Iterator<Item = usize> {
        (0..self.drawn.nodes.len()).filter(move |&node| self.drawn.nodes[node].lease == Some(lease))
    }

    pub(crate) fn is_held(&self, lease: usize) -> bool {
        self.members(lease).any(|node| self.started[node]) && self.members(lease).any(|node| self.ends[node].is_none())
    }

    /// Changes a limited pool, but never to less than one lease claims.
    pub(crate) fn resize(&mut self, pool: usize, capacity: u32) {
        let claims = (0..self.drawn.claims.len()).map(|lease| self.claim(lease, pool));
        let floor = claims.max().unwrap_or(0);
        self.capacities[pool] = self.capacities[pool].map(|_| capacity.max(floor as u32));
    }

    fn claim(&self, lease: usize, pool: usize) -> i64 {
        self.drawn.claims[lease].iter().filter(|claim| claim.0 == pool).map(|claim| i64::from(claim.1)).sum()
    }

    /// What is left of a pool; negative if more is held than there is.
    pub(crate) fn free(&self, pool: usize) -> Option<i64> {
        let held = (0..self.drawn.claims.len()).filter(|&lease| self.is_held(lease));
        let taken = held.flat_map(|lease| &self.drawn.claims[lease]).filter(|claim| claim.0 == pool);
        Some(i64::from(self.capacities[pool]?) - taken.map(|claim| i64::from(claim.1)).sum::<i64>())
    }

    pub(crate) fn lease_allows(&self, node: usize) -> bool {
        let Some(lease) = self.drawn.nodes[node].lease else { return true };
        // One that claims nothing of a pool does not mind that more of it is held than there is.
        let fits = |pool: usize| {
            let claim = self.claim(lease, pool);
            claim == 0 || self.free(pool).is_none_or(|free| claim <= free)
        };
        self.is_held(lease) || (0..self.drawn.capacities.len()).all(fits)
    }

    /// The longest way from a node to the end, by estimates.
    pub(crate) fn rank(&self, node: usize) -> u64 {
        let after = self.drawn.edges.iter().filter(|edge| edge.0 == node).map(|edge| self.rank(edge.1)).max();
        self.drawn.nodes[node].estimate + after.unwrap_or(0)
    }

    /// The node that must start next with room for `cpu_width` nodes of the cpu lane.
    pub(crate) fn next(&self, cpu_width: usize) -> Option<usize> {
        let is_cpu = |node: usize| self.drawn.nodes[node].lane == Lane::Cpu;
        let has_room = self.running().into_iter().filter(|&node| is_cpu(node)).count() < cpu_width;
        let ready = (0..self.ends.len()).filter(|&node| self.is_ready(node) && self.lease_allows(node));
        ready.filter(|&node| has_room || !is_cpu(node)).min_by_key(|&node| (u64::MAX - self.rank(node), node))
    }

    pub(crate) fn start(&mut self, node: usize) {
        assert!(self.is_ready(node), "{node} starts without being ready");
        assert!(self.lease_allows(node), "{node} starts without its lease");
        let before: Vec<Option<i64>> = (0..self.capacities.len()).map(|pool| self.free(pool)).collect();
        self.started[node] = true;
        for (pool, before) in before.into_iter().enumerate() {
            let free = self.free(pool);
            assert!(free == before || free.is_none_or(|free| free >= 0), "pool {pool} is overdrawn");
        }
    }

    pub(crate) fn end(&mut self, node: usize, end: End) {
        assert!(self.is_running(node), "{node} ends without running");
        self.ends[node] = Some(end);
        self.settle();
    }

    pub(crate) fn raise(&mut self, phase: CancelPhase) {
        assert!(phase > self.phase, "phases only go up");
        self.phase = phase;
        self.settle();
    }

    /// A ready node that can never start was ended as a bug.
    pub(crate) fn give_up(&mut self, node: usize) {
        assert!(self.running().is_empty(), "{node} was given up while others ran");
        assert!(self.is_ready(node) && !self.lease_allows(node), "{node} was given up but could start");
        self.ends[node] = Some((OutcomeKind::Bug, None));
        self.settle();
    }
}

/// What events have told so far, and the model that must agree.
struct Follower<'a> {
    model: Model<'a>,
    n_skipped: Vec<usize>,
    /// Attempts begun of each node, and whether another is to come.
    attempts: Vec<(u32, bool)>,
    late_leases: BTreeSet<usize>,
    is_open: bool,
}

/// Follows the events of a run, which are its one true order, and checks each against the model. Returns how each node
/// ended.
pub(crate) fn follow(drawn: &Drawn, events: &[Event]) -> Vec<End> {
    follow_with(drawn, events, None)
}

/// [`follow`], and no time passes while a node could start; the cpu lane is this wide.
pub(crate) fn follow_in_virtual_time(drawn: &Drawn, events: &[Event], cpu_width: usize) -> Vec<End> {
    follow_with(drawn, events, Some(cpu_width))
}

fn follow_with(drawn: &Drawn, events: &[Event], cpu_width: Option<usize>) -> Vec<End> {
    let n = drawn.nodes.len();
    let mut follower = Follower {
        model: Model::new(drawn),
        n_skipped: vec![0; n],
        attempts: vec![(0, false); n],
        late_leases: BTreeSet::new(),
        is_open: false,
    };
    let mut now = std::time::Duration::ZERO;
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.seq, at as u64);
        let is_last = at + 1 == events.len();
        assert_eq!(matches!(event.kind, EventKind::RunStarted { .. }), at == 0);
        assert_eq!(matches!(event.kind, EventKind::RunEnded { .. }), is_last);
        assert!(event.at >= now, "time goes on");
        if let Some(cpu_width) = cpu_width.filter(|_| event.at > now && follower.is_open) {
            assert_eq!(follower.model.next(cpu_width), None, "it could have started before {:?}", event.at);
        }
        now = event.at;
        follower.take(&event.kind);
    }
    let Follower { model, n_skipped, .. } = follower;
    assert!(model.is_done());
    let expected: Vec<usize> = model.started.iter().map(|&started| usize::from(!started)).collect();
    assert_eq!(n_skipped, expected, "a node is either started or skipped once");
    model.ends.into_iter().flatten().collect()
}

impl Follower<'_> {
    fn take(&mut self, event: &EventKind) {
        let is_early = matches!(event, EventKind::RunStarted { .. } | EventKind::StopRequested { .. });
        if !self.is_open && !is_early {
            self.model.settle();
            self.is_open = true;
        }
        match event {
            EventKind::RunStarted { nodes } => assert_eq!(*nodes, self.attempts.len()),
            EventKind::NodeStarted { node, attempt } => self.start(node.index(), *attempt),
            EventKind::NodeRetried { node, attempt, .. } => {
                assert!(self.model.is_running(node.index()));
                assert_eq!(self.attempts[node.index()], (*attempt, false), "{node:?}");
                self.attempts[node.index()].1 = true;
            }
            EventKind::NodeEnded { node, outcome } => {
                let may_rest = self.model.phase > CancelPhase::Running || self.is_late(node.index());
                assert!(!self.attempts[node.index()].1 || may_rest, "{node:?} ended between attempts");
                self.model.end(node.index(), end_of(outcome));
            }
            EventKind::NodeSkipped { node, outcome } => self.skip(node.index(), outcome),
            EventKind::StopRequested { phase } if self.is_open => self.model.raise(*phase),
            EventKind::StopRequested { phase } => self.model.phase = *phase,
            EventKind::TimeUp { of: Concern::Lease(lease), .. } => drop(self.late_leases.insert(lease.index())),
            EventKind::TimeUp { of: Concern::Node(node), .. } => assert!(self.model.is_running(node.index())),
            EventKind::TimeUp { of: Concern::Run, .. } => {}
            EventKind::PoolResized { pool, from, to } => {
                assert_eq!(self.model.capacities[pool.index()], Some(*from));
                self.model.resize(pool.index(), *to);
                assert_eq!(self.model.capacities[pool.index()], Some(*to));
            }
            EventKind::RunEnded { counts } => assert_eq!(counts.total(), self.attempts.len()),
        }
    }

    fn is_late(&self, node: usize) -> bool {
        self.model.drawn.nodes[node].lease.is_some_and(|lease| self.late_leases.contains(&lease))
    }

    fn start(&mut self, node: usize, attempt: u32) {
        let (n_before, is_to_come) = std::mem::replace(&mut self.attempts[node], (attempt, false));
        assert_eq!(attempt, n_before + 1, "{node}");
        assert_eq!(attempt > 1, is_to_come, "{node}");
        assert!(!self.is_late(node) || self.model.is_cleanup(node), "{node} starts after its time");
        if attempt == 1 {
            self.model.start(node);
        } else {
            assert!(self.model.is_running(node));
        }
    }

    /// A node ends without having been started: by what it waited for, by the time of its lease, or because it never could.
    fn skip(&mut self, node: usize, outcome: &Outcome) {
        if self.model.ends[node].is_none() && outcome.kind() == OutcomeKind::TimedOut {
            assert!(self.is_late(node) && self.model.is_ready(node) && !self.model.is_cleanup(node), "{node} had time");
            self.model.ends[node] = Some(end_of(outcome));
            self.model.settle();
        } else if self.model.ends[node].is_none() {
            self.model.give_up(node);
        }
        assert_eq!(self.model.ends[node], Some(end_of(outcome)), "{node}");
        self.n_skipped[node] += 1;
    }
}
