//! What the lanes promise: nothing that takes long holds up anything else, sleepers wake, and lost replies are noticed.
//! Gates instead of sleeps; where a broken promise would hang, the gate gives up after a while and the node fails.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Poll;
use std::time::{Duration, Instant};

use engine::{
    Cancel, CancelPhase, Edge, EdgeKind, Execute, Failure, GraphBuilder, Lane, NodeId, NodeSpec, NullEmitter, Outcome,
    Plan, RunOptions, RunReport, Work,
};
use tokio::sync::Notify;

const LONG_ENOUGH: Duration = Duration::from_secs(30);

/// Runs nodes by calling what they carry.
struct Caller;

type Body = Box<dyn Fn(Cancel) -> Work + Send + Sync>;

impl Execute<Body> for Caller {
    fn execute(self: &Arc<Self>, plan: &Plan<Body>, node: NodeId, cancel: Cancel) -> Work {
        plan.node(node)(cancel)
    }
}

fn plan(bodies: Vec<(Lane, Body)>, edges: &[(usize, usize, EdgeKind)]) -> Plan<Body> {
    let mut graph = GraphBuilder::new();
    for (lane, node) in bodies {
        graph.add(NodeSpec { node, lane, lease: None, estimate: Duration::ZERO });
    }
    for &(from, to, kind) in edges {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind, label: None }).unwrap();
    }
    graph.seal().unwrap()
}

fn run(workers: usize, plan: &Plan<Body>) -> RunReport {
    engine::run(plan, &Arc::new(Caller), &RunOptions::new(workers), &Cancel::new(), &NullEmitter).unwrap()
}

/// A computation that ends when the gate opens.
fn gated(gate: Receiver<()>) -> Body {
    let gate = Arc::new(std::sync::Mutex::new(gate));
    Box::new(move |_| {
        let gate = Arc::clone(&gate);
        Work::compute(move || match gate.lock().unwrap().recv_timeout(LONG_ENOUGH) {
            Ok(()) => Outcome::Succeeded,
            Err(error) => Outcome::Failed(Failure::new(error)),
        })
    })
}

fn opens(gate: Sender<()>, way: fn(Box<dyn FnOnce() -> Outcome + Send>) -> Work) -> Body {
    Box::new(move |_| {
        let gate = gate.clone();
        way(Box::new(move || {
            gate.send(()).unwrap();
            Outcome::Succeeded
        }))
    })
}

#[test]
fn a_long_computation_does_not_hold_up_io() {
    let (open, gate) = channel();
    let io = opens(open, |open| Work::future(async move { open() }));
    assert!(run(1, &plan(vec![(Lane::Cpu, gated(gate)), (Lane::Io, io)], &[])).is_success());
}

#[test]
fn a_long_computation_does_not_hold_up_those_behind_it() {
    // Many short ones first, so that the lane hands out computations by the batch when the long one comes.
    let (open, gate) = channel();
    let mut bodies: Vec<(Lane, Body)> = Vec::new();
    for _ in 0..2000 {
        bodies.push((Lane::Cpu, Box::new(|_| Work::compute(|| Outcome::Succeeded))));
    }
    bodies.push((Lane::Cpu, gated(gate)));
    for _ in 0..20 {
        bodies.push((Lane::Cpu, Box::new(|_| Work::compute(|| Outcome::Succeeded))));
    }
    bodies.push((Lane::Cpu, opens(open, Work::Compute)));
    assert!(run(2, &plan(bodies, &[])).is_success());
}

#[test]
fn a_thousand_waiting_futures_share_one_worker() {
    let gate = Arc::new(Notify::new());
    let mut bodies: Vec<(Lane, Body)> = Vec::new();
    for _ in 0..1000 {
        let gate = Arc::clone(&gate);
        bodies.push((
            Lane::Io,
            Box::new(move |_| {
                let gate = Arc::clone(&gate);
                Work::future(async move {
                    gate.notified().await;
                    gate.notify_one();
                    Outcome::Succeeded
                })
            }),
        ));
    }
    bodies.push((
        Lane::Io,
        Box::new(move |_| {
            let gate = Arc::clone(&gate);
            Work::future(async move {
                gate.notify_one();
                Outcome::Succeeded
            })
        }),
    ));
    assert!(run(1, &plan(bodies, &[])).is_success());
}

#[test]
fn a_cancel_from_outside_wakes_a_sleeping_run_and_cleanup_still_runs() {
    let (started, has_started) = channel();
    let waits: Body = Box::new(move |cancel| {
        let started = started.clone();
        Work::future(async move {
            started.send(()).unwrap();
            cancel.stopping().await;
            Outcome::Cancelled
        })
    });
    let succeeds = || -> Body { Box::new(|_| Work::Done(Outcome::Succeeded)) };
    let bodies = vec![(Lane::Io, waits), (Lane::Io, succeeds()), (Lane::Io, succeeds())];
    let plan = plan(bodies, &[(0, 1, EdgeKind::Finally), (0, 2, EdgeKind::Order)]);
    let cancel = Cancel::new();
    let outside = cancel.clone();
    let report = std::thread::scope(|scope| {
        scope.spawn(move || {
            has_started.recv().unwrap();
            outside.raise(CancelPhase::Stopping);
        });
        engine::run(&plan, &Arc::new(Caller), &RunOptions::new(2), &cancel, &NullEmitter).unwrap()
    });
    let ends: Vec<String> = report.outcomes.values().iter().map(Outcome::to_string).collect();
    assert_eq!(ends, ["cancelled", "succeeded", "cancelled"]);
    assert_eq!(report.stopped, Some(CancelPhase::Stopping));
}

