//! What all components of a run are told about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use planner::lower::Analysis;
use plugins::component::{ComponentContext, OnError};
use plugins::executor::RunFacts;
use plugins::journal::Recorder;

use crate::session::Session;

/// Flags that reach components.
#[derive(Clone, Copy, Debug, Default)]
pub struct ComponentFlags {
    /// `-debug`.
    pub debug: bool,
    /// `-force`.
    pub force: bool,
    /// `-on-error`.
    pub on_error: OnError,
}

/// The facts of one run of the template in `analysis`.
pub fn run_facts(session: &Session, analysis: &Analysis, flags: ComponentFlags) -> RunFacts {
    let host = &analysis.values.host;
    let run_uuid = uuid::Uuid::new_v4().to_string();
    let mut environment = without_secrets(&session.environment.variables, analysis);
    environment.insert("PACKER_RUN_UUID".to_owned(), run_uuid.clone());
    let context = ComponentContext {
        build_name: Arc::from(""),
        builder_type: Arc::from(""),
        debug: flags.debug,
        force: flags.force,
        on_error: flags.on_error,
        run_uuid: run_uuid.into(),
        earlier_runs: Arc::from([]),
        core_version: session.version.number.into(),
        template_dir: Some(host.working_dir.join(&host.base_dir).to_string_lossy().into()),
        working_dir: Arc::new(host.working_dir.clone()),
        environment: Arc::new(environment),
        fence: session.fence.clone(),
        recorder: Recorder::default(),
        secrets: session.scrubber().clone(),
        started: host.started,
        interactive: !session.settings().machine_readable,
        user_variables: None,
        sensitive_variables: Arc::from(analysis.values.variables().sensitive()),
        template_path: None,
    };
    RunFacts { context, earlier: None }
}

/// Child processes must not inherit sensitive variables in clear.
fn without_secrets(environment: &BTreeMap<String, String>, analysis: &Analysis) -> BTreeMap<String, String> {
    let mut kept = environment.clone();
    for name in analysis.values.variables().sensitive() {
        kept.remove(&format!("PKR_VAR_{name}"));
    }
    kept
}
