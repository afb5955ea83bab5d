//! Runs in virtual time told as lines, one per event, so that a test reads like what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{
    CancelPhase, Edge, EdgeKind, EventKind, Failure, FailureClass, Forecast, GraphBuilder, Lane, LeaseId, NodeId,
    NodeSpec, Outcome, Plan, RecordingEmitter, Rules, SimOptions, simulate,
};

/// What a node does in one attempt: for so many seconds, and ending so.
pub(crate) type Attempt = (u64, Outcome);

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

pub(crate) fn succeeds(after: u64) -> Attempt {
    (after, Outcome::Succeeded)
}

pub(crate) fn fails(after: u64, class: FailureClass, text: &'static str) -> Attempt {
    (after, Outcome::Failed(Failure::classed(class, text)))
}

/// `n` nodes, of which those listed share a lease that claims nothing.
pub(crate) fn plan(n: usize, leases: &[&[usize]], edges: &[(usize, usize, EdgeKind)]) -> Plan<()> {
    let mut graph = GraphBuilder::new();
    for _ in leases {
        graph.lease(Vec::new());
    }
    for at in 0..n {
        let lease = leases.iter().position(|members| members.contains(&at)).map(LeaseId::from_index);
        graph.add(NodeSpec { node: (), lane: Lane::Io, lease, estimate: seconds(1) });
    }
    for &(from, to, kind) in edges {
        let (from, to) = (NodeId::from_index(from), NodeId::from_index(to));
        graph.connect(Edge { from, to, kind, label: None }).unwrap();
    }
    graph.seal().unwrap()
}

/// Runs the plan by the script: for each node its attempts in order; the last is repeated.
pub(crate) fn told(plan: &Plan<()>, rules: &Rules, script: &[&[Attempt]]) -> (Vec<String>, Forecast) {
    let emitter = RecordingEmitter::default();
    let mut n_before = BTreeMap::<NodeId, usize>::new();
    let options = SimOptions { rules: rules.clone(), ..SimOptions::new(1) };
    let forecast = simulate(plan, &options, &emitter, |node| {
        let attempts = script[node.index()];
        let nth = n_before.entry(node).or_default();
        let (after, outcome) = attempts[(*nth).min(attempts.len() - 1)].clone();
        *nth += 1;
        (seconds(after), outcome)
    });
    let lines = emitter.take().into_iter().filter_map(|event| Some(format!("{:?} {}", event.at, line(&event.kind)?)));
    (lines.collect(), forecast)
}

fn line(event: &EventKind) -> Option<String> {
    Some(match event {
        EventKind::RunStarted { .. } | EventKind::RunEnded { .. } => return None,
        EventKind::NodeStarted { node, attempt } => format!("{} starts, attempt {attempt}", node.index()),
        EventKind::NodeRetried { node, attempt, delay, failure } => {
            format!("{} again in {delay:?}, attempt {attempt} failed: {failure}", node.index())
        }
        EventKind::TimeUp { of, limit, phase } => format!("time is up: {of:?}, {limit:?}, {phase:?}"),
        EventKind::PoolResized { pool, from, to } => format!("pool {} has {to} instead of {from}", pool.index()),
        EventKind::NodeEnded { node, outcome } => format!("{} {outcome}", node.index()),
        EventKind::NodeSkipped { node, outcome } => format!("{} never starts: {outcome}", node.index()),
        EventKind::StopRequested { phase } => match phase {
            CancelPhase::Running => "running".to_owned(),
            CancelPhase::Stopping => "stopping".to_owned(),
            CancelPhase::Killing => "killing".to_owned(),
        },
    })
}
