//! Attempts of nodes: what an earlier one noted is forgotten when the next begins, and what the last fails with remembers
//! the first. And what was asked to end because it took too long says so in the summary.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use engine::{Cancel, Failure, FailureClass, Outcome};
use planner::node::{Node, ProvisionerId};

use crate::component::ComponentError;
use crate::executor::build_run::{BuildError, BuildRun};
use crate::executor::shared::Executor;

/// Nodes that have failed: how often, and with what at first.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Node, (u32, String)>>);

impl Executor {
    /// An attempt of a node begins.
    pub(crate) fn begin(&self, node: Node, cancel: &Cancel) {
        let Some(id) = node.build() else { return };
        self.pulse.follow(id, cancel);
        if self.attempts.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(&node) {
            forget(self.run(id), node);
        }
    }

    /// An attempt of a node ended.
    pub(crate) fn conclude(&self, node: Node, outcome: &Outcome) {
        let Some(failure) = outcome.failure() else { return };
        let last = failure.to_string();
        let mut attempts = self.attempts.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (n_failed, first) = attempts.entry(node).or_insert_with(|| (0, last.clone()));
        *n_failed += 1;
        if let Some(id) = node.build().filter(|_| *n_failed > 1) {
            let more = if *first == last {
                format!(" (attempt {n_failed})")
            } else {
                format!(" (attempt {n_failed}; the first failed with: {first})")
            };
            amend(self.run(id), node, &more);
        }
    }

    /// A node was asked to end because it, or what it belongs to, took too long; or was not started any more.
    pub fn overdue(&self, node: Node, failure: &Failure) {
        let Some(id) = node.build() else { return };
        let (run, text) = (self.run(id), format!("{}: {failure}", self.program.key(node)));
        run.drop_errors(|error| *error == BuildError::Cancelled);
        if let Node::Provision(..) = node {
            // A builder cleans up after errors, not after being told to end: that it took too long is one.
            run.change_provision_error(|error| {
                if error.is_none() || *error == Some(ComponentError::Cancelled) {
                    *error = Some(ComponentError::new(text.clone()));
                }
            });
        }
        match node {
            Node::PostProcess(_, at) => run.fail(BuildError::PostProcess(at, text)),
            Node::Destroy(..) => run.fail(BuildError::Destroy(text)),
            _ => run.fail(BuildError::Builder(text)),
        }
    }
}

/// The same outcome as one that no further attempt can change. That it was too much at once is passed on.
pub(crate) fn final_outcome(outcome: Outcome, cancel: &Cancel) -> Outcome {
    match outcome {
        Outcome::Failed(failure) if failure.class() != FailureClass::Permanent => {
            if failure.class() == FailureClass::Throttled {
                cancel.throttled();
            }
            Outcome::Failed(Failure::new(failure.to_string()))
        }
        outcome => outcome,
    }
}

fn forget(run: &BuildRun, node: Node) {
    match node {
        Node::BuilderOpen(_) => {
            run.drop_errors(|error| matches!(error, BuildError::Builder(_) | BuildError::Cancelled))
        }
        // Those before it succeeded, or it would not run.
        Node::Provision(_, ProvisionerId::Ordinary(_)) => run.change_provision_error(|error| *error = None),
        Node::PostProcess(_, at) => {
            run.drop_errors(|error| matches!(error, BuildError::PostProcess(which, _) if *which == at));
        }
        Node::Destroy(..) => run.drop_errors(|error| matches!(error, BuildError::Destroy(_))),
        _ => {}
    }
}

fn amend(run: &BuildRun, node: Node, more: &str) {
    match node {
        Node::Provision(..) => run.change_provision_error(|error| {
            if let Some(ComponentError::Failed(text)) = error {
                text.push_str(more);
            }
        }),
        _ => run.amend_last_error(more),
    }
}
