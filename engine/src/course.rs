//! The course of a run: [`Dispatch`] and what trouble and time do to it: attempts, time limits, quotas that
//! shrink, stopping at the first failure. Pure like dispatch: what time it is stands in the [`EventLog`] it reports to. The run loop and the simulator
//! are two ways of driving it.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::time::Duration;

use crate::alarm::{Alarm, Alarms};
use crate::cancel::CancelPhase;
use crate::dispatch::Dispatch;
use crate::event::{EventKind, EventLog};
use crate::frontier::NodeState;
use crate::id::{DenseMap, LeaseId, NodeId, PoolId};
use crate::limit::{Concern, Limit, TimeLimits};
use crate::outcome::{Counts, Failure, FailureClass, Outcome, SkipCause};
use crate::overtime::{Overtime, timed_out};
use crate::plan::Plan;
use crate::retry::Retry;
use crate::throttle::{Throttle, Throttling};

/// What is to be done about failures and the passing of time.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Whether the first failure stops the run.
    pub fail_fast: bool,
    /// How nodes are tried again.
    pub retry: Retry,
    /// How long things may take.
    pub limits: TimeLimits,
    /// How quotas shrink and grow.
    pub throttling: Throttling,
}

/// An attempt of a node that is to be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) node: NodeId,
    /// From 1.
    pub(crate) attempt: u32,
    /// The lease whose time is also this node's.
    pub(crate) shares: Option<LeaseId>,
}

/// Who is to be asked to end, and how.
pub(crate) type Order = (Concern, CancelPhase);

/// What is known of a node that is being tried again.
#[derive(Debug)]
struct Trial {
    /// The one that runs or comes next.
    attempt: u32,
    first: Failure,
    last: Outcome,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Course {
    dispatch: Dispatch,
    rules: Rules,
    alarms: Alarms,
    /// Nodes whose first attempt failed and that have not ended.
    trials: HashMap<NodeId, Trial>,
    /// Those of them whose next attempt has not begun.
    resting: BTreeSet<NodeId>,
    /// Those of them whose pause is over.
    again: VecDeque<NodeId>,
    overtime: Overtime,
    /// Leases whose time has begun to run and that are not over.
    timed: HashSet<LeaseId>,
    orders: Vec<Order>,
    throttle: Throttle,
    /// Whether [`Alarm::Recover`] is set.
    will_recover: bool,
}

impl Course {
    pub(crate) fn new<N>(plan: &Plan<N>, cpu_width: usize, rules: Rules) -> Self {
        Self {
            dispatch: Dispatch::new(plan, cpu_width),
            throttle: Throttle::new(plan.pools(), rules.throttling),
            will_recover: false,
            rules,
            alarms: Alarms::default(),
            trials: HashMap::new(),
            resting: BTreeSet::new(),
            again: VecDeque::new(),
            overtime: Overtime::default(),
            timed: HashSet::new(),
            orders: Vec::new(),
        }
    }

    /// Decides the nodes that wait for nothing. To be called once, first (or after [`Course::raise`]).
    pub(crate) fn open(&mut self, log: &mut EventLog<'_>) {
        if let Some(time) = self.rules.limits.run {
            self.alarms.set(log.now().saturating_add(time), Alarm::Run { phase: CancelPhase::Stopping });
        }
        self.dispatch.open();
        self.report_dropped(log);
    }

    /// What to start next, if anything can be.
    pub(crate) fn next(&mut self, log: &mut EventLog<'_>) -> Option<Start> {
        while let Some(node) = self.again.pop_front() {
            // It is not resting any more if it was stopped meanwhile.
            if self.resting.remove(&node) {
                let attempt = self.attempt(node);
                return Some(self.start(node, attempt, log));
            }
        }
        loop {
            let node = self.dispatch.start_next()?;
            if self.overtime.has_lease(self.dispatch.lease(node)) && !self.dispatch.frontier().is_cleanup(node) {
                let outcome = timed_out(Limit::Lease, &self.rules.limits, None);
                log.emit(EventKind::NodeSkipped { node, outcome: outcome.clone() });
                self.close(node, outcome, log);
                continue;
            }
            return Some(self.start(node, 1, log));
        }
    }

