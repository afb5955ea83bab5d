//! Starts a builder and waits until it lends its communicator.

use std::sync::Arc;

use engine::{Cancel, Failure, Outcome};
use planner::node::BuildId;

use crate::component::{ComponentError, HOOK_PROVISION};
use crate::executor::build_run::{BuildError, BuildRun, Live, lock};
use crate::executor::provision;
use crate::executor::shared::{Executor, outcome_of};
use crate::output::BuildUi;
use crate::session::{BuilderEnd, Session, Step};

/// Succeeds when the builder has called `packer_provision`, or has ended well without.
pub(crate) async fn open(executor: &Arc<Executor>, id: BuildId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    let Some(builder) = lock(&run.builder).take() else {
        return Outcome::Bug("a build was opened twice".to_owned());
    };
    let ui = Arc::new(BuildUi::new(executor.output.clone(), id));
    let mut session = Session::start(builder, ui, cancel.clone());
    loop {
        match session.next().await {
            Step::Called(call) if call.name == HOOK_PROVISION => {
                run.lend(&call);
                *run.live.lock().await = Some(Live { session, call: Some(call), ended: None });
                return Outcome::Succeeded;
            }
            Step::Called(call) => provision::serve_hook(executor, id, call, cancel).await,
            Step::Ended(end) => return ended_early(run, session, end).await,
        }
    }
}

/// A builder may end without ever asking for provisioners.
async fn ended_early(run: &BuildRun, session: Session, end: BuilderEnd) -> Outcome {
    match end {
        BuilderEnd::Returned(Ok(artifact)) => {
            let ended = Some(BuilderEnd::Returned(Ok(artifact)));
            *run.live.lock().await = Some(Live { session, call: None, ended });
            Outcome::Succeeded
        }
        end => failed(run, end),
    }
}

/// Notes a builder's bad end for the summary.
pub(crate) fn failed(run: &BuildRun, end: BuilderEnd) -> Outcome {
    match end {
        BuilderEnd::Returned(Err(ComponentError::Cancelled)) => match run.provision_result() {
            // What a provisioner failed with says more than that everything was stopped because of it.
            Err(error) if error != ComponentError::Cancelled => {
                run.fail(BuildError::Builder(error.to_string()));
                outcome_of(error)
            }
            _ => {
                run.fail(BuildError::Cancelled);
                Outcome::Cancelled
            }
        },
        BuilderEnd::Returned(Err(error)) => {
            run.fail(BuildError::Builder(error.to_string()));
            outcome_of(error)
        }
        BuilderEnd::Returned(Ok(_)) => Outcome::Failed(Failure::new("the builder ended without failing")),
        BuilderEnd::Panicked(text) => {
            run.fail(BuildError::Builder(format!("bug: the builder panicked: {text}")));
            Outcome::Bug(text)
        }
    }
}
