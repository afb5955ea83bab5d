//! Lets a plugin's builder call back in the middle of its run.

use std::sync::Arc;

use async_trait::async_trait;
use engine::{Cancel, CancelPhase};
use rmpv::Value as Packed;
use serde::Deserialize;

use crate::component::Hook;
use crate::external::communicator::lent::LentCommunicator;
use crate::external::process::Plugin;
use crate::external::ui::UiService;
use crate::untyped;
use crate::wire::client::Client;
use crate::wire::server::{Arguments, Reply, Service};
use crate::wire::text::Text;

/// Answers what a builder calls while it runs: `Hook.*` and `Ui.*`.
pub struct BuilderService {
    hook: Arc<dyn Hook>,
    ui: UiService,
    plugin: Arc<Plugin>,
    cancel: Cancel,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HookRun {
    name: Text,
    data: Packed,
    stream_id: u32,
}

impl BuilderService {
    /// For a run of the builder in `plugin`. `cancel` is raised when the builder wants what it called to end.
    pub fn new(hook: Arc<dyn Hook>, ui: UiService, plugin: Arc<Plugin>, cancel: Cancel) -> Self {
        Self { hook, ui, plugin, cancel }
    }

    /// Runs a hook with the communicator that the builder lends at the stream it names.
    async fn run(&self, call: HookRun) -> Result<Reply, String> {
        let stream = self.plugin.mux.dial(call.stream_id).await.map_err(|error| error.to_string())?;
        let communicator = LentCommunicator::new(Client::start(stream), self.plugin.mux.clone());
        let data = untyped::entries(&call.data);
        let ran = self.hook.run(&call.name.0, Some(Arc::new(communicator)), data, &self.cancel).await;
        ran.map_err(|error| error.to_string())?;
        Reply::new(&())
    }
}

#[async_trait]
impl Service for BuilderService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        match method {
            "Hook.Run" => self.run(arguments.read()?).await,
            "Hook.Cancel" => {
                self.cancel.raise(CancelPhase::Stopping);
                Reply::new(&())
            }
            _ => self.ui.call(method, arguments).await,
        }
    }
}