    /// An attempt of a node ended.
    pub(crate) fn end(&mut self, node: NodeId, outcome: Outcome, log: &mut EventLog<'_>) {
        let outcome = match outcome {
            Outcome::Succeeded => return self.finish(node, Outcome::Succeeded, log),
            Outcome::Skipped(SkipCause::Because(_)) => {
                Outcome::Bug("the executor named a cause for skipping; only the engine may".to_owned())
            }
            outcome => self.overtime.judge(node, self.dispatch.lease(node), outcome, &self.rules.limits),
        };
        if outcome.failure().is_some_and(|failure| failure.class() == FailureClass::Throttled) {
            self.throttled(node, log);
        }
        let attempt = self.attempt(node);
        match (self.rules.retry.delay(attempt, &outcome), outcome.failure()) {
            (Some(delay), Some(failure)) if self.may_start(node) => {
                self.rest(node, attempt, delay, failure.clone(), outcome, log)
            }
            _ => self.finish(node, outcome, log),
        }
    }

    /// Somebody told a node, which may have ended since, that it was too much at once.
    pub(crate) fn throttled(&mut self, node: NodeId, log: &mut EventLog<'_>) {
        let Some(lease) = self.dispatch.lease(node) else { return };
        for at in 0..self.dispatch.claims(lease).len() {
            let (pool, claim) = self.dispatch.claims(lease)[at];
            if claim > 0
                && let Some(to) = self.throttle.shrink(pool, self.dispatch.taken(pool), log.now())
            {
                self.resize(pool, to, log);
            }
        }
        self.recover_in_time();
    }

    /// Goes to `phase` unless already there or further.
    pub(crate) fn raise(&mut self, phase: CancelPhase, log: &mut EventLog<'_>) {
        if phase <= self.phase() {
            return;
        }
        log.emit(EventKind::StopRequested { phase });
        self.orders.push((Concern::Run, phase));
        self.dispatch.raise(phase);
        self.report_dropped(log);
        self.end_rests(log);
    }

    /// Does what the time has come for. `heard` says when a node, or one that shares its lease, was last heard of.
    pub(crate) fn tick(&mut self, log: &mut EventLog<'_>, heard: impl Fn(NodeId, Option<LeaseId>) -> Option<Duration>) {
        while let Some(alarm) = self.alarms.due(log.now()) {
            match alarm {
                _ if !concerns(&self.dispatch, &self.trials, &alarm) => {}
                Alarm::Again { node, .. } => self.again.push_back(node),
                Alarm::Node { node, attempt, limit, phase } => self.node_is_late(node, attempt, limit, phase, log),
                Alarm::Idle { node, attempt } => {
                    let heard = heard(node, self.dispatch.lease(node));
                    self.node_may_be_idle(node, attempt, heard, log);
                }
                Alarm::Lease { lease, phase } => self.lease_is_late(lease, phase, log),
                Alarm::Run { phase } => self.run_is_late(phase, log),
                Alarm::Recover => {
                    self.will_recover = false;
                    for (pool, to) in self.throttle.grow(log.now()) {
                        self.resize(pool, to, log);
                    }
                    self.recover_in_time();
                }
            }
        }
    }

    /// When [`Course::tick`] will next have something to do.
    pub(crate) fn next_alarm(&self) -> Option<Duration> {
        self.alarms.first()
    }

    /// Takes out who is to be asked to end.
    pub(crate) fn take_orders(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.orders)
    }

    /// Whether the nodes of a lease have all ended.
    pub(crate) fn is_over(&self, lease: LeaseId) -> bool {
        self.dispatch.is_over(lease)
    }

    /// Whether the overtime of its lease or of the run is none of this node's.
    pub(crate) fn spares(&self, node: NodeId) -> bool {
        self.overtime.spares(node)
    }

    pub(crate) fn phase(&self) -> CancelPhase {
        self.dispatch.frontier().phase()
    }

    pub(crate) fn is_done(&self) -> bool {
        self.dispatch.frontier().is_done()
    }

    /// How many nodes run or rest between attempts.
    pub(crate) fn n_running(&self) -> usize {
        self.dispatch.frontier().n_running()
    }

