//! Nodes, leases and runs that take too long: who is asked to end, when, how, and what still cleans up. In virtual time
//! where nodes end as soon as they are asked; for real where it matters what executors do.

use std::sync::Arc;
use std::time::Duration;

use engine::{
    Cancel, EdgeKind, Execute, Failure, FailureClass, Limit, NodeId, NullEmitter, Outcome, Overdue, Plan, Retry, Rules,
    RunOptions, RunReport, TimeLimits, Work,
};

use crate::told::{fails, plan, seconds, succeeds, told};

fn limited(limits: TimeLimits) -> Rules {
    Rules { limits, ..Rules::default() }
}

const NONE: TimeLimits = TimeLimits { grace: Duration::from_secs(10), ..TimeLimits::NONE };

#[test]
fn a_node_may_take_its_time_and_no_longer() {
    let plan = plan(3, &[], &[(1, 2, EdgeKind::OnFailure)]);
    let rules = limited(TimeLimits { node: Some(seconds(5)), ..NONE });
    let (lines, _) = told(&plan, &rules, &[&[succeeds(5)], &[succeeds(6)], &[succeeds(1)]]);
    let expected = [
        "5s 0 succeeded",
        "5s time is up: Node(NodeId(1)), Node, Stopping",
        "5s 1 timed out: it took longer than 5s",
        "5s 2 starts, attempt 1",
        "6s 2 succeeded",
    ];
    assert_eq!(lines[2..], expected);
}

#[test]
fn each_attempt_has_its_own_time() {
    let limits = TimeLimits { node: Some(seconds(5)), ..NONE };
    let retry = Retry { attempts: 3, first: seconds(1), cap: seconds(1) };
    let rules = Rules { retry, ..limited(limits) };
    let script = [&[fails(4, FailureClass::Transient, "reset"), succeeds(4)][..]];
    let (lines, _) = told(&plan(1, &[], &[]), &rules, &script);
    assert_eq!(lines.last().unwrap(), "9s 0 succeeded");
}

#[test]
fn the_nodes_of_a_lease_share_their_time_and_cleanup_has_its_own() {
    // 0 → 1 → 2 in one lease, 3 cleans up after 1 and 4 does not; 5 is nobody's.
    let edges = [(0, 1, EdgeKind::Order), (1, 2, EdgeKind::Order), (1, 3, EdgeKind::Finally), (0, 4, EdgeKind::Order)];
    let plan = plan(6, &[&[0, 1, 2, 3, 4]], &edges);
    let rules = limited(TimeLimits { lease: Some(seconds(5)), ..NONE });
    let script = [succeeds(3), succeeds(9), succeeds(1), succeeds(20), succeeds(2), succeeds(30)];
    let script: Vec<&[_]> = script.iter().map(std::slice::from_ref).collect();
    let (lines, _) = told(&plan, &rules, &script);
    let expected = [
        "5s 4 succeeded",
        "5s time is up: Lease(LeaseId(0)), Lease, Stopping",
        "5s 1 timed out: it and what it belongs to took longer than 5s",
        "5s 2 never starts: skipped",
        "5s 3 starts, attempt 1",
        "15s time is up: Lease(LeaseId(0)), Lease, Killing",
        "15s time is up: Node(NodeId(3)), Cleanup, Stopping",
        "15s 3 timed out: cleaning up took longer than 10s",
        "30s 5 succeeded",
    ];
    assert_eq!(lines[5..], expected, "{lines:#?}");
}

#[test]
fn what_would_start_after_the_time_of_its_lease_times_out() {
    // 1 needs the only worker, which 2 has until second 8.
    let mut graph = engine::GraphBuilder::new();
    let shared = Some(graph.lease(Vec::new()));
    let mut add = |lease, lane| graph.add(engine::NodeSpec { node: (), lane, lease, estimate: seconds(1) });
    let first = add(shared, engine::Lane::Io);
    let second = add(shared, engine::Lane::Cpu);
    add(None, engine::Lane::Cpu);
    graph.connect(engine::Edge { from: first, to: second, kind: EdgeKind::Order, label: None }).unwrap();
    let rules = limited(TimeLimits { lease: Some(seconds(5)), ..NONE });
    let script = [&[succeeds(3)][..], &[succeeds(1)], &[succeeds(8)]];
    let (lines, forecast) = told(&graph.seal().unwrap(), &rules, &script);
    let expected = [
        "5s time is up: Lease(LeaseId(0)), Lease, Stopping",
        "8s 2 succeeded",
        "8s 1 never starts: timed out: it and what it belongs to took longer than 5s",
    ];
    assert_eq!(lines[3..], expected);
    assert_eq!(forecast.counts.timed_out, 1);
}

#[test]
fn a_lease_that_is_over_in_time_is_left_alone() {
    let plan = plan(2, &[&[0]], &[]);
    let rules = limited(TimeLimits { lease: Some(seconds(5)), ..NONE });
    let (lines, _) = told(&plan, &rules, &[&[succeeds(4)], &[succeeds(9)]]);
    assert_eq!(lines[2..], ["4s 0 succeeded", "9s 1 succeeded"]);
}

