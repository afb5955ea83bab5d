//! Whole runs with real threads: the events of each are followed by the model. Cancels come from inside nodes and from
//! outside, panics from everywhere.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use engine::{
    Cancel, CancelPhase, EventKind, Execute, Failure, FailureClass, NodeId, Outcome, OutcomeKind, Plan,
    RecordingEmitter, Retry, Rules, RunOptions, RunReport, Throttling, TimeLimits, Work,
};
use proptest::prelude::*;

use crate::drawn::{Drawn, Ending, Way, drawn};
use crate::model::{end_of, follow};

/// Does what the drawing says, after failing as often as `flaws` says, and raises `cancel` when the n-th attempt starts.
struct Scripted {
    drawn: Drawn,
    cancel: Cancel,
    raise_at: BTreeMap<usize, CancelPhase>,
    n_started: AtomicUsize,
    flaws: Vec<u32>,
    n_tried: Vec<AtomicU32>,
    has_worked: Vec<AtomicBool>,
}

impl Scripted {
    fn new(drawn: &Drawn, raise_at: BTreeMap<usize, CancelPhase>) -> Arc<Self> {
        Self::flawed(drawn, raise_at, &[0])
    }

    fn flawed(drawn: &Drawn, raise_at: BTreeMap<usize, CancelPhase>, flaws: &[u32]) -> Arc<Self> {
        let n = drawn.nodes.len();
        Arc::new(Self {
            drawn: drawn.clone(),
            cancel: Cancel::new(),
            raise_at,
            n_started: AtomicUsize::new(0),
            flaws: (0..n).map(|node| flaws[node % flaws.len()]).collect(),
            n_tried: (0..n).map(|_| AtomicU32::new(0)).collect(),
            has_worked: (0..n).map(|_| AtomicBool::new(false)).collect(),
        })
    }

    fn work(&self, node: usize) -> Outcome {
        if self.n_tried[node].fetch_add(1, Ordering::SeqCst) < self.flaws[node] {
            let class = if node.is_multiple_of(2) { FailureClass::Transient } else { FailureClass::Throttled };
            return Outcome::Failed(Failure::classed(class, "for now"));
        }
        assert!(!self.has_worked[node].swap(true, Ordering::SeqCst), "{node} works twice");
        match self.drawn.nodes[node].ending {
            Ending::Panic => std::panic::panic_any("scripted"),
            ending => ending.outcome(),
        }
    }
}

impl Execute<usize> for Scripted {
    fn execute(self: &Arc<Self>, plan: &Plan<usize>, id: NodeId, _cancel: Cancel) -> Work {
        let node = *plan.node(id);
        for edge in plan.incoming(id) {
            let source = &self.drawn.nodes[edge.from.index()];
            let is_input = matches!(edge.kind, engine::EdgeKind::Data(_) | engine::EdgeKind::Order);
            if is_input {
                assert_eq!(source.ending, Ending::Succeed);
                assert!(self.has_worked[edge.from.index()].load(Ordering::SeqCst), "{node} starts before its input");
            }
        }
        let n_before = self.n_started.fetch_add(1, Ordering::SeqCst);
        if let Some(phase) = self.raise_at.get(&n_before) {
            self.cancel.raise(*phase);
        }
        let this = Arc::clone(self);
        match self.drawn.nodes[node].way {
            Way::Done => Work::Done(self.work(node)),
            Way::Compute => Work::compute(move || this.work(node)),
            Way::Future { n_yields } => Work::future(async move {
                for _ in 0..n_yields {
                    tokio::task::yield_now().await;
                }
                this.work(node)
            }),
        }
    }
}

/// Scripted panics are expected; their reports would bury the real ones.
pub(crate) fn hush() {
    static HUSH: std::sync::Once = std::sync::Once::new();
    HUSH.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"scripted") {
                usual(panic);
            }
        }));
    });
}

fn checked_run(
    drawn: &Drawn,
    raise_at: &BTreeMap<usize, CancelPhase>,
    workers: usize,
    fail_fast: bool,
) -> (RunReport, Vec<EventKind>) {
    let rules = Rules { fail_fast, ..Rules::default() };
    run_and_check(drawn, &Scripted::new(drawn, raise_at.clone()), workers, rules)
}

fn run_and_check(drawn: &Drawn, executor: &Arc<Scripted>, workers: usize, rules: Rules) -> (RunReport, Vec<EventKind>) {
    hush();
    let plan = drawn.plan_of_quotas();
    let emitter = RecordingEmitter::default();
    let options = RunOptions { rules, ..RunOptions::new(workers) };
    let report = engine::run(&plan, executor, &options, &executor.cancel, &emitter).unwrap();
    let events = emitter.take();
    follow(drawn, &events);
    let mut ends = vec![None; plan.len()];
    for event in &events {
        if let EventKind::NodeEnded { node, outcome } | EventKind::NodeSkipped { node, outcome } = &event.kind {
            assert_eq!(ends[node.index()].replace(end_of(outcome)), None);
        }
    }
    let reported: Vec<_> = report.outcomes.values().iter().map(|outcome| Some(end_of(outcome))).collect();
    assert_eq!(ends, reported);
    assert_eq!(report.counts.total(), plan.len());
    (report, events.into_iter().map(|event| event.kind).collect())
}