    pub(crate) fn is_cleanup(&self, node: NodeId) -> bool {
        self.dispatch.frontier().is_cleanup(node)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.dispatch.frontier().counts()
    }

    pub(crate) fn into_outcomes(self) -> (Counts, DenseMap<NodeId, Outcome>) {
        self.dispatch.into_outcomes()
    }

    pub(crate) fn set_cpu_width(&mut self, width: usize) {
        self.dispatch.set_cpu_width(width);
    }

    /// See [`Dispatch::break_stall`]. Quotas grow back first: what waits only for them can start.
    pub(crate) fn break_stall(&mut self, log: &mut EventLog<'_>) -> bool {
        if !self.dispatch.is_stalled() {
            return false;
        }
        let grown = self.throttle.restore();
        for &(pool, to) in &grown {
            self.resize(pool, to, log);
        }
        if grown.is_empty() {
            self.dispatch.break_stall();
            self.report_dropped(log);
        }
        true
    }

    fn resize(&mut self, pool: PoolId, to: u32, log: &mut EventLog<'_>) {
        let from = self.dispatch.capacity(pool);
        if let (Some(from), Some(to)) = (from, self.dispatch.set_capacity(pool, to))
            && from != to
        {
            log.emit(EventKind::PoolResized { pool, from, to });
        }
    }

    fn recover_in_time(&mut self) {
        if let Some(at) = self.throttle.next_growth().filter(|_| !self.will_recover) {
            self.alarms.set(at, Alarm::Recover);
            self.will_recover = true;
        }
    }

    fn attempt(&self, node: NodeId) -> u32 {
        self.trials.get(&node).map_or(1, |trial| trial.attempt)
    }

    /// Whether a node that has been started may be started again.
    fn may_start(&self, node: NodeId) -> bool {
        let frontier = self.dispatch.frontier();
        let is_late = self.overtime.has_lease(self.dispatch.lease(node)) && !frontier.is_cleanup(node);
        frontier.may_start(node) && !is_late
    }

    fn start(&mut self, node: NodeId, attempt: u32, log: &mut EventLog<'_>) -> Start {
        log.emit(EventKind::NodeStarted { node, attempt });
        let lease = self.dispatch.lease(node);
        self.overtime.start(node, lease);
        let has_limits = self.rules.limits.concern_nodes();
        Start { node, attempt, shares: lease.filter(|_| has_limits && !self.overtime.spares(node)) }
    }

    /// Sets the alarms of an attempt that begins now.
    fn watch(&mut self, node: NodeId, now: Duration) {
        let attempt = self.attempt(node);
        let TimeLimits { node: own, idle, lease: shared, grace, .. } = self.rules.limits;
        let phase = CancelPhase::Stopping;
        let lease = self.dispatch.lease(node);
        let mut set = |time: Option<Duration>, alarm| {
            if let Some(time) = time {
                self.alarms.set(now.saturating_add(time), alarm);
            }
        };
        set(own, Alarm::Node { node, attempt, limit: Limit::Node, phase });
        set(idle, Alarm::Idle { node, attempt });
        if self.overtime.has_lease(lease) {
            set(Some(grace), Alarm::Node { node, attempt, limit: Limit::Cleanup, phase });
        } else if let Some(lease) = lease.filter(|&lease| shared.is_some() && self.timed.insert(lease)) {
            set(shared, Alarm::Lease { lease, phase });
        }
        if self.alarms.are_many() {
            let (dispatch, trials) = (&self.dispatch, &self.trials);
            self.alarms.tidy(|alarm| concerns(dispatch, trials, alarm));
        }
    }

    fn rest(
        &mut self,
        node: NodeId,
        attempt: u32,
        delay: Duration,
        failure: Failure,
        last: Outcome,
        log: &mut EventLog<'_>,
    ) {
        self.overtime.forget_node(node);
        let first = self.trials.remove(&node).map_or_else(|| failure.clone(), |trial| trial.first);
        let attempt_to_come = attempt + 1;
        self.trials.insert(node, Trial { attempt: attempt_to_come, first, last });
        self.resting.insert(node);
        self.alarms.set(log.now().saturating_add(delay), Alarm::Again { node, attempt: attempt_to_come });
        log.emit(EventKind::NodeRetried { node, attempt, delay, failure });
    }

