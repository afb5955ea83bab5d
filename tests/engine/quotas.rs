//! Quotas that shrink when nodes are told that it is too much, and grow back. In virtual time, and once for real.

use std::sync::Arc;
use std::time::Duration;

use engine::{
    Cancel, Edge, EdgeKind, EventKind, Execute, FailureClass, GraphBuilder, GraphError, Lane, LeaseId, NodeId,
    NodeSpec, Outcome, Plan, PoolId, RecordingEmitter, Retry, Rules, RunOptions, Work, forecast,
};

use crate::told::{fails, seconds, succeeds, told};

/// `n` nodes that claim one unit each of a quota and of a plain pool, both of this capacity.
fn plan(n: usize, capacity: u32) -> Plan<()> {
    let mut graph = GraphBuilder::new();
    let pools = [graph.quota("cloud", capacity), graph.pool("slots", Some(capacity))];
    for _ in 0..n {
        let lease = Some(graph.lease(pools.map(|pool| (pool, 1)).to_vec()));
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: seconds(1) });
    }
    graph.seal().unwrap()
}

#[test]
fn a_throttled_node_shrinks_its_quota_and_peace_lets_it_grow() {
    let retry = Retry { attempts: 2, first: seconds(1), cap: seconds(1) };
    let rules = Rules { retry, ..Rules::default() };
    let throttled = [fails(1, FailureClass::Throttled, "slow down"), succeeds(40)];
    let rest = [succeeds(40)];
    let script = [&throttled[..], &rest, &rest, &rest, &rest, &rest, &rest];
    let (lines, forecast) = told(&plan(7, 4), &rules, &script);
    let told_of: Vec<&str> = lines.iter().map(String::as_str).filter(|line| line.contains("pool")).collect();
    let expected = ["1s pool 0 has 2 instead of 4", "31s pool 0 has 3 instead of 2", "61s pool 0 has 4 instead of 3"];
    assert_eq!(told_of, expected);
    // At second 40 three end and one goes on: room for two of three. At 42 it ends, too.
    let starts: Vec<u64> = forecast.slots.values().iter().map(|slot| slot.unwrap().start.as_secs()).collect();
    assert_eq!(starts, [0, 0, 0, 0, 40, 40, 42]);
}

#[test]
fn a_quota_never_shrinks_below_what_one_claims() {
    let mut graph = GraphBuilder::new();
    let pool = graph.quota("cloud", 8);
    for _ in 0..2 {
        let lease = Some(graph.lease(vec![(pool, 4)]));
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: seconds(1) });
    }
    let fail = || [fails(1, FailureClass::Throttled, "slow down")];
    let (lines, _) = told(&graph.seal().unwrap(), &Rules::default(), &[&fail(), &fail()]);
    assert!(lines.contains(&"1s pool 0 has 4 instead of 8".to_owned()), "{lines:#?}");
    assert_eq!(lines.iter().filter(|line| line.contains("pool")).count(), 1);
}

/// 0 holds a unit until 2 has ended, which needs 1, which needs a unit as well: there must be two.
#[test]
fn a_shrunken_quota_is_no_reason_to_give_up() {
    let mut graph = GraphBuilder::new();
    let pool = graph.quota("cloud", 2);
    let leases: Vec<LeaseId> = (0..2).map(|_| graph.lease(vec![(pool, 1)])).collect();
    for lease in [0, 1, 0] {
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease: Some(leases[lease]), estimate: seconds(1) });
    }
    // A third, told to slow down before 1 may start.
    let lease = Some(graph.lease(vec![(pool, 1)]));
    let third = graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: seconds(9) });
    let mut connect = |from, to, kind| {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind, label: None }).unwrap();
    };
    connect(0, 2, EdgeKind::Order);
    connect(1, 2, EdgeKind::Order);
    connect(third.index(), 1, EdgeKind::Finally);
    let script =
        [&[succeeds(1)][..], &[succeeds(1)], &[succeeds(1)], &[fails(1, FailureClass::Throttled, "slow down")]];
    let (lines, forecast) = told(&graph.seal().unwrap(), &Rules::default(), &script);
    let resized: Vec<&String> = lines.iter().filter(|line| line.contains("pool")).collect();
    assert_eq!(resized, ["1s pool 0 has 1 instead of 2", "1s pool 0 has 2 instead of 1"], "{lines:#?}");
    assert_eq!((forecast.counts.succeeded, forecast.counts.failed), (3, 1));
}

/// The first node complains while it runs, the second when everybody has heard of it.
struct Complaining(tokio::sync::watch::Sender<bool>);

impl Execute<()> for Complaining {
    fn execute(self: &Arc<Self>, _: &Plan<()>, node: NodeId, cancel: Cancel) -> Work {
        let mut is_known = self.0.subscribe();
        Work::future(async move {
            if node.index() == 0 {
                // A child is as good as the handle itself.
                cancel.child().throttled();
            }
            is_known.wait_for(|is_known| *is_known).await.unwrap();
            Outcome::Succeeded
        })
    }
}

/// Lets nodes end once the quota has shrunk.
struct Listening<'a>(&'a RecordingEmitter, &'a Complaining);

impl engine::Emitter for Listening<'_> {
    fn emit(&self, event: &engine::Event) {
        if matches!(event.kind, EventKind::PoolResized { .. }) {
            self.1.0.send_replace(true);
        }
        self.0.emit(event);
    }
}

#[test]
fn a_running_node_can_complain_and_go_on() {
    let executor = Arc::new(Complaining(tokio::sync::watch::Sender::new(false)));
    let recording = RecordingEmitter::default();
    let emitter = Listening(&recording, &executor);
    let options = RunOptions::new(1);
    let report = engine::run(&plan(3, 2), &executor, &options, &Cancel::new(), &emitter).unwrap();
    assert!(report.is_success());
    let resized = recording.take().into_iter().find_map(|event| match event.kind {
        EventKind::PoolResized { pool, from, to } => Some((pool.index(), from, to)),
        _ => None,
    });
    assert_eq!(resized, Some((0, 2, 1)));
    // Nobody listens any more.
    Cancel::new().throttled();
}

#[test]
fn a_plan_can_be_had_with_other_capacities_and_estimates() {
    let plan = plan(4, 4);
    let slots = PoolId::from_index(1);
    let makespan = |plan: &Plan<()>| forecast(plan, 1).makespan;
    let narrow = plan.with_capacity(slots, Some(1)).unwrap();
    assert_eq!((makespan(&plan), makespan(&narrow)), (seconds(1), seconds(4)));
    assert_eq!(makespan(&narrow.with_capacity(slots, None).unwrap()), seconds(1));
    let slow = narrow.with_estimates(|node| seconds(node.index() as u64));
    assert_eq!(makespan(&slow), seconds(6));
    assert_eq!(slow.rank(NodeId::from_index(3)), seconds(3));
    assert_eq!(slow.critical_path(), [NodeId::from_index(3)]);
    let error = plan.with_capacity(slots, Some(0)).unwrap_err();
    assert!(matches!(error, GraphError::ClaimTooLarge { claim: 1, capacity: 0, .. }), "{error:?}");
    assert_eq!(plan.estimate(NodeId::from_index(0)), Duration::from_secs(1), "the plan itself stays as it was");
}