#[test]
fn the_run_may_take_its_time_and_then_cleans_up_once() {
    let edges = [(0, 1, EdgeKind::Order), (0, 2, EdgeKind::Finally), (3, 4, EdgeKind::Order)];
    let plan = plan(5, &[], &edges);
    let rules = limited(TimeLimits { run: Some(seconds(5)), ..NONE });
    let script = [&[succeeds(9)][..], &[succeeds(1)], &[succeeds(60)], &[succeeds(5)], &[succeeds(1)]];
    let (lines, _) = told(&plan, &rules, &script);
    let expected = [
        "5s 3 succeeded",
        "5s time is up: Run, Run, Stopping",
        "5s stopping",
        "5s 4 never starts: cancelled",
        "5s 0 timed out: the run took longer than 5s",
        "5s 1 never starts: skipped",
        "5s 2 starts, attempt 1",
        "15s time is up: Run, Run, Killing",
        "15s killing",
        "15s 2 cancelled",
    ];
    assert_eq!(lines[2..], expected, "{lines:#?}");
}

#[test]
fn a_pause_between_attempts_ends_with_the_time_of_the_lease() {
    let retry = Retry { attempts: 3, first: seconds(60), cap: seconds(60) };
    let rules = Rules { retry, ..limited(TimeLimits { lease: Some(seconds(5)), ..NONE }) };
    let plan = plan(1, &[&[0]], &[]);
    let (lines, forecast) = told(&plan, &rules, &[&[fails(1, FailureClass::Transient, "reset")]]);
    assert_eq!(lines.last().unwrap(), "5s 0 timed out: it and what it belongs to took longer than 5s");
    let failure = forecast.outcomes.values()[0].failure().unwrap().clone();
    let overdue = failure.error().downcast_ref::<Overdue>().unwrap();
    assert_eq!((overdue.limit, overdue.answer.as_ref().unwrap().to_string().as_str()), (Limit::Lease, "reset"));
}

/// Runs nodes by calling them.
struct Caller<F>(F);

impl<F: Fn(usize, Cancel) -> Work + Send + Sync + 'static> Execute<()> for Caller<F> {
    fn execute(self: &Arc<Self>, _: &Plan<()>, node: NodeId, cancel: Cancel) -> Work {
        (self.0)(node.index(), cancel)
    }
}

fn run(plan: &Plan<()>, limits: TimeLimits, call: impl Fn(usize, Cancel) -> Work + Send + Sync + 'static) -> RunReport {
    let options = RunOptions { rules: limited(limits), ..RunOptions::new(2) };
    engine::run(plan, &Arc::new(Caller(call)), &options, &Cancel::new(), &NullEmitter).unwrap()
}

const SOON: Option<Duration> = Some(Duration::from_millis(2));

/// Ends only if it is asked to, twice.
async fn stubborn(cancel: Cancel) -> Outcome {
    cancel.stopping().await;
    cancel.killing().await;
    Outcome::Failed(Failure::new("killed"))
}

#[test]
fn whatever_is_late_is_asked_twice() {
    let grace = Duration::from_millis(2);
    let rows = [
        TimeLimits { node: SOON, grace, ..NONE },
        TimeLimits { idle: SOON, grace, ..NONE },
        TimeLimits { lease: SOON, grace, ..NONE },
        TimeLimits { run: SOON, grace, ..NONE },
    ];
    for limits in rows {
        let plan = plan(2, &[&[0, 1]], &[]);
        let report = run(&plan, limits, |_, cancel| Work::future(stubborn(cancel)));
        assert_eq!(report.counts.timed_out, 2, "{limits:?}");
        let failure = report.outcomes.values()[0].failure().unwrap().clone();
        let overdue = failure.error().downcast_ref::<Overdue>().unwrap();
        assert_eq!(overdue.answer.as_ref().unwrap().to_string(), "killed");
        assert_eq!(report.stopped.is_some(), limits.run.is_some());
    }
}

#[test]
fn one_that_is_late_touches_no_other() {
    let limits = TimeLimits { node: SOON, ..NONE };
    let plan = plan(3, &[], &[]);
    let report = run(&plan, limits, |node, cancel| match node {
        1 => Work::future(async move {
            cancel.stopping().await;
            Outcome::Cancelled
        }),
        _ => Work::Done(Outcome::Succeeded),
    });
    assert_eq!((report.counts.timed_out, report.counts.succeeded, report.stopped), (1, 2, None));
}

#[test]
fn what_outlives_its_node_hears_the_time_of_the_lease() {
    // Like a builder, which starts in one node and ends in another: 0 hands its signal to 1, which ends when that says so.
    let plan = plan(2, &[&[0, 1]], &[(0, 1, EdgeKind::Order)]);
    let kept = std::sync::Mutex::new(None);
    let limits = TimeLimits { lease: SOON, ..NONE };
    let report = run(&plan, limits, move |_, cancel| {
        let mut kept = kept.lock().unwrap();
        match kept.take() {
            None => {
                *kept = Some(cancel);
                Work::Done(Outcome::Succeeded)
            }
            Some(outer) => Work::future(async move {
                outer.stopping().await;
                Outcome::Cancelled
            }),
        }
    });
    assert_eq!((report.counts.succeeded, report.counts.timed_out), (1, 1));
}