fn raises() -> impl Strategy<Value = BTreeMap<usize, CancelPhase>> {
    let phase = prop_oneof![3 => Just(CancelPhase::Stopping), 1 => Just(CancelPhase::Killing)];
    proptest::collection::btree_map(0usize..20, phase, 0..3)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn failures_and_panics_touch_only_what_needs_them(drawn in drawn(30)) {
        let none = BTreeMap::new();
        for workers in [1, 2, 16] {
            let (report, _) = checked_run(&drawn, &none, workers, false);
            prop_assert_eq!(report.stopped, None);
        }
    }

    #[test]
    fn cancels_at_any_step_leave_every_node_with_one_outcome(drawn in drawn(30), raise_at in raises()) {
        for workers in [1, 2, 16] {
            checked_run(&drawn, &raise_at, workers, false);
        }
    }

    #[test]
    fn attempts_shrinking_quotas_and_cancels_leave_every_node_with_one_outcome(
        drawn in drawn(30),
        raise_at in raises(),
        flaws in proptest::collection::vec(prop_oneof![3 => Just(0u32), 1 => 1u32..4], 1..30),
    ) {
        // Limits that are never reached, so that nodes and leases have signals of their own.
        let hour = Some(Duration::from_secs(3600));
        let limits = TimeLimits { node: hour, idle: hour, lease: hour, run: hour, ..TimeLimits::NONE };
        let retry = Retry { attempts: 4, first: Duration::ZERO, cap: Duration::ZERO };
        let throttling = Throttling { echo: Duration::ZERO, quiet: Duration::ZERO };
        let rules = Rules { retry, limits, throttling, ..Rules::default() };
        for workers in [1, 2, 16] {
            let executor = Scripted::flawed(&drawn, raise_at.clone(), &flaws);
            let (report, events) = run_and_check(&drawn, &executor, workers, rules.clone());
            let starts = events.iter().filter(|event| matches!(event, EventKind::NodeStarted { .. })).count();
            let n_tried = executor.n_tried.iter().map(|tried| tried.load(Ordering::SeqCst) as usize);
            prop_assert_eq!(starts, n_tried.sum::<usize>());
            for (at, worked) in executor.has_worked.iter().enumerate().filter(|_| report.stopped.is_none()) {
                let tried = executor.n_tried[at].load(Ordering::SeqCst);
                let expected = if worked.load(Ordering::SeqCst) { executor.flaws[at] + 1 } else { 0 };
                prop_assert_eq!(tried, expected, "{}", at);
            }
        }
    }

    #[test]
    fn the_first_failure_stops_a_fail_fast_run(drawn in drawn(30)) {
        for workers in [1, 2, 16] {
            let (report, events) = checked_run(&drawn, &BTreeMap::new(), workers, true);
            let failed = |kind: &EventKind| matches!(kind, EventKind::NodeEnded { outcome, .. } if outcome.is_failure());
            let first_failure = events.iter().position(failed);
            prop_assert_eq!(report.stopped, first_failure.map(|_| CancelPhase::Stopping));
            if let Some(at) = first_failure {
                let is_stop = matches!(events[at + 1], EventKind::StopRequested { .. });
                prop_assert!(is_stop);
            }
        }
    }
}

#[test]
fn a_run_cancelled_before_it_starts_starts_nothing() {
    hush();
    let drawn = Drawn::chain(3);
    let executor = Scripted::new(&drawn, BTreeMap::new());
    executor.cancel.raise(CancelPhase::Stopping);
    let emitter = RecordingEmitter::default();
    let report = engine::run(&drawn.plan(), &executor, &RunOptions::new(1), &executor.cancel, &emitter).unwrap();
    assert_eq!(report.counts.cancelled, 3);
    assert_eq!(report.stopped, Some(CancelPhase::Stopping));
    assert!(emitter.take().iter().all(|event| !matches!(event.kind, EventKind::NodeStarted { .. })));
}

#[test]
fn an_empty_plan_ends_at_once() {
    let drawn = Drawn::chain(0);
    let executor = Scripted::new(&drawn, BTreeMap::new());
    let emitter = RecordingEmitter::default();
    let report = engine::run(&drawn.plan(), &executor, &RunOptions::new(2), &executor.cancel, &emitter).unwrap();
    assert!(report.is_success());
    assert_eq!(emitter.take().len(), 2);
}

#[test]
fn deadlocked_leases_end_in_a_bug_and_the_rest_goes_on() {
    // 0 holds the only unit until 2 ends; 2 needs 1; 1 needs the unit. 3 needs it too, but is nobody's obstacle.
    let mut drawn = Drawn::chain(4);
    drawn.edges = vec![(0, 2, engine::EdgeKind::Order), (1, 2, engine::EdgeKind::Order)];
    drawn.capacities = vec![Some(1)];
    drawn.claims = vec![vec![(0, 1)]; 3];
    for (node, lease) in [(0, 0), (1, 1), (2, 0), (3, 2)] {
        drawn.nodes[node].lease = Some(lease);
    }
    let (report, _) = checked_run(&drawn, &BTreeMap::new(), 2, false);
    let kinds: Vec<OutcomeKind> = report.outcomes.values().iter().map(Outcome::kind).collect();
    use OutcomeKind::{Bug, Skipped, Succeeded};
    assert_eq!(kinds, [Succeeded, Bug, Skipped, Succeeded]);
    let expected = "bug: can never start: it needs 1 of \"pool 0\" (0 free), and what holds the rest waits for it";
    assert_eq!(report.outcomes.values()[1].to_string(), expected);
}
