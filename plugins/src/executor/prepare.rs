//! Data sources, and the check of every component's configuration before a machine is started for it.

use std::sync::Arc;

use engine::{Cancel, Failure, Outcome};
use planner::catalog::ComponentKind;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::node::{BuildId, ComponentUse, Node};
use planner::value::Value;

use crate::component::{ComponentError, Datasource, Prepared};
use crate::executor::build_run::BuildError;
use crate::executor::configure::{configure, refusal, remark};
use crate::executor::interrupt::unless_stopped;
use crate::executor::shared::{Executor, outcome_of};

/// Runs a data source and records its value.
pub(crate) async fn datasource(executor: &Arc<Executor>, at: usize, cancel: &Cancel) -> Outcome {
    let _pass = executor.turn_to_fetch(&executor.program.template.data[at].kind.name, at as u32).await;
    let datasource = match prepared(executor, at, cancel).await {
        Ok(datasource) => datasource,
        Err(outcome) => return outcome,
    };
    match datasource.execute(cancel).await {
        Ok(value) => {
            let values = &executor.program.values;
            values.set_data(at, value);
            // Before anybody can refer to them.
            values.secrets_of_data(at).iter().for_each(|secret| executor.secrets().hide(secret));
            Outcome::Succeeded
        }
        Err(ComponentError::Cancelled) => Outcome::Cancelled,
        Err(error) => {
            let kind = outcome_of(error.clone());
            executor.refuse(None, datasource_error(executor, at, &error));
            kind
        }
    }
}

/// Checks a data source that does not run.
pub(crate) async fn check_datasource(executor: &Arc<Executor>, at: usize, cancel: &Cancel) -> Outcome {
    let _pass =
        executor.turn_to_check(ComponentKind::Datasource, &executor.program.template.data[at].kind.name, 0).await;
    prepared(executor, at, cancel).await.map_or_else(|outcome| outcome, |_| Outcome::Succeeded)
}

/// A data source with its configuration, checked.
async fn prepared(executor: &Arc<Executor>, at: usize, cancel: &Cancel) -> Result<Box<dyn Datasource>, Outcome> {
    let block = &executor.program.template.data[at];
    let mut diags = Diagnostics::new();
    let Some(config) = executor.program.configure_data(at, &mut diags) else {
        return Err(Outcome::Failed(executor.refuse(None, diags)));
    };
    let Some(mut datasource) = executor.registry.datasource(&block.kind.name) else {
        return Err(vanished(&block.kind.name));
    };
    match unless_stopped(cancel, datasource.prepare(&config, &executor.plain_context())).await {
        Ok(warnings) => {
            diags.extend(warnings.into_iter().map(|text| Diagnostic::warning(text, String::new(), block.header)));
            executor.show(None, diags);
        }
        Err(ComponentError::Cancelled) => return Err(Outcome::Cancelled),
        Err(error) => return Err(Outcome::Failed(executor.refuse(None, datasource_error(executor, at, &error)))),
    }
    Ok(datasource)
}

fn datasource_error(executor: &Executor, at: usize, error: &ComponentError) -> Diagnostics {
    Diagnostic::error(error.to_string(), String::new(), executor.program.template.data[at].header).into()
}

/// Decodes and checks one component's configuration. The component itself is let go of again: what runs ahead of its time
/// must not hold a process until then.
pub(crate) async fn component(executor: &Arc<Executor>, id: BuildId, what: ComponentUse, cancel: &Cancel) -> Outcome {
    let run = executor.run(id);
    let name = component_name(executor, id, what);
    let _pass = executor.turn_to_check(kind_of(what), &name, id.0).await;
    let build_view = executor.program.build_before(id, run.generated());
    let mut diags = Diagnostics::new();
    let config = configure(executor, id, what, build_view, &mut diags);
    let at = executor.program.span(Node::Prepare(id, what));
    let Some(config) = config else {
        return refused(executor, id, diags);
    };
    match unless_stopped(cancel, Box::pin(check(executor, id, (what, &name), &config))).await {
        Ok(prepared) => {
            executor.record_inputs(id, what, &config);
            if what == ComponentUse::Builder {
                // A build is prepared once, so nobody else has set the names.
                let _ = run.generated.set(prepared.generated);
            }
            diags.extend(prepared.warnings.into_iter().map(|warning| remark(executor, id, warning, at)));
            executor.show(Some(id), diags);
            Outcome::Succeeded
        }
        Err(ComponentError::Cancelled) => {
            run.fail(BuildError::Cancelled);
            Outcome::Cancelled
        }
        Err(error) => {
            diags.push(refusal(executor, id, what, &error, at));
            refused(executor, id, diags)
        }
    }
}

/// Has a new component check its configuration.
async fn check(
    executor: &Executor,
    id: BuildId,
    (what, name): (ComponentUse, &str),
    config: &Value,
) -> Result<Prepared, ComponentError> {
    let (context, registry) = (executor.context(id), &executor.registry);
    let vanished = || ComponentError::new(format!("component {name} vanished from the registry"));
    let warned = |warnings| Prepared { warnings, generated: Vec::new() };
    match what {
        ComponentUse::Builder => registry.builder(name).ok_or_else(vanished)?.prepare(config, &context).await,
        ComponentUse::Provisioner(_) => {
            registry.provisioner(name).ok_or_else(vanished)?.prepare(config, &context).await.map(warned)
        }
        ComponentUse::PostProcessor(_) => {
            registry.post_processor(name).ok_or_else(vanished)?.prepare(config, &context).await.map(warned)
        }
    }
}

/// What kind of component is used.
pub(crate) fn kind_of(what: ComponentUse) -> ComponentKind {
    match what {
        ComponentUse::Builder => ComponentKind::Builder,
        ComponentUse::Provisioner(_) => ComponentKind::Provisioner,
        ComponentUse::PostProcessor(_) => ComponentKind::PostProcessor,
    }
}

fn refused(executor: &Arc<Executor>, id: BuildId, diags: Diagnostics) -> Outcome {
    let failure = executor.refuse(Some(id), diags);
    executor.run(id).fail(BuildError::Prepare(failure.to_string()));
    Outcome::Failed(failure)
}

fn vanished(name: &str) -> Outcome {
    Outcome::Bug(format!("component {name} vanished from the registry"))
}

/// The type of the component used.
pub(crate) fn component_name(executor: &Executor, id: BuildId, what: ComponentUse) -> Arc<str> {
    let program = &executor.program;
    let kind = match what {
        ComponentUse::Builder => Some(program.build(id).kind.clone()),
        ComponentUse::Provisioner(at) => program.provisioner(id, at).map(|(block, _)| block.kind.name.clone()),
        ComponentUse::PostProcessor(at) => program.post_processor(id, at).map(|(block, _)| block.kind.name.clone()),
    };
    kind.unwrap_or_default()
}

/// A failure that carries a component's own text.
pub(crate) fn failure(text: impl Into<String>) -> Failure {
    Failure::new(ComponentError::new(text))
}