    /// A started node is executed now, and its time begins: that its start had to be written down first is not its fault.
    pub(crate) fn begin(&mut self, node: NodeId, now: Duration) {
        if self.rules.limits.concern_nodes() {
            self.watch(node, now);
        }
    }

    /// Ends those between attempts that may not make another, with what the last one came to.
    fn end_rests(&mut self, log: &mut EventLog<'_>) {
        let stopped: Vec<NodeId> = self.resting.iter().copied().filter(|&node| !self.may_start(node)).collect();
        for node in stopped {
            self.resting.remove(&node);
            if let Some(trial) = self.trials.get_mut(&node) {
                // The attempt that is never made.
                trial.attempt -= 1;
                let last = trial.last.clone();
                let outcome = self.overtime.judge(node, self.dispatch.lease(node), last, &self.rules.limits);
                self.finish(node, outcome, log);
            }
        }
    }

    fn finish(&mut self, node: NodeId, outcome: Outcome, log: &mut EventLog<'_>) {
        // Hashing would cost more than all the rest of ending a node.
        let trial = if self.trials.is_empty() { None } else { self.trials.remove(&node) };
        let outcome = match trial {
            Some(trial) => after_attempts(outcome, trial),
            None => outcome,
        };
        log.emit(EventKind::NodeEnded { node, outcome: outcome.clone() });
        self.overtime.forget_node(node);
        self.close(node, outcome, log);
    }

    fn close(&mut self, node: NodeId, outcome: Outcome, log: &mut EventLog<'_>) {
        if self.rules.fail_fast && outcome.is_failure() {
            self.raise(CancelPhase::Stopping, log);
        }
        self.dispatch.end(node, outcome);
        self.report_dropped(log);
        if let Some(lease) = self.dispatch.lease(node).filter(|lease| self.timed.contains(lease))
            && self.dispatch.is_over(lease)
        {
            self.timed.remove(&lease);
            self.overtime.forget_lease(lease);
        }
    }

    fn report_dropped(&mut self, log: &mut EventLog<'_>) {
        self.dispatch
            .drain_dropped(|node, outcome| log.emit(EventKind::NodeSkipped { node, outcome: outcome.clone() }));
    }

    fn node_is_late(&mut self, node: NodeId, attempt: u32, limit: Limit, phase: CancelPhase, log: &mut EventLog<'_>) {
        self.overtime.add_node(node, limit);
        let then = |phase| Alarm::Node { node, attempt, limit, phase };
        self.is_late(Concern::Node(node), limit, phase, then, log);
    }

    fn node_may_be_idle(&mut self, node: NodeId, attempt: u32, heard: Option<Duration>, log: &mut EventLog<'_>) {
        let time = self.rules.limits.idle.unwrap_or(Duration::MAX);
        match heard.map(|heard| heard.saturating_add(time)).filter(|&at| at > log.now()) {
            Some(at) => self.alarms.set(at, Alarm::Idle { node, attempt }),
            None => self.node_is_late(node, attempt, Limit::Idle, CancelPhase::Stopping, log),
        }
    }

    fn lease_is_late(&mut self, lease: LeaseId, phase: CancelPhase, log: &mut EventLog<'_>) {
        self.overtime.add_lease(lease);
        self.is_late(Concern::Lease(lease), Limit::Lease, phase, |phase| Alarm::Lease { lease, phase }, log);
        self.end_rests(log);
    }

    fn run_is_late(&mut self, phase: CancelPhase, log: &mut EventLog<'_>) {
        if phase > self.phase() {
            self.overtime.add_run();
        }
        self.is_late(Concern::Run, Limit::Run, phase, |phase| Alarm::Run { phase }, log);
        self.raise(phase, log);
    }

