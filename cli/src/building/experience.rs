//! What earlier runs of a template say about the next, and what it adds to that.

use std::path::Path;

use planner::estimate::Basis;
use planner::lower::Program;
use plugins::scrubber::Scrubber;

use crate::building::runner::Finished;
use crate::environment::Environment;
use crate::state::{Durations, Measured};

/// How long the nodes of a template took, if that is kept anywhere. It is worth no word when it cannot be: without it
/// there are guesses.
#[derive(Debug)]
pub struct Experience(Option<Durations>);

impl Experience {
    /// With the template at `path`.
    pub fn of(environment: &Environment, working_dir: &Path, path: &str) -> Self {
        Self(Durations::of(environment, working_dir, path))
    }

    /// Estimates `program` by it.
    pub fn apply(&self, program: &mut Program) -> Basis {
        program.estimate(&self.0.as_ref().map(Durations::estimates).unwrap_or_default())
    }

    /// Adds what a run took. Names with secrets in them are kept nowhere.
    pub fn add(&self, program: &Program, finished: &Finished, scrubber: &Scrubber) {
        let Some(durations) = &self.0 else { return };
        let is_open = |text: &str| scrubber.scrub(text) == text;
        let measured = finished.slots.iter().filter_map(|(id, slot)| {
            let (slot, node) = ((*slot)?, *program.plan.node(id));
            let (key, class) = (program.key(node), program.class(node));
            let counts = node.is_expected() && finished.report.outcomes[id].is_success();
            let is_kept = counts && is_open(&key) && is_open(&class);
            is_kept.then(|| Measured { key, class, duration: slot.end.saturating_sub(slot.start) })
        });
        if let Err(error) = durations.record(measured) {
            tracing::warn!("how long nodes took cannot be kept: {error}");
        }
    }
}
