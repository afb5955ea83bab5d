//! Maps each node to the code that runs it, and a panic in it to the build that must hear of it.

use std::sync::Arc;

use engine::{Cancel, Execute, NodeId, Outcome, Plan, Work};
use futures_util::FutureExt;
use planner::node::Node;

use crate::component::ComponentError;
use crate::executor::build_run::BuildError;
use crate::executor::shared::Executor;
use crate::executor::{close, open, post_process, prepare, provision};
use crate::session::text_of_panic;

impl Execute<Node> for Executor {
    fn execute(self: &Arc<Self>, plan: &Plan<Node>, node: NodeId, cancel: Cancel) -> Work {
        let (executor, node) = (self.clone(), *plan.node(node));
        executor.begin(node, &cancel);
        Work::future(async move {
            let run = std::panic::AssertUnwindSafe(executor.clone().node(node, cancel)).catch_unwind();
            let outcome = run.await.unwrap_or_else(|payload| executor.panicked(node, text_of_panic(&*payload)));
            executor.conclude(node, &outcome);
            outcome
        })
    }
}

impl Executor {
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

    /// What takes more room while it runs is put elsewhere, as thousands wait to be checked.
    async fn node(self: Arc<Self>, node: Node, cancel: Cancel) -> Outcome {
        match node {
            Node::Datasource(at) => Box::pin(prepare::datasource(&self, at as usize, &cancel)).await,
            Node::PrepareData(at) => Box::pin(prepare::check_datasource(&self, at as usize, &cancel)).await,
            Node::Prepare(id, what) => prepare::component(&self, id, what, &cancel).await,
            Node::BuilderOpen(id) => Box::pin(open::open(&self, id, &cancel)).await,
            Node::Provision(id, at) => Box::pin(provision::node(&self, id, at, &cancel)).await,
            Node::BuilderClose(id) => Box::pin(close::close(&self, id, &cancel)).await,
            Node::PostProcess(id, at) => Box::pin(post_process::node(&self, id, at, &cancel)).await,
            Node::Destroy(id, artifact) => Box::pin(post_process::destroy(&self, id, artifact, &cancel)).await,
        }
    }
}
