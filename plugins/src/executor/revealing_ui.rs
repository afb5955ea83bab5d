//! A builder's [`Ui`] that listens for what the builder makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use planner::node::BuildId;

use crate::component::{ComponentError, Progress, Ui};
use crate::executor::shared::Executor;
use crate::journal::reveal::{RESOURCE_LINE, declared};
use crate::journal::{Destroy, ResourceKind};
use crate::output::BuildUi;

/// Passes everything on, and has written down what is in it.
pub(crate) struct RevealingUi {
    ui: BuildUi,
    executor: Arc<Executor>,
    build: BuildId,
    /// Something came to light, and whether it is written down yet is not known.
    is_news: AtomicBool,
}

impl RevealingUi {
    /// Listens to the builder of `build`.
    pub(crate) fn new(executor: Arc<Executor>, build: BuildId) -> Self {
        Self { ui: BuildUi::new(executor.output.clone(), build), executor, build, is_news: AtomicBool::new(false) }
    }

    fn listen(&self, text: &str) {
        for (kind, id) in self.executor.reveal().named(text) {
            self.found(kind, id, String::new(), Destroy::Provider);
        }
    }

    fn found(&self, kind: ResourceKind, id: String, provider: String, destroy: Destroy) {
        self.executor.record_found(self.build, kind, id, provider, destroy);
        self.is_news.store(true, Ordering::Relaxed);
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
            self.found(kind, id, provider, destroy);
        }
        self.ui.machine(kind, args);
    }

    async fn heard(&self) {
        if self.is_news.swap(false, Ordering::Relaxed) {
            self.executor.recorder().settled().await;
        }
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
