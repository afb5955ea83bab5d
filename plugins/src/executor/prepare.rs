//! Data sources, and the check of every component's configuration before a machine is started for it.

use std::sync::Arc;

use engine::{Cancel, Failure, Outcome};
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::node::{BuildId, ComponentUse, Node};

use crate::component::{ComponentError, Datasource};
use crate::executor::build_run::{BuildError, lock};
use crate::executor::configure::{configure, refusal, remark};
use crate::executor::shared::{Executor, outcome_of};

/// Runs a data source and records its value.
pub(crate) async fn datasource(executor: &Arc<Executor>, at: usize, cancel: &Cancel) -> Outcome {
    let datasource = match prepared(executor, at).await {
        Ok(datasource) => datasource,
        Err(outcome) => return outcome,
    };
    match datasource.execute(cancel).await {
        Ok(value) => {
            let values = &executor.program.values;
            values.set_data(at, value);
            // Before anybody can refer to them.
            values.secrets_of_data(at).iter().for_each(|secret| executor.output.hide(secret));
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
pub(crate) async fn check_datasource(executor: &Arc<Executor>, at: usize) -> Outcome {
    prepared(executor, at).await.map_or_else(|outcome| outcome, |_| Outcome::Succeeded)
}

/// A data source with its configuration, checked.
async fn prepared(executor: &Arc<Executor>, at: usize) -> Result<Box<dyn Datasource>, Outcome> {
    let block = &executor.program.template.data[at];
    let mut diags = Diagnostics::new();
    let Some(config) = executor.program.configure_data(at, &mut diags) else {
        return Err(Outcome::Failed(executor.refuse(None, diags)));
    };
    let Some(mut datasource) = executor.registry.datasource(&block.kind.name) else {
        return Err(vanished(&block.kind.name));
    };
    match datasource.prepare(&config, &executor.plain_context()).await {
        Ok(warnings) => {
            diags.extend(warnings.into_iter().map(|text| Diagnostic::warning(text, String::new(), block.header)));
            executor.show(None, diags);
        }
        Err(error) => return Err(Outcome::Failed(executor.refuse(None, datasource_error(executor, at, &error)))),
    }
    Ok(datasource)
}

fn datasource_error(executor: &Executor, at: usize, error: &ComponentError) -> Diagnostics {
    Diagnostic::error(error.to_string(), String::new(), executor.program.template.data[at].header).into()
}

/// Decodes and checks one component's configuration.
pub(crate) async fn component(executor: &Arc<Executor>, id: BuildId, what: ComponentUse) -> Outcome {
    let run = executor.run(id);
    let build_view = executor.program.build_before(id, run.generated());
    let mut diags = Diagnostics::new();
    let config = configure(executor, id, what, build_view, &mut diags);
    let at = executor.program.span(Node::Prepare(id, what));
    let Some(config) = config else {
        return refused(executor, id, diags);
    };
    let context = executor.context(id);
    let registry = &executor.registry;
    let name = component_name(executor, id, what);
    let prepared = match what {
        ComponentUse::Builder => {
            let Some(mut builder) = registry.builder(&name) else { return vanished(&name) };
            builder.prepare(&config, &context).await.map(|prepared| {
                // A build is prepared once, so nobody else has set the names.
                let _ = run.generated.set(prepared.generated);
                *lock(&run.builder) = Some(builder);
                prepared.warnings
            })
        }
        ComponentUse::Provisioner(_) => {
            let Some(mut provisioner) = registry.provisioner(&name) else { return vanished(&name) };
            provisioner.prepare(&config, &context).await
        }
        ComponentUse::PostProcessor(_) => {
            let Some(mut post_processor) = registry.post_processor(&name) else { return vanished(&name) };
            post_processor.prepare(&config, &context).await
        }
    };
    match prepared {
        Ok(warnings) => {
            diags.extend(warnings.into_iter().map(|warning| remark(executor, id, warning, at)));
            executor.show(Some(id), diags);
            Outcome::Succeeded
        }
        Err(error) => {
            diags.push(refusal(executor, id, what, &error, at));
            refused(executor, id, diags)
        }
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
