//! Starts a builder and waits until it lends its communicator.

use std::sync::Arc;

use engine::{Cancel, Failure, Outcome};
use planner::diagnostic::Diagnostics;
use planner::node::{BuildId, ComponentUse};

use crate::component::{Builder, ComponentError, HOOK_PROVISION, OnError, Ui};
use crate::executor::adopt;
use crate::executor::attempts::final_outcome;
use crate::executor::build_run::{BuildError, BuildRun, Live};
use crate::executor::configure::configure;
use crate::executor::interrupt::unless_stopped;
use crate::executor::provision;
use crate::executor::revealing_ui::RevealingUi;
use crate::executor::shared::{Executor, outcome_of};
use crate::output::BuildUi;
use crate::session::{BuilderEnd, Session, Step};

/// Succeeds when the builder has called `packer_provision`, or has ended well without.
pub(crate) async fn open(executor: &Arc<Executor>, id: BuildId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    if adopt::builder(executor, id).await {
        return Outcome::Succeeded;
    }
    let builder = match prepared(executor, id, cancel).await {
        Ok(builder) => builder,
        Err(error) => return failed(run, BuilderEnd::Returned(Err(error))),
    };
    let ui: Arc<dyn Ui> = if executor.recorder().is_active() {
        Arc::new(RevealingUi::new(executor.clone(), id))
    } else {
        Arc::new(BuildUi::new(executor.output.clone(), id))
    };
    // Open runs once.
    let _ = run.opened.set(());
    let mut session = Session::start(builder, ui, cancel.clone());
    loop {
        match session.next().await {
            Step::Called(call) if call.name == HOOK_PROVISION => {
                executor.lend(id, &call);
                *run.live.lock().await = Some(Live { session, call: Some(call), ended: None });
                return Outcome::Succeeded;
            }
            Step::Called(call) => provision::serve_hook(executor, id, call, cancel).await,
            Step::Ended(end) => return ended_early(executor, id, session, end, cancel).await,
        }
    }
}

/// The builder, told its configuration. What it has to say about that was said when it was checked.
async fn prepared(executor: &Executor, id: BuildId, cancel: &Cancel) -> Result<Box<dyn Builder>, ComponentError> {
    let program = &executor.program;
    let view = program.build_before(id, executor.run(id).generated());
    let mut diags = Diagnostics::new();
    let Some(config) = configure(executor, id, ComponentUse::Builder, view, &mut diags) else {
        return Err(ComponentError::new(executor.refuse(Some(id), diags).to_string()));
    };
    let kind = &program.build(id).kind;
    let Some(mut builder) = executor.registry.builder(kind) else {
        return Err(ComponentError::new(format!("builder {kind} vanished from the registry")));
    };
    executor.note_place(id, &config);
    unless_stopped(cancel, builder.prepare(&config, &executor.context(id))).await?;
    Ok(builder)
}

/// A builder may end without ever asking for provisioners.
async fn ended_early(executor: &Executor, id: BuildId, session: Session, end: BuilderEnd, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    match end {
        BuilderEnd::Returned(Ok(artifact)) => {
            let ended = Some(BuilderEnd::Returned(Ok(artifact)));
            *run.live.lock().await = Some(Live { session, call: None, ended });
            Outcome::Succeeded
        }
        end => {
            executor.record_builder_end(id, &end, cancel.is_killing());
            let outcome = failed(run, end);
            // What is to be left as it is, or was asked about, must not be there twice.
            let cleans_up = executor.plain_context().on_error == OnError::Cleanup;
            if cleans_up { outcome } else { final_outcome(outcome, cancel) }
        }
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
