//! Maps each node to the code that runs it, and holds what those share.

use std::sync::Arc;

use engine::{Cancel, Execute, Failure, NodeId, Outcome, Plan, Work};
use futures_util::FutureExt;
use planner::diagnostic::{Diagnostic, Diagnostics};
use planner::lower::Program;
use planner::node::{BuildId, Node};

use crate::component::{ComponentContext, ComponentError};
use crate::executor::build_run::{BuildError, BuildRun};
use crate::executor::{close, open, post_process, prepare, provision};
use crate::output::{ChainOutput, Output};
use crate::registry::Registry;
use crate::session::panic_text;

/// The facts of one run that every component is told; the build's own names are filled in for each.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// With empty build name and type.
    pub context: ComponentContext,
}

/// Runs the nodes of one program.
pub struct Executor {
    pub(crate) program: Arc<Program>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) output: Arc<dyn Output>,
    facts: RunFacts,
    builds: Vec<BuildRun>,
}

impl Executor {
    /// For one run of `program`.
    pub fn new(program: Arc<Program>, registry: Arc<Registry>, output: Arc<dyn Output>, facts: RunFacts) -> Self {
        let builds = program
            .builds
            .iter()
            .map(|build| BuildRun::new(Arc::new(ChainOutput::new(output.clone(), build.chains.len()))))
            .collect();
        Self { program, registry, output, facts, builds }
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
        context
    }

    /// What components outside any build are told.
    pub(crate) fn plain_context(&self) -> ComponentContext {
        self.facts.context.clone()
    }

    /// Shows findings, and gives what a node fails with: the first error's summary and detail.
    pub(crate) fn refuse(&self, diags: Diagnostics) -> Failure {
        let first = diags.iter().find(|found| found.severity == planner::diagnostic::Severity::Error);
        let text = first.map_or_else(|| "invalid configuration".to_owned(), one_line);
        self.output.diagnostics(diags);
        Failure::new(text)
    }

    /// The engine would catch a panic too, but could not tell the build: a provisioner that panicked must not pass for
    /// one that succeeded when the builder is answered.
    fn panicked(&self, node: Node, text: String) -> Outcome {
        let told = format!("bug: {} panicked: {text}", self.program.key(node));
        if let Some(id) = node.build() {
            let run = self.run(id);
            match node {
                Node::Provision(..) => run.set_provision_error(ComponentError::new(told)),
                Node::PostProcess(_, at) => {
                    run.fail(BuildError::PostProcess(at, told));
                    run.chains.finish(at.chain as usize);
                }
                Node::Prepare(..) => run.fail(BuildError::Prepare(told)),
                _ => run.fail(BuildError::Builder(told)),
            }
        }
        Outcome::Bug(text)
    }

    async fn node(self: Arc<Self>, node: Node, cancel: Cancel) -> Outcome {
        match node {
            Node::Datasource(at) => prepare::datasource(&self, at as usize, &cancel).await,
            Node::Prepare(id, what) => prepare::component(&self, id, what).await,
            Node::BuilderOpen(id) => open::open(&self, id, &cancel).await,
            Node::Provision(id, at) => provision::node(&self, id, at, &cancel).await,
            Node::BuilderClose(id) => close::close(&self, id, &cancel).await,
            Node::PostProcess(id, at) => post_process::node(&self, id, at, &cancel).await,
            Node::Destroy(id, artifact) => post_process::destroy(&self, id, artifact, &cancel).await,
        }
    }
}

impl Execute<Node> for Executor {
    fn execute(self: &Arc<Self>, plan: &Plan<Node>, node: NodeId, cancel: Cancel) -> Work {
        let (executor, node) = (self.clone(), *plan.node(node));
        Work::future(async move {
            let run = std::panic::AssertUnwindSafe(executor.clone().node(node, cancel)).catch_unwind();
            run.await.unwrap_or_else(|payload| executor.panicked(node, panic_text(payload)))
        })
    }
}

/// The outcome of a node whose component answered with `error`.
pub(crate) fn outcome_of(error: ComponentError) -> Outcome {
    match error {
        ComponentError::Cancelled => Outcome::Cancelled,
        ComponentError::TimedOut => Outcome::TimedOut(Failure::new(error)),
        error => Outcome::Failed(Failure::new(error)),
    }
}

fn one_line(diagnostic: &Diagnostic) -> String {
    if diagnostic.detail.is_empty() {
        diagnostic.summary.clone()
    } else {
        format!("{}: {}", diagnostic.summary, diagnostic.detail)
    }
}
