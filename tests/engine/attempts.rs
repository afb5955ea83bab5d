//! Nodes that are tried again: when, how often, and what is left of it in the end. In virtual time, and once for real.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use engine::{
    Cancel, CancelPhase, EdgeKind, Execute, Failure, FailureClass, NodeId, NullEmitter, Outcome, Plan, Retry, Rules,
    RunOptions, Work,
};

use crate::told::{fails, plan, seconds, succeeds, told};

use FailureClass::{Permanent, Throttled, Transient};

fn tried(attempts: u32) -> Rules {
    Rules { retry: Retry { attempts, first: seconds(2), cap: seconds(3) }, ..Rules::default() }
}

#[test]
fn a_failure_that_may_pass_is_tried_again_and_dependents_wait_for_it() {
    let plan = plan(2, &[], &[(0, 1, EdgeKind::Order)]);
    let script = [&[fails(1, Transient, "reset"), fails(1, Throttled, "slow down"), succeeds(5)][..], &[succeeds(1)]];
    let (lines, forecast) = told(&plan, &tried(3), &script);
    let expected = [
        "0ns 0 starts, attempt 1",
        "1s 0 again in 2s, attempt 1 failed: reset",
        "3s 0 starts, attempt 2",
        "4s 0 again in 3s, attempt 2 failed: slow down",
        "7s 0 starts, attempt 3",
        "12s 0 succeeded",
        "12s 1 starts, attempt 1",
        "13s 1 succeeded",
    ];
    assert_eq!(lines, expected);
    let slot = forecast.slots.values()[0].unwrap();
    assert_eq!((slot.start, slot.end), (seconds(0), seconds(12)), "from the first attempt to the last");
}

#[test]
fn the_last_failure_counts_and_remembers_the_first() {
    let plan = plan(1, &[], &[]);
    let (lines, forecast) = told(&plan, &tried(2), &[&[fails(1, Transient, "one"), fails(1, Transient, "two")]]);
    assert_eq!(lines.last().unwrap(), "4s 0 failed: two");
    let failure = forecast.outcomes.values()[0].failure().unwrap();
    assert_eq!(failure.n_attempts(), 2);
    assert_eq!(failure.first().unwrap().to_string(), "one");
}

#[test]
fn permanent_failures_bugs_and_the_last_attempt_are_not_tried_again() {
    let plan = plan(3, &[], &[]);
    let bug = (1, Outcome::Bug("oops".to_owned()));
    let script = [&[fails(1, Permanent, "no")][..], &[bug], &[fails(1, Transient, "reset")]];
    let (lines, _) = told(&plan, &tried(1), &script);
    assert_eq!(lines[3..], ["1s 0 failed: no", "1s 1 bug: oops", "1s 2 failed: reset"]);
}

#[test]
fn a_pause_keeps_the_lease() {
    let mut graph = engine::GraphBuilder::new();
    let pool = graph.pool("slots", Some(1));
    for _ in 0..2 {
        let lease = Some(graph.lease(vec![(pool, 1)]));
        graph.add(engine::NodeSpec { node: (), lane: engine::Lane::Io, lease, estimate: seconds(1) });
    }
    let script = [&[fails(1, Transient, "reset"), succeeds(1)][..], &[succeeds(1)]];
    let (lines, _) = told(&graph.seal().unwrap(), &tried(2), &script);
    assert_eq!(lines[3..], ["4s 0 succeeded", "4s 1 starts, attempt 1", "5s 1 succeeded"]);
}

#[test]
fn stopping_ends_the_pauses_of_all_but_cleanup() {
    // 0 and 2 pause when 1 fails; 2 is cleanup of 3.
    let plan = plan(4, &[], &[(3, 2, EdgeKind::Finally)]);
    let resets = || fails(1, Transient, "reset");
    let script = [&[resets(), succeeds(1)][..], &[fails(2, Permanent, "no")], &[resets(), succeeds(1)], &[succeeds(0)]];
    let rules = Rules { fail_fast: true, ..tried(2) };
    let (lines, _) = told(&plan, &rules, &script);
    let expected = ["2s 1 failed: no", "2s stopping", "2s 0 failed: reset", "3s 2 starts, attempt 2", "4s 2 succeeded"];
    assert_eq!(lines[7..], expected, "{lines:#?}");
}

/// Fails as often as the node says, then succeeds; says on the channel when it starts.
struct Flaky {
    n_tried: AtomicU32,
    n_failing: u32,
    started: std::sync::mpsc::Sender<()>,
}

impl Execute<()> for Flaky {
    fn execute(self: &Arc<Self>, _: &Plan<()>, _: NodeId, _: Cancel) -> Work {
        let nth = self.n_tried.fetch_add(1, Ordering::SeqCst) + 1;
        self.started.send(()).unwrap();
        let failure = Outcome::Failed(Failure::classed(Transient, format!("attempt {nth}")));
        let outcome = if nth <= self.n_failing { failure } else { Outcome::Succeeded };
        Work::future(async move { outcome })
    }
}

fn run_flaky(n_failing: u32, retry: Retry, cancel: &Cancel, started: std::sync::mpsc::Sender<()>) -> (Outcome, u32) {
    let executor = Arc::new(Flaky { n_tried: AtomicU32::new(0), n_failing, started });
    let rules = Rules { retry, ..Rules::default() };
    let options = RunOptions { rules, ..RunOptions::new(1) };
    let report = engine::run(&plan(1, &[], &[]), &executor, &options, cancel, &NullEmitter).unwrap();
    (report.outcomes.values()[0].clone(), executor.n_tried.load(Ordering::SeqCst))
}

#[test]
fn a_real_run_tries_again() {
    let retry = Retry { attempts: 4, first: Duration::from_millis(1), cap: Duration::from_millis(2) };
    let (started, _kept) = std::sync::mpsc::channel();
    let (outcome, n_tried) = run_flaky(3, retry, &Cancel::new(), started.clone());
    assert!(outcome.is_success());
    assert_eq!(n_tried, 4);
    let (outcome, n_tried) = run_flaky(9, retry, &Cancel::new(), started);
    assert_eq!((outcome.to_string().as_str(), n_tried), ("failed: attempt 4", 4));
    assert_eq!(outcome.failure().unwrap().first().unwrap().to_string(), "attempt 1");
}

#[test]
fn a_cancel_ends_a_long_pause() {
    let hour = Duration::from_secs(3600);
    let (started, has_started) = std::sync::mpsc::channel();
    let cancel = Cancel::new();
    let outside = cancel.clone();
    let (outcome, n_tried) = std::thread::scope(|scope| {
        scope.spawn(move || {
            has_started.recv().unwrap();
            outside.raise(CancelPhase::Stopping);
            // Kept, so that the executor may say more.
            let _ = has_started.recv();
        });
        run_flaky(9, Retry { attempts: 9, first: hour, cap: hour }, &cancel, started)
    });
    assert_eq!((outcome.to_string().as_str(), n_tried), ("failed: attempt 1", 1));
    assert_eq!(outcome.failure().unwrap().n_attempts(), 1);
}
