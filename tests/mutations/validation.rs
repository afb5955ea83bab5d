//! `packer validate` without a command line: a template goes all the way to the preparation of the built-in components.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::{Cancel, NullEmitter, RunOptions};
use planner::diagnostic::Diagnostics;
use planner::eval::Host;
use planner::files::Files;
use planner::legacy::{self, Given};
use planner::lower::analysis::{Inputs, analyse, parse};
use planner::lower::{Analysis, Extent, Limits, lower};
use planner::node::BuildId;
use planner::select::Selection;
use planner::values::{DataSupply, VariableInputs};
use plugins::component::{ComponentContext, ComponentError, Echo, OnError};
use plugins::executor::{Executor, RunFacts};
use plugins::output::{Line, Output};
use plugins::process::Fence;
use plugins::registry::Registry;
use plugins::scrubber::Scrubber;

const VERSION: &str = "1.16.0";

/// What templates are validated with.
pub(crate) struct Validator {
    runtime: tokio::runtime::Runtime,
    registry: Arc<Registry>,
    host: Host,
}

impl Validator {
    /// Templates are read from `folder`.
    pub(crate) fn new(folder: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
        let host = Host { base_dir: folder.to_owned(), working_dir: folder.to_owned(), ..Host::empty() };
        Self { runtime, registry: Arc::new(Registry::new()), host }
    }

    /// What is found in the template in file `name` with the values in the files `values`, and the files it was read from.
    pub(crate) fn validate(&self, name: &str, values: Vec<String>) -> (Diagnostics, Files) {
        let (mut files, mut found) = (Files::new(), Diagnostics::new());
        let variables = VariableInputs { files: values, ..VariableInputs::default() };
        let inputs = Inputs { variables: &variables, host: &self.host, version: VERSION };
        let parsed = parse(name, inputs, &mut files, &mut found);
        if let Some(parsed) = parsed.filter(|_| !found.has_errors()) {
            let analysis = analyse(parsed, inputs, DataSupply::Never, &*self.registry, &files, &mut found);
            let selection = Selection::new(&[], &[]).unwrap();
            self.prepare(analysis, &selection, &mut found);
        }
        (found, files)
    }

    /// The same for a legacy template.
    pub(crate) fn validate_legacy(&self, text: &[u8]) -> (Diagnostics, Files) {
        let (mut files, mut found) = (Files::new(), Diagnostics::new());
        let variables = VariableInputs::default();
        let inputs = Inputs { variables: &variables, host: &self.host, version: VERSION };
        if let Ok(template) = legacy::parse(&mut files, "template.json", text) {
            let analysis = legacy::analyse(template, Given::default(), inputs, &files, &mut found);
            self.prepare(analysis, &Selection::exact(&[], &[]), &mut found);
        }
        (found, files)
    }

    fn prepare(&self, analysis: Analysis, selection: &Selection, found: &mut Diagnostics) {
        let extent = (Limits::default(), Extent::Prepare);
        let program = Arc::new(lower(analysis, &*self.registry, selection, extent, found));
        if found.has_errors() {
            return;
        }
        let findings = Arc::new(Findings::default());
        let facts = RunFacts { context: self.context(), earlier: None };
        let executor = Executor::new(program.clone(), self.registry.clone(), findings.clone(), facts);
        let options = RunOptions { runtime: Some(self.runtime.handle().clone()), ..RunOptions::new(1) };
        engine::run(&program.plan, &Arc::new(executor), &options, &Cancel::new(), &NullEmitter).unwrap();
        found.append(std::mem::take(&mut findings.0.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    fn context(&self) -> ComponentContext {
        ComponentContext {
            build_name: Arc::from(""),
            builder_type: Arc::from(""),
            debug: false,
            force: false,
            on_error: OnError::default(),
            run_uuid: Arc::from("00000000-0000-0000-0000-000000000000"),
            earlier_runs: Arc::from([]),
            core_version: VERSION.into(),
            template_dir: None,
            working_dir: Arc::new(self.host.working_dir.clone()),
            environment: Arc::new(BTreeMap::new()),
            fence: Fence::default(),
            recorder: Default::default(),
            secrets: Scrubber::new(),
            started: (self.host.now)(),
            interactive: false,
            user_variables: None,
            sensitive_variables: std::sync::Arc::from([]),
            template_path: None,
        }
    }
}

/// Keeps what components say about their configuration.
#[derive(Default)]
struct Findings(Mutex<Diagnostics>);

#[async_trait]
impl Output for Findings {
    fn line(&self, _line: Line) {}

    fn machine(&self, _build: BuildId, _kind: &str, _args: &[String]) {}

    fn diagnostics(&self, _build: Option<BuildId>, diagnostics: Diagnostics) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).append(diagnostics);
    }

    async fn ask(&self, _query: String, _echo: Echo) -> Result<String, ComponentError> {
        Err(ComponentError::new("nobody is there"))
    }
}
