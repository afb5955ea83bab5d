//! The configuration of a component in either template language.

use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::interpolate::Facts;
use planner::node::{BuildId, ComponentUse};
use planner::span::Span;
use planner::value::{Value, quote};

use crate::component::ComponentError;
use crate::executor::prepare::{component_name, kind_of};
use crate::executor::shared::Executor;

/// The configuration of a component, `build` being what `build.*` is now. None when there is something wrong with it,
/// which is then in `diags`.
pub(crate) fn configure(
    executor: &Executor,
    id: BuildId,
    what: ComponentUse,
    build: Value,
    diags: &mut Diagnostics,
) -> Option<Value> {
    let program = &executor.program;
    let Some(configs) = program.raw_configs(id, what) else {
        return program.configure(id, what, build, diags);
    };
    let kind = kind_of(what);
    let promised = program.promised(what, executor.run(id).generated());
    let facts = Facts { promised, ..executor.context(id).facts() };
    match executor.registry.decode(kind, &component_name(executor, id, what), &configs, facts)? {
        Ok(config) => Some(config),
        Err(error) => {
            diags.push(refused(executor, id, &error));
            None
        }
    }
}

/// What is said when a component refuses its configuration.
pub(crate) fn refusal(
    executor: &Executor,
    id: BuildId,
    what: ComponentUse,
    error: &ComponentError,
    at: Span,
) -> Diagnostic {
    let program = &executor.program;
    if program.legacy.is_some() {
        return refused(executor, id, error);
    }
    let summary = match what {
        ComponentUse::Builder => return Diagnostic::error(error.to_string(), String::new(), at),
        ComponentUse::Provisioner(nth) => {
            let label = program.provisioner(id, nth).map(|(_, meta)| meta.name.clone()).unwrap_or_default();
            format!("Failed preparing provisioner-block {:?} {label:?}", component_name(executor, id, what))
        }
        ComponentUse::PostProcessor(nth) => {
            let label = program.post_processor(id, nth).map(|(_, meta)| meta.name.clone()).unwrap_or_default();
            format!("Failed preparing post-processor-block {:?} {label:?}", component_name(executor, id, what))
        }
    };
    Diagnostic::error(summary, error.to_string(), at)
}

/// In legacy templates it is the build as a whole that is refused, and nothing is pointed at.
fn refused(executor: &Executor, id: BuildId, error: &ComponentError) -> Diagnostic {
    let name = quote(&executor.program.build(id).source_name);
    Diagnostic::error(format!("Failed to prepare build: {name}"), error.to_string(), None)
}

/// What is said when a component has something to say about its configuration.
pub(crate) fn remark(executor: &Executor, id: BuildId, warning: String, at: Span) -> Diagnostic {
    if executor.program.legacy.is_none() {
        return Diagnostic::warning(warning, String::new(), at);
    }
    let name = quote(&executor.program.build(id).source_name);
    Diagnostic::warning(format!("Warning when preparing build: {name}"), warning, None)
}
