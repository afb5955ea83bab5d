//! What the nodes of a run share: the program, the components, and how far each build has come.

use std::collections::HashMap;
use std::sync::Arc;

use engine::{Failure, Outcome};
use planner::catalog::ComponentKind;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::lower::Program;
use planner::node::{BuildId, Node};
use planner::value::Value;

use crate::component::{BuildData, ComponentContext, ComponentError};
use crate::config::is_placeholder;
use crate::executor::attempts::Attempts;
use crate::executor::build_run::BuildRun;
use crate::executor::pulse::Pulse;
use crate::gate::{Gate, Pass};
use crate::journal::reveal::Reveal;
use crate::journal::{Earlier, Inputs, Recorder};
use crate::output::{ChainOutput, Output};
use crate::registry::Registry;
use crate::scrubber::Scrubber;
use crate::session::HookCall;
use crate::trouble::class_of;

/// The facts of one run that every component is told; the build's own names are filled in for each.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// With empty build name and type.
    pub context: ComponentContext,
    /// The run that this one takes up, if it does.
    pub earlier: Option<Arc<Earlier>>,
}

/// Runs the nodes of one program.
pub struct Executor {
    pub(crate) program: Arc<Program>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) output: Arc<dyn Output>,
    pub(crate) pulse: Arc<Pulse>,
    pub(crate) attempts: Attempts,
    facts: RunFacts,
    builds: Vec<BuildRun>,
    /// Where those wait that are checked in processes of their own.
    checks: Gate,
    /// Where data sources wait that run in processes of their own.
    fetches: Gate,
    inputs: Inputs,
    reveal: Reveal,
    /// Where nodes are in the plan; empty when nothing is written down.
    positions: HashMap<Node, u32>,
}

/// What `build.*` has of passwords and keys, each with the name under which it has the user that they are of.
const LOGINS: [(&str, &str); 3] = [("Password", "User"), ("WinRMPassword", "User"), ("SSHPrivateKey", "User")];

/// So many data sources run at a time, each in a process of its own: they wait for others most of the time.
const FETCHES_ABREAST: usize = 16;

impl Executor {
    /// For one run of `program`.
    pub fn new(program: Arc<Program>, registry: Arc<Registry>, output: Arc<dyn Output>, facts: RunFacts) -> Self {
        let pulse = Arc::new(Pulse::new(output, program.builds.len()));
        let output: Arc<dyn Output> = pulse.clone();
        let builds = program
            .builds
            .iter()
            .map(|build| BuildRun::new(Arc::new(ChainOutput::new(output.clone(), build.chains.len()))))
            .collect();
        let inputs = Inputs::new(facts.context.working_dir.clone());
        let n_recorded = if facts.context.recorder.is_active() { program.plan.len() } else { 0 };
        let numbered = program.plan.ids().take(n_recorded);
        let positions = numbered.map(|id| (*program.plan.node(id), id.index() as u32)).collect();
        let n_cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Self {
            program,
            registry,
            output,
            pulse,
            attempts: Attempts::default(),
            facts,
            builds,
            checks: Gate::new(n_cores + 1),
            fetches: Gate::new(FETCHES_ABREAST),
            inputs,
            reveal: Reveal::default(),
            positions,
        }
    }

    /// Where it is written down what nodes reveal.
    pub(crate) fn recorder(&self) -> &Recorder {
        &self.facts.context.recorder
    }

    /// The run that this one takes up.
    pub(crate) fn earlier(&self) -> Option<&Arc<Earlier>> {
        self.facts.earlier.as_ref()
    }

    /// Knows what components are made from.
    pub(crate) fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// Understands what builders say.
    pub(crate) fn reveal(&self) -> &Reveal {
        &self.reveal
    }

    /// A node's position in the plan; meaningful while something is written down.
    pub(crate) fn position(&self, node: Node) -> u32 {
        self.positions.get(&node).copied().unwrap_or_default()
    }

    /// A build's state.
    pub(crate) fn run(&self, id: BuildId) -> &BuildRun {
        &self.builds[id.0 as usize]
    }

    /// What components of a build are told.
    pub(crate) fn context(&self, id: BuildId) -> ComponentContext {
        let build = self.program.build(id);
        let mut context = self.facts.context.clone();
        context.build_name = build.source_name.clone();
        context.builder_type = build.kind.clone();
        if let Some(legacy) = &self.program.legacy {
            context.user_variables = Some(legacy.variables.clone());
            context.template_dir = legacy.template_dir();
            context.template_path = legacy.template_path();
        }
        context
    }

    /// What components outside any build are told.
    pub(crate) fn plain_context(&self) -> ComponentContext {
        self.facts.context.clone()
    }

    /// What is taken out of everything that is shown.
    pub(crate) fn secrets(&self) -> &Scrubber {
        &self.facts.context.secrets
    }

    /// Takes the machine that a call lends to build `id`. How to log in to it is nobody's business.
    pub(crate) fn lend(&self, id: BuildId, call: &HookCall) {
        self.hide_logins(&call.data);
        self.record_machine(id, &call.data);
        self.run(id).lend(call);
    }

    /// Hides what `build.*` has of passwords and keys.
    pub(crate) fn hide_logins(&self, data: &BuildData) {
        let text = |name: &str| data.get(name).and_then(Value::as_str).unwrap_or_default();
        for (name, user) in LOGINS {
            // What a builder does not know it says in so many words.
            if !is_placeholder(text(name)) && !text(name).starts_with("ERR_") {
                self.secrets().hide_password(text(name), text(user));
            }
        }
    }

    /// Waits until a component may be checked, those of build number `order` before those of later ones. Components
    /// without a process of their own need not wait.
    pub(crate) async fn turn_to_check(&self, kind: ComponentKind, name: &str, order: u32) -> Option<Pass> {
        if self.registry.is_external(kind, name) { Some(self.checks.enter(order).await) } else { None }
    }

    /// Waits until data source number `at` may run.
    pub(crate) async fn turn_to_fetch(&self, name: &str, at: u32) -> Option<Pass> {
        if self.registry.is_external(ComponentKind::Datasource, name) {
            Some(self.fetches.enter(at).await)
        } else {
            None
        }
    }

    /// Shows findings, if any; `id` is the build they are about.
    pub(crate) fn show(&self, id: Option<BuildId>, diags: Diagnostics) {
        if !diags.is_empty() {
            self.output.diagnostics(id, diags);
        }
    }

    /// Shows findings, and gives what a node fails with: the first error's summary and detail.
    pub(crate) fn refuse(&self, id: Option<BuildId>, diags: Diagnostics) -> Failure {
        let first = diags.iter().find(|found| found.severity == planner::diagnostic::Severity::Error);
        let text = first.map_or_else(|| "invalid configuration".to_owned(), one_line);
        self.show(id, diags);
        Failure::new(text)
    }
}

/// The outcome of a node whose component answered with `error`.
pub(crate) fn outcome_of(error: ComponentError) -> Outcome {
    match error {
        ComponentError::Cancelled => Outcome::Cancelled,
        ComponentError::TimedOut => Outcome::TimedOut(Failure::new(error)),
        error => Outcome::Failed(Failure::classed(class_of(&error), error)),
    }
}

fn one_line(diagnostic: &Diagnostic) -> String {
    if diagnostic.detail.is_empty() {
        diagnostic.summary.clone()
    } else {
        format!("{}: {}", diagnostic.summary, diagnostic.detail)
    }
}
