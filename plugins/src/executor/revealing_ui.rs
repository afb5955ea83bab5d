//! A builder's [`Ui`] that listens for what the builder makes.

use std::sync::Arc;

use async_trait::async_trait;
use planner::node::BuildId;

use crate::component::{ComponentError, Progress, Ui};
use crate::executor::shared::Executor;
use crate::journal::Destroy;
use crate::journal::reveal::{RESOURCE_LINE, declared};
use crate::output::BuildUi;

/// Passes everything on, and has written down what is in it.
pub(crate) struct RevealingUi {
    ui: BuildUi,
    executor: Arc<Executor>,
    build: BuildId,
}

impl RevealingUi {
    /// Listens to the builder of `build`.
    pub(crate) fn new(executor: Arc<Executor>, build: BuildId) -> Self {
        Self { ui: BuildUi::new(executor.output.clone(), build), executor, build }
    }

    fn listen(&self, text: &str) {
        for (kind, id) in self.executor.reveal().named(text) {
            self.executor.record_found(self.build, kind, id, String::new(), Destroy::Provider);
        }
    }
}

#[async_trait]
impl Ui for RevealingUi {
    fn say(&self, text: &str) {
        self.listen(text);
        self.ui.say(text);
    }

    fn message(&self, text: &str) {
        self.listen(text);
        self.ui.message(text);
    }

    fn error(&self, text: &str) {
        if self.executor.reveal().is_regret(text) {
            self.executor.run(self.build).regret(text);
        }
        self.ui.error(text);
    }

    fn machine(&self, kind: &str, args: &[String]) {
        if kind == RESOURCE_LINE
            && let Some((kind, id, provider, destroy)) = declared(args)
        {
            self.executor.record_found(self.build, kind, id, provider, destroy);
        }
        self.ui.machine(kind, args);
    }

    fn track(&self, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        self.ui.track(what, done, total)
    }

    async fn ask(&self, query: &str) -> Result<String, ComponentError> {
        self.ui.ask(query).await
    }

    async fn ask_secret(&self, query: &str) -> Result<String, ComponentError> {
        self.ui.ask_secret(query).await
    }
}
