//! Provisioners: the ordinary ones in the middle of a session, and the one that cleans up after an error.

use std::sync::Arc;

use std::pin::pin;

use engine::{Cancel, CancelPhase, Outcome, SkipCause};
use futures_util::future::{Either, select};
use planner::diagnostic::Diagnostics;
use planner::node::{BuildId, ComponentUse, Node, ProvisionerId};

use crate::component::{Communicator, ComponentError, HOOK_CLEANUP_PROVISION, HOOK_PROVISION, Ui};
use crate::executor::build_run::Live;
use crate::executor::configure::configure;
use crate::executor::interrupt::unless_stopped;
use crate::executor::named_machine::NamedMachine;
use crate::executor::prepare::component_name;
use crate::executor::shared::{Executor, outcome_of};
use crate::output::BuildUi;
use crate::session::{HookCall, Step};
use crate::wrapper::{Attempt, ProvisionOptions, provision_with};

const NO_COMMUNICATOR: &str = "No communicator found for provisioners! This is usually because the\n`communicator` \
                               config was set to \"none\". If you have any provisioners\nthen a communicator is \
                               required. Please fix this to continue.";

/// Runs a provisioner node.
pub(crate) async fn node(executor: &Arc<Executor>, id: BuildId, at: ProvisionerId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    if at == ProvisionerId::ErrorCleanup {
        return error_cleanup(executor, id, cancel).await;
    }
    if run.is_adopted() {
        return Outcome::Succeeded;
    }
    if run.lent().is_none() {
        return Outcome::Skipped(SkipCause::NotNeeded);
    }
    match provision(executor, id, at, cancel).await {
        Ok(()) => {
            run.note_provisioned();
            Outcome::Succeeded
        }
        Err(error) => {
            run.set_provision_error(error.clone());
            outcome_of(error)
        }
    }
}

/// Answers the failed provision call; the builder then asks for the cleanup, or decides to do without.
async fn error_cleanup(executor: &Arc<Executor>, id: BuildId, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    let mut live = run.live.lock().await;
    let Some(live) = live.as_mut() else { return Outcome::Skipped(SkipCause::NotNeeded) };
    answer_provision(executor, id, live);
    match live.session.next().await {
        Step::Called(call) => serve_hook(executor, id, call, cancel).await,
        Step::Ended(end) => {
            live.ended = Some(end);
            return Outcome::Skipped(SkipCause::NotNeeded);
        }
    }
    Outcome::Succeeded
}

/// Lets the builder go on with the provisioners' result. Provisioners that never started left no error, and yet it must
/// not be told that all is well.
pub(crate) fn answer_provision(executor: &Executor, id: BuildId, live: &mut Live) {
    let run = executor.run(id);
    if let Some(call) = live.call.take() {
        if run.n_provisioned() < executor.program.build(id).provisioners.len() {
            run.set_provision_error(ComponentError::Cancelled);
        }
        call.answer(run.provision_result());
    }
}

/// Answers a hook other than the first `packer_provision`. Unknown hooks have nothing registered and succeed.
pub(crate) async fn serve_hook(executor: &Arc<Executor>, id: BuildId, call: HookCall, cancel: &Cancel) {
    executor.lend(id, &call);
    let has_cleanup = executor.program.build(id).error_cleanup;
    let result = match call.name.as_str() {
        HOOK_PROVISION => provision_again(executor, id, cancel).await,
        HOOK_CLEANUP_PROVISION if has_cleanup => {
            // What failed may be the cancellation itself, and a run that is stopping still cleans up; only killing
            // ends it.
            let shielded = cancel.shielded();
            provision(executor, id, ProvisionerId::ErrorCleanup, &shielded).await
        }
        _ => Ok(()),
    };
    call.answer(result);
}

/// A builder that repeats its provision step (`-on-error=ask`, answer `r`) has all provisioners run once more. Their
/// nodes have ended, so it happens inside whichever node is listening to the builder.
async fn provision_again(executor: &Arc<Executor>, id: BuildId, cancel: &Cancel) -> Result<(), ComponentError> {
    for nth in 0..executor.program.build(id).provisioners.len() {
        provision(executor, id, ProvisionerId::Ordinary(nth as u32), cancel).await?;
    }
    Ok(())
}

async fn provision(
    executor: &Arc<Executor>,
    id: BuildId,
    at: ProvisionerId,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let lent = executor.run(id).lent();
    let communicator = lent.as_ref().and_then(|lent| lent.communicator.clone());
    let Some(communicator) = communicator else { return Err(ComponentError::new(NO_COMMUNICATOR)) };
    let Some((_, meta)) = executor.program.provisioner(id, at) else {
        return Err(ComponentError::new("the provisioner vanished from the plan"));
    };
    let options = ProvisionOptions {
        pause_before: meta.pause_before,
        timeout: meta.timeout,
        max_retries: meta.max_retries,
        continue_on_error: meta.continue_on_error,
        debug: executor.context(id).debug,
    };
    let ui: Arc<dyn Ui> = Arc::new(BuildUi::new(executor.output.clone(), id));
    let attempt = |Attempt { cancel, .. }: Attempt| {
        let (executor, ui, communicator) = (executor.clone(), ui.clone(), communicator.clone());
        async move { one_attempt(&executor, id, at, ui, communicator, &cancel).await }
    };
    let scope = cancel.child();
    let work = pin!(provision_with(&options, attempt, ui.as_ref(), &scope));
    let given_up = async {
        match lent {
            // Cleaning up goes on whatever the builder wants to end.
            Some(lent) if at != ProvisionerId::ErrorCleanup => lent.cancel.stopping().await,
            _ => std::future::pending().await,
        }
    };
    match select(work, pin!(given_up)).await {
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => {
            scope.raise(CancelPhase::Stopping);
            work.await
        }
    }
}

/// Each attempt decodes the configuration again, as values may have changed since.
async fn one_attempt(
    executor: &Arc<Executor>,
    id: BuildId,
    at: ProvisionerId,
    ui: Arc<dyn Ui>,
    communicator: Arc<dyn Communicator>,
    cancel: &Cancel,
) -> Result<(), ComponentError> {
    let run = executor.run(id);
    let what = ComponentUse::Provisioner(at);
    let name = component_name(executor, id, what);
    let data = run.lent().map(|lent| lent.data.clone()).unwrap_or_default();
    let view = executor.program.build_after(id, run.generated(), &data);
    let mut diags = Diagnostics::new();
    let config = configure(executor, id, what, view, &mut diags);
    let Some(config) = config else {
        return Err(ComponentError::new(executor.refuse(Some(id), diags).to_string()));
    };
    let Some(mut provisioner) = executor.registry.provisioner(&name) else {
        return Err(ComponentError::new(format!("provisioner {name} vanished from the registry")));
    };
    unless_stopped(cancel, provisioner.prepare(&config, &executor.context(id))).await?;
    let place = executor.program.key(Node::Provision(id, at));
    let machine = NamedMachine::new(communicator, &name, &place, &data);
    provisioner.provision(ui, Arc::new(machine), &data, cancel).await
}