#[test]
fn a_sleeping_run_hears_the_second_signal() {
    let (started, has_started) = channel();
    let stubborn: Body = Box::new(move |cancel| {
        let started = started.clone();
        Work::future(async move {
            started.send(()).unwrap();
            cancel.stopping().await;
            started.send(()).unwrap();
            cancel.killing().await;
            Outcome::Cancelled
        })
    });
    let plan = plan(vec![(Lane::Io, stubborn)], &[]);
    let cancel = Cancel::new();
    let outside = cancel.clone();
    let report = std::thread::scope(|scope| {
        scope.spawn(move || {
            for phase in [CancelPhase::Stopping, CancelPhase::Killing] {
                has_started.recv().unwrap();
                outside.raise(phase);
            }
        });
        engine::run(&plan, &Arc::new(Caller), &RunOptions::new(1), &cancel, &NullEmitter).unwrap()
    });
    assert_eq!(report.counts.cancelled, 1);
    assert!(report.stopped >= Some(CancelPhase::Stopping));
}

#[test]
fn futures_slow_at_their_first_step_all_get_there() {
    // Slow enough that a batch of them is shared out again and again.
    let slow = |n_yields: usize| -> Body {
        Box::new(move |_| {
            Work::future(async move {
                let until = Instant::now() + Duration::from_micros(150);
                while Instant::now() < until {}
                for _ in 0..n_yields {
                    tokio::task::yield_now().await;
                }
                Outcome::Succeeded
            })
        })
    };
    let bodies = (0..200).map(|at| (Lane::Io, slow(at % 3))).collect();
    assert!(run(2, &plan(bodies, &[])).is_success());
}

#[test]
fn a_lost_reply_is_a_bug() {
    // A runtime that is gone drops what it is given.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let handle = runtime.handle().clone();
    runtime.shutdown_background();
    let body = || -> Body { Box::new(|_| Work::future(async { Outcome::Succeeded })) };
    let plan = plan(vec![(Lane::Io, body()), (Lane::Io, body())], &[(0, 1, EdgeKind::Order)]);
    let options = RunOptions { runtime: Some(handle), ..RunOptions::new(1) };
    let report = engine::run(&plan, &Arc::new(Caller), &options, &Cancel::new(), &NullEmitter).unwrap();
    assert_eq!((report.counts.bugs, report.counts.skipped), (1, 1));
    assert!(report.outcomes.values()[0].to_string().contains("reply was lost"));
}

#[test]
fn a_reply_lost_on_the_way_is_a_bug() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (started, has_started) = channel();
    let waits: Body = Box::new(move |_| {
        let started = started.clone();
        Work::future(async move {
            tokio::task::yield_now().await;
            started.send(()).unwrap();
            std::future::pending().await
        })
    });
    let options = RunOptions { runtime: Some(runtime.handle().clone()), ..RunOptions::new(1) };
    let plan = plan(vec![(Lane::Io, waits)], &[]);
    let report = std::thread::scope(|scope| {
        scope.spawn(move || {
            has_started.recv().unwrap();
            runtime.shutdown_background();
        });
        engine::run(&plan, &Arc::new(Caller), &options, &Cancel::new(), &NullEmitter).unwrap()
    });
    assert!(report.outcomes.values()[0].to_string().contains("reply was lost"));
}

#[test]
fn an_answer_only_the_engine_may_give_is_a_bug() {
    let answers = |cause| -> Body { Box::new(move |_| Work::Done(Outcome::Skipped(cause))) };
    let because = engine::SkipCause::Because(NodeId::from_index(77));
    let bodies = vec![(Lane::Io, answers(because)), (Lane::Io, answers(engine::SkipCause::NotNeeded))];
    let report = run(1, &plan(bodies, &[]));
    assert_eq!((report.counts.bugs, report.counts.skipped), (1, 1));
}

#[test]
fn executors_may_use_the_runtime_while_they_start_a_node() {
    let body: Body = Box::new(|_| {
        let task = tokio::spawn(async { Outcome::Succeeded });
        Work::future(async move { task.await.unwrap() })
    });
    assert!(run(1, &plan(vec![(Lane::Io, body)], &[])).is_success());
}

#[test]
fn a_panic_while_dropping_is_a_bug_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            std::panic::panic_any("scripted");
        }
    }
    let body: Body = Box::new(|_| {
        let bomb = Bomb;
        Work::future(std::future::poll_fn(move |_| {
            let _kept_until_dropped = &bomb;
            Poll::Ready(Outcome::Succeeded)
        }))
    });
    let report = run(1, &plan(vec![(Lane::Io, body)], &[]));
    assert_eq!(report.counts.bugs, 1);
}
