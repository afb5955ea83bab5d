//! A run in virtual time: the same dispatch as a real run, with durations given instead of lived through. For forecasts,
//! and for asking what another limit would do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::dispatch::Dispatch;
use crate::id::{DenseMap, NodeId};
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

/// What the simulated cpu lane is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimOptions {
    /// How many nodes of the cpu lane run at once, at least 1.
    pub workers: usize,
}

/// Runs `plan` in virtual time; `script` says how long each node takes and how it ends. Deterministic.
pub fn simulate<N>(
    plan: &Plan<N>,
    options: SimOptions,
    mut script: impl FnMut(NodeId) -> (Duration, Outcome),
) -> Forecast {
    let mut dispatch = Dispatch::new(plan, options.workers);
    let mut slots = DenseMap::filled(None, plan.len());
    let mut outcomes_to_be = DenseMap::<NodeId, Option<Outcome>>::filled(None, plan.len());
    let mut ends = BinaryHeap::new();
    let mut now = 0u64;
    let mut max_in_flight = 0;
    dispatch.open();
    loop {
        while let Some(node) = dispatch.start_next() {
            let (duration, outcome) = script(node);
            let end = now.saturating_add(nanoseconds(duration));
            slots[node] = Some(Slot { start: Duration::from_nanos(now), end: Duration::from_nanos(end) });
            outcomes_to_be[node] = Some(outcome);
            ends.push(Reverse((end, node)));
        }
        max_in_flight = max_in_flight.max(ends.len());
        let Some(&Reverse((next, _))) = ends.peek() else {
            if dispatch.break_stall() {
                continue;
            }
            break;
        };
        now = next;
        // All that ends at this moment ends before anything starts in it, so that priorities alone decide.
        while let Some(&Reverse((end, node))) = ends.peek()
            && end == now
        {
            ends.pop();
            dispatch.end(node, outcomes_to_be[node].take().unwrap_or(Outcome::Cancelled));
        }
    }
    let (counts, outcomes) = dispatch.into_outcomes();
    Forecast { makespan: Duration::from_nanos(now), slots, outcomes, counts, max_in_flight }
}

/// [`simulate`] with the plan's own estimates, everything going well.
pub fn forecast<N>(plan: &Plan<N>, options: SimOptions) -> Forecast {
    simulate(plan, options, |node| (plan.estimate(node), Outcome::Succeeded))
}