    fn is_late(
        &mut self,
        of: Concern,
        limit: Limit,
        phase: CancelPhase,
        then: impl Fn(CancelPhase) -> Alarm,
        log: &mut EventLog<'_>,
    ) {
        log.emit(EventKind::TimeUp { of, limit, phase });
        self.orders.push((of, phase));
        if phase < CancelPhase::Killing {
            let at = log.now().saturating_add(self.rules.limits.grace);
            self.alarms.set(at, then(CancelPhase::Killing));
        }
    }
}

/// Whether an alarm still concerns anybody.
fn concerns(dispatch: &Dispatch, trials: &HashMap<NodeId, Trial>, alarm: &Alarm) -> bool {
    match *alarm {
        Alarm::Again { node, attempt } | Alarm::Node { node, attempt, .. } | Alarm::Idle { node, attempt } => {
            let now = trials.get(&node).map_or(1, |trial| trial.attempt);
            dispatch.frontier().state(node) == NodeState::Running && now == attempt
        }
        Alarm::Lease { lease, .. } => !dispatch.is_over(lease),
        Alarm::Run { .. } | Alarm::Recover => !dispatch.frontier().is_done(),
    }
}

/// The last outcome of several attempts, which remembers the first.
fn after_attempts(outcome: Outcome, trial: Trial) -> Outcome {
    match outcome {
        Outcome::Failed(failure) => Outcome::Failed(failure.after(trial.first, trial.attempt)),
        Outcome::TimedOut(failure) => Outcome::TimedOut(failure.after(trial.first, trial.attempt)),
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::{Edge, EdgeKind};
    use crate::event::RecordingEmitter;
    use crate::executor::Lane;
    use crate::graph::{GraphBuilder, NodeSpec};

    #[test]
    fn a_node_is_idle_when_nothing_is_heard_for_a_while() {
        let mut graph = GraphBuilder::new();
        let node = graph.add(NodeSpec { node: (), lane: Lane::Io, lease: None, estimate: Duration::ZERO });
        let limits = TimeLimits { idle: Some(Duration::from_secs(5)), ..TimeLimits::NONE };
        let rules = Rules { limits, ..Rules::default() };
        let mut course = Course::new(&graph.seal().expect("no edges"), 1, rules);
        let emitter = RecordingEmitter::default();
        let mut log = EventLog::new(&emitter);
        course.open(&mut log);
        assert_eq!(course.next(&mut log), Some(Start { node, attempt: 1, shares: None }));
        assert_eq!(course.next_alarm(), None, "it waits for its start to be written down");
        course.begin(node, log.now());
        // Now, when it was last heard of then, when to look again, and whether it is asked to end.
        let rows = [(5, Some(1), Some(6), false), (6, Some(6), Some(11), false), (11, Some(6), Some(311), true)];
        for (now, heard, again, is_idle) in rows {
            assert!(course.next_alarm() <= Some(Duration::from_secs(now)));
            log.advance(Duration::from_secs(now));
            course.tick(&mut log, |_, _| heard.map(Duration::from_secs));
            assert_eq!(course.next_alarm(), again.map(Duration::from_secs));
            assert_eq!(!course.take_orders().is_empty(), is_idle, "{now}");
        }
        course.end(node, Outcome::Cancelled, &mut log);
        assert_eq!(course.counts().timed_out, 1);
    }

    #[test]
    fn alarms_of_what_has_ended_do_not_pile_up() {
        let mut graph = GraphBuilder::new();
        let mut last = None;
        for _ in 0..5000 {
            let to = graph.add(NodeSpec { node: (), lane: Lane::Io, lease: None, estimate: Duration::ZERO });
            if let Some(from) = last.replace(to) {
                graph.connect(Edge { from, to, kind: EdgeKind::Order, label: None }).expect("both exist");
            }
        }
        let limits = TimeLimits { node: Some(Duration::from_secs(3600)), ..TimeLimits::NONE };
        let mut course = Course::new(&graph.seal().expect("a chain"), 1, Rules { limits, ..Rules::default() });
        let emitter = RecordingEmitter::default();
        let mut log = EventLog::new(&emitter);
        course.open(&mut log);
        while let Some(start) = course.next(&mut log) {
            course.begin(start.node, log.now());
            course.end(start.node, Outcome::Succeeded, &mut log);
            assert!(course.alarms.len() < 300);
        }
        assert!(course.is_done());
    }
}
