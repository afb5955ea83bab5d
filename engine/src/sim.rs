//! A run in virtual time: the same course as a real run, with durations given instead of lived through. For forecasts,
//! and for asking what another limit would do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::cancel::CancelPhase;
use crate::course::{Course, Rules, Start};
use crate::event::{Emitter, EventKind, EventLog, NullEmitter};
use crate::id::{DenseMap, NodeId};
use crate::limit::Concern;
use crate::outcome::{Counts, Outcome};
use crate::plan::Plan;
use crate::topology::nanoseconds;

/// When a node would start and end, counted from the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    /// When it starts.
    pub start: Duration,
    /// When it ends.
    pub end: Duration,
}

/// What a run would be like.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// How long it would take.
    pub makespan: Duration,
    /// When each node would run; `None` for nodes that would not.
    pub slots: DenseMap<NodeId, Option<Slot>>,
    /// How each node would end.
    pub outcomes: DenseMap<NodeId, Outcome>,
    /// How many would end in each way.
    pub counts: Counts,
    /// The most nodes that would be in flight at once.
    pub max_in_flight: usize,
}

/// How to simulate a run.
#[derive(Clone, Debug)]
pub struct SimOptions {
    /// How many nodes of the cpu lane run at once, at least 1.
    pub workers: usize,
    /// What to do about failures and things that take long.
    pub rules: Rules,
}

impl SimOptions {
    /// Failures stop nothing but their dependents, everything is tried once and may take as long as it likes.
    pub fn new(workers: usize) -> Self {
        Self { workers, rules: Rules::default() }
    }
}

/// Runs `plan` in virtual time; `script` says how long an attempt of a node takes and how it ends. Deterministic.
///
/// A node that is asked to end does so at once, as cancelled; cleanup only when the run is killing or its own time is
/// up. The events of the run go to `emitter` with their virtual times.
pub fn simulate<N>(
    plan: &Plan<N>,
    options: &SimOptions,
    emitter: &dyn Emitter,
    script: impl FnMut(NodeId) -> (Duration, Outcome),
) -> Forecast {
    let simulation = Simulation {
        plan,
        script,
        course: Course::new(plan, options.workers, options.rules.clone()),
        log: EventLog::new(emitter),
        slots: DenseMap::filled(None, plan.len()),
        running: DenseMap::filled(None, plan.len()),
        ends: BinaryHeap::new(),
        n_in_flight: 0,
        max_in_flight: 0,
    };
    simulation.run()
}

/// [`simulate`] with the plan's own estimates, everything going well.
pub fn forecast<N>(plan: &Plan<N>, workers: usize) -> Forecast {
    simulate(plan, &SimOptions::new(workers), &NullEmitter, |node| (plan.estimate(node), Outcome::Succeeded))
}

struct Simulation<'a, N, S> {
    plan: &'a Plan<N>,
    script: S,
    course: Course,
    log: EventLog<'a>,
    slots: DenseMap<NodeId, Option<Slot>>,
    /// When an attempt that runs will end, and how.
    running: DenseMap<NodeId, Option<(u64, Outcome)>>,
    /// May name attempts that ended earlier than they were to.
    ends: BinaryHeap<Reverse<(u64, NodeId)>>,
    n_in_flight: usize,
    max_in_flight: usize,
}

impl<N, S: FnMut(NodeId) -> (Duration, Outcome)> Simulation<'_, N, S> {
    fn run(mut self) -> Forecast {
        self.log.emit(EventKind::RunStarted { nodes: self.plan.len() });
        self.course.open(&mut self.log);
        while !self.course.is_done() {
            self.start_all();
            match self.next_moment() {
                Some(moment) => self.live(moment),
                None if self.course.break_stall(&mut self.log) => {}
                None => break,
            }
        }
        self.log.emit(EventKind::RunEnded { counts: self.course.counts() });
        let makespan = self.slots.values().iter().flatten().map(|slot| slot.end).max().unwrap_or_default();
        let (counts, outcomes) = self.course.into_outcomes();
        Forecast { makespan, slots: self.slots, outcomes, counts, max_in_flight: self.max_in_flight }
    }

    fn start_all(&mut self) {
        while let Some(Start { node, .. }) = self.course.next(&mut self.log) {
            let (duration, outcome) = (self.script)(node);
            let now = self.log.now();
            self.course.begin(node, now);
            let end = nanoseconds(now).saturating_add(nanoseconds(duration));
            let first = self.slots[node].map_or(now, |slot| slot.start);
            self.slots[node] = Some(Slot { start: first, end: Duration::from_nanos(end) });
            self.running[node] = Some((end, outcome));
            self.ends.push(Reverse((end, node)));
            self.n_in_flight += 1;
        }
        self.max_in_flight = self.max_in_flight.max(self.n_in_flight);
    }

    /// When something next happens.
    fn next_moment(&mut self) -> Option<u64> {
        while let Some(&Reverse((end, node))) = self.ends.peek()
            && !self.will_end(node, end)
        {
            self.ends.pop();
        }
        let end = self.ends.peek().map(|Reverse((end, _))| *end);
        // What is to be looked at when nothing runs and nothing rests is of no consequence.
        let alarm = self.course.next_alarm().filter(|_| self.course.n_running() > 0).map(nanoseconds);
        end.into_iter().chain(alarm).min()
    }

    fn will_end(&self, node: NodeId, at: u64) -> bool {
        self.running[node].as_ref().is_some_and(|&(end, _)| end == at)
    }

    /// All that ends at this moment ends before anything starts in it, so that priorities alone decide; and before
    /// anything is found late, so that what takes exactly as long as it may is in time.
    fn live(&mut self, moment: u64) {
        self.log.advance(Duration::from_nanos(moment));
        while let Some(&Reverse((end, node))) = self.ends.peek()
            && end == moment
        {
            self.ends.pop();
            if self.will_end(node, end)
                && let Some((_, outcome)) = self.running[node].take()
            {
                self.end(node, outcome);
            }
        }
        self.course.tick(&mut self.log, |_, _| None);
        self.obey();
    }

    fn end(&mut self, node: NodeId, outcome: Outcome) {
        if let Some(slot) = &mut self.slots[node] {
            slot.end = self.log.now();
        }
        self.n_in_flight -= 1;
        self.course.end(node, outcome, &mut self.log);
        self.obey();
    }

    /// Ends what is asked to end.
    fn obey(&mut self) {
        for (concern, phase) in self.course.take_orders() {
            for node in self.concerned(concern, phase) {
                // One that ended may have stopped the run, and so the next.
                if self.running[node].take().is_some() {
                    self.end(node, Outcome::Cancelled);
                }
            }
        }
    }

    fn concerned(&self, concern: Concern, phase: CancelPhase) -> Vec<NodeId> {
        let is_running = |node: &NodeId| self.running[*node].is_some();
        match concern {
            Concern::Node(node) => vec![node],
            Concern::Lease(lease) => {
                let members = self.plan.members(lease).iter().copied();
                members.filter(is_running).filter(|&node| !self.course.spares(node)).collect()
            }
            Concern::Run => {
                let goes_on = |node| phase < CancelPhase::Killing && self.course.is_cleanup(node);
                self.plan.ids().filter(is_running).filter(|&node| !goes_on(node)).collect()
            }
        }
    }
}
