//! The pure core step by step: after every step each node's state, each pool and the next choice agree with the model.

use engine::{CancelPhase, Dispatch, EdgeKind, Lane, NodeId, NodeState, OutcomeKind, PoolId};
use proptest::prelude::*;

use crate::drawn::{Drawn, DrawnNode, Ending, Way, drawn};
use crate::model::{Model, end_of};

/// What the driver does next, if it can.
#[derive(Clone, Debug)]
enum Step {
    Start,
    /// The n-th of those that run, counted round.
    End(usize),
    Raise(CancelPhase),
    /// A pool, counted round, now has so much.
    Resize(usize, u32),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        30 => Just(Step::Start),
        30 => (0usize..24).prop_map(Step::End),
        4 => (0usize..4, 0u32..6).prop_map(|(pool, capacity)| Step::Resize(pool, capacity)),
        1 => Just(Step::Raise(CancelPhase::Stopping)),
        1 => Just(Step::Raise(CancelPhase::Killing)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn every_step_agrees_with_the_model(
        drawn in drawn(24),
        steps in proptest::collection::vec(step(), 0..120),
        cpu_width in 1usize..4,
    ) {
        walk(&drawn, steps, cpu_width);
    }
}

/// Nodes cancelled in line are no reason to wait: the first node holds what the cleanup needs, for the one behind that.
#[test]
fn a_stall_is_seen_behind_nodes_that_were_cancelled_in_line() {
    let node = |ending, lease| DrawnNode { ending, way: Way::Done, lane: Lane::Io, estimate: 0, lease, height: 0 };
    let (succeeds, panics) = (Ending::Succeed, Ending::Panic);
    let drawn = Drawn {
        nodes: vec![
            node(succeeds, Some(0)),
            node(panics, None),
            node(succeeds, Some(1)),
            node(succeeds, Some(0)),
            node(succeeds, None),
        ],
        edges: vec![(1, 2, EdgeKind::OnFailure), (2, 3, EdgeKind::Order)],
        capacities: vec![Some(1)],
        claims: vec![vec![(0, 1)], vec![(0, 1)]],
    };
    let stop = Step::Raise(CancelPhase::Stopping);
    walk(&drawn, vec![Step::Start, Step::Start, stop, Step::End(0), Step::End(0), Step::End(0)], 1);
}

fn walk(drawn: &Drawn, steps: Vec<Step>, cpu_width: usize) {
    let plan = drawn.plan();
    let mut model = Model::new(drawn);
    let mut dispatch = Dispatch::new(&plan, cpu_width);
    dispatch.open();
    model.settle();
    let mut told = vec![0; plan.len()];
    for step in steps {
        take(drawn, &mut dispatch, &mut model, &step, cpu_width);
        compare(drawn, &mut dispatch, &model, &mut told);
    }
    while !model.is_done() {
        while model.next(cpu_width).is_some() {
            take(drawn, &mut dispatch, &mut model, &Step::Start, cpu_width);
        }
        take(drawn, &mut dispatch, &mut model, &Step::End(0), cpu_width);
        compare(drawn, &mut dispatch, &model, &mut told);
    }
    assert!(dispatch.frontier().is_done());
    assert_eq!((dispatch.n_held(), dispatch.frontier().n_running()), (0, 0));
    for (pool, capacity) in model.capacities.iter().enumerate() {
        assert_eq!(dispatch.free(PoolId::from_index(pool)), *capacity);
        assert_eq!(dispatch.capacity(PoolId::from_index(pool)), *capacity);
    }
    let expected: Vec<usize> = model.started.iter().map(|&started| usize::from(!started)).collect();
    assert_eq!(told, expected, "a node is either started or dropped once");
}

fn take(drawn: &Drawn, dispatch: &mut Dispatch, model: &mut Model<'_>, step: &Step, cpu_width: usize) {
    match step {
        Step::Start => {
            let expected = model.next(cpu_width);
            assert_eq!(dispatch.start_next().map(NodeId::index), expected);
            if let Some(node) = expected {
                model.start(node);
            }
        }
        Step::End(nth) => {
            let running = model.running();
            if running.is_empty() {
                unstall(dispatch, model, cpu_width);
                return;
            }
            let node = running[nth % running.len()];
            let outcome = drawn.nodes[node].ending.outcome();
            let end = end_of(&outcome);
            assert!(dispatch.end(NodeId::from_index(node), outcome.clone()));
            assert!(!dispatch.end(NodeId::from_index(node), outcome), "a second end is refused");
            model.end(node, end);
        }
        Step::Resize(pool, capacity) => {
            let pool = pool % drawn.capacities.len();
            model.resize(pool, *capacity);
            assert_eq!(dispatch.set_capacity(PoolId::from_index(pool), *capacity), model.capacities[pool]);
        }
        Step::Raise(phase) => {
            dispatch.raise(*phase);
            if *phase > model.phase {
                model.raise(*phase);
            }
        }
    }
}

/// With nothing running, either something can start, all is done, or one node is given up.
fn unstall(dispatch: &mut Dispatch, model: &mut Model<'_>, cpu_width: usize) {
    let is_stalled = model.next(cpu_width).is_none() && !model.is_done();
    assert_eq!(dispatch.break_stall(), is_stalled);
    if is_stalled {
        let is_bug = |node: &usize| {
            let outcome = dispatch.frontier().outcome(NodeId::from_index(*node));
            outcome.is_some_and(|outcome| outcome.kind() == OutcomeKind::Bug) && model.ends[*node].is_none()
        };
        let victims: Vec<usize> = (0..model.ends.len()).filter(is_bug).collect();
        assert_eq!(victims.len(), 1);
        model.give_up(victims[0]);
    }
}

fn compare(drawn: &Drawn, dispatch: &mut Dispatch, model: &Model<'_>, told: &mut [usize]) {
    dispatch.drain_dropped(|node, _| told[node.index()] += 1);
    for node in 0..drawn.nodes.len() {
        let id = NodeId::from_index(node);
        assert_eq!(dispatch.frontier().outcome(id).map(end_of), model.ends[node], "{node}");
        let expected = match model.ends[node] {
            Some(_) => NodeState::Ended,
            None if model.started[node] => NodeState::Running,
            None if model.is_ready(node) => NodeState::Ready,
            None => NodeState::Waiting,
        };
        assert_eq!(dispatch.frontier().state(id), expected, "{node}");
    }
    for pool in 0..drawn.capacities.len() {
        let free = dispatch.free(PoolId::from_index(pool)).map(i64::from);
        assert_eq!(free, model.free(pool).map(|free| free.max(0)), "pool {pool}");
    }
}
