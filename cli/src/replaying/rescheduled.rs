//! A recorded run in virtual time: every node takes as long and ends as it did. What had not ended, or was stopped, takes as
//! long as was expected of it, and goes well.

use std::collections::BTreeMap;
use std::time::Duration;

use engine::{
    Appraisal, Failure, GraphError, NodeId, NullEmitter, Outcome, OutcomeKind, Plan, SimOptions, SkipCause, appraise,
    simulate,
};

use super::recorded::RecordedRun;

/// Other capacities of pools, by name; none is no limit.
pub type Capacities = BTreeMap<String, Option<u32>>;

/// What a schedule came to.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How good it is.
    pub appraisal: Appraisal,
    /// The most nodes in flight at once; not known of what really happened.
    pub max_in_flight: Option<usize>,
    /// The pools and what there was of each; those without a limit are left out.
    pub limits: Vec<(String, u32)>,
    /// The nodes that determined the end.
    pub critical: Vec<String>,
    /// The pool that held it up most, if one did, and for how long.
    pub bottleneck: Option<(String, Duration)>,
}

/// Limits that a run cannot have.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// There is no such pool.
    #[error("the run has no pool {name:?}; it has {known}")]
    UnknownPool {
        /// What was given.
        name: String,
        /// The pools there are.
        known: String,
    },
    /// Something needs more than that.
    #[error(transparent)]
    TooSmall(#[from] GraphError),
}

impl Schedule {
    /// What really happened.
    pub fn of_record(run: &RecordedRun) -> Self {
        Self::new(&run.plan, appraise(&run.plan, workers(run), &run.slots), None)
    }

    /// What would have happened, with other capacities.
    ///
    /// # Errors
    ///
    /// The run cannot have them.
    pub fn again(run: &RecordedRun, capacities: &Capacities) -> Result<Self, LimitError> {
        let mut plan = run.plan.clone();
        for (name, capacity) in capacities {
            let meant: Vec<_> = plan.pools().iter().filter(|(_, pool)| pool.name == *name).map(|(id, _)| id).collect();
            if meant.is_empty() {
                let known: Vec<String> = plan.pools().values().iter().map(|pool| format!("{:?}", pool.name)).collect();
                return Err(LimitError::UnknownPool { name: name.clone(), known: known.join(", ") });
            }
            for pool in meant {
                plan = plan.with_capacity(pool, *capacity)?;
            }
        }
        let workers = workers(run);
        let forecast = simulate(&plan, &SimOptions::new(workers), &NullEmitter, |node| lived(run, node));
        let appraisal = appraise(&plan, workers, &forecast.slots);
        Ok(Self::new(&plan, appraisal, Some(forecast.max_in_flight)))
    }

    fn new(plan: &Plan<String>, appraisal: Appraisal, max_in_flight: Option<usize>) -> Self {
        let limits = plan.pools().values().iter().filter_map(|pool| Some((pool.name.clone(), pool.capacity?)));
        Self {
            limits: limits.collect(),
            critical: appraisal.critical.iter().map(|&node| plan.node(node).clone()).collect(),
            bottleneck: appraisal.bottleneck().map(|(pool, wait)| (plan.pools()[pool].name.clone(), wait)),
            max_in_flight,
            appraisal,
        }
    }
}

fn workers(run: &RecordedRun) -> usize {
    run.about.workers.max(1)
}

/// How long a node took, and how it ended.
fn lived(run: &RecordedRun, node: NodeId) -> (Duration, Outcome) {
    let took = run.slots[node].map_or(Duration::ZERO, |slot| slot.end.saturating_sub(slot.start));
    let outcome = match run.outcomes[node] {
        Some(OutcomeKind::Succeeded) => Outcome::Succeeded,
        Some(OutcomeKind::Failed) => Outcome::Failed(Failure::new("as recorded")),
        Some(OutcomeKind::TimedOut) => Outcome::TimedOut(Failure::new("as recorded")),
        Some(OutcomeKind::Bug) => Outcome::Bug("as recorded".to_owned()),
        Some(OutcomeKind::Skipped) if run.slots[node].is_some() => Outcome::Skipped(SkipCause::NotNeeded),
        Some(OutcomeKind::Skipped | OutcomeKind::Cancelled) | None => {
            return (run.plan.estimate(node), Outcome::Succeeded);
        }
    };
    (took, outcome)
}
