//! A provisioner in a plugin.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;
use rmpv::Value as Packed;
use serde::Serialize;
use serde::de::IgnoredAny;

use crate::component::{BuildData, Communicator, ComponentContext, ComponentError, Provisioner, Ui};
use crate::external::binary::Component;
use crate::external::communicator::service::CommunicatorService;
use crate::external::configs::Configs;
use crate::external::conversation::converse;
use crate::external::hosting::Hosting;
use crate::external::process::Plugin;
use crate::external::served::Served;
use crate::external::ui::UiService;
use crate::untyped;
use crate::wire::server::{Arguments, Reply, Service};

/// A provisioner that runs in a process of its own.
pub struct PluginProvisioner {
    component: Arc<Component>,
    hosting: Arc<Hosting>,
    plugin: Option<Arc<Plugin>>,
}

/// The argument of `Provisioner.Provision`.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Provision {
    generated_data: Packed,
    #[serde(rename = "StreamID")]
    stream_id: u32,
}

/// Answers what a provisioner calls while it runs: `Communicator.*` and `Ui.*`.
struct ProvisionerService {
    communicator: CommunicatorService,
    ui: UiService,
}

impl PluginProvisioner {
    /// Not started yet.
    pub fn new(component: Arc<Component>, hosting: Arc<Hosting>) -> Self {
        Self { component, hosting, plugin: None }
    }
}

#[async_trait]
impl Provisioner for PluginProvisioner {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let configs = Configs::of_build(config, context)?;
        let plugin = self.hosting.start(&self.component, context).await?;
        let _: IgnoredAny = plugin.call("Provisioner.Prepare", &configs).await?;
        self.plugin = Some(plugin);
        Ok(Vec::new())
    }

    async fn provision(
        &self,
        ui: Arc<dyn Ui>,
        communicator: Arc<dyn Communicator>,
        data: &BuildData,
        cancel: &Cancel,
    ) -> Result<(), ComponentError> {
        let Some(plugin) = &self.plugin else { return Err(ComponentError::new("the provisioner was not prepared")) };
        let communicator = CommunicatorService::new(communicator, plugin.mux.clone());
        let served = Served::start(plugin, Arc::new(ProvisionerService { communicator, ui: UiService::new(ui) }));
        let arguments = Provision { generated_data: untyped::map(data), stream_id: served.id };
        let _: IgnoredAny = converse(plugin, ("Provisioner", "Provision"), &arguments, cancel).await?;
        Ok(())
    }
}

#[async_trait]
impl Service for ProvisionerService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        match method.split_once('.') {
            Some(("Communicator", _)) => self.communicator.call(method, arguments).await,
            _ => self.ui.call(method, arguments).await,
        }
    }
}
