//! A builder in a plugin.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;
use serde::Deserialize;

use crate::component::{Artifact, Builder, ComponentContext, ComponentError, Hook, Prepared, Ui};
use crate::external::artifact::PluginArtifact;
use crate::external::binary::Component;
use crate::external::configs::Configs;
use crate::external::conversation::converse;
use crate::external::hook::BuilderService;
use crate::external::hosting::Hosting;
use crate::external::process::Plugin;
use crate::external::served::Served;
use crate::external::ui::UiService;
use crate::wire::text::{Text, Texts};

/// A builder that runs in a process of its own, from its preparation until its artifact is let go of.
pub struct PluginBuilder {
    component: Arc<Component>,
    hosting: Arc<Hosting>,
    plugin: Option<Arc<Plugin>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrepareAnswer {
    generated_vars: Texts,
    warnings: Texts,
    error: Option<BasicError>,
}

/// An error in an answer that is none by itself.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BasicError {
    pub(super) message: Text,
}

impl PluginBuilder {
    /// Not started yet.
    pub fn new(component: Arc<Component>, hosting: Arc<Hosting>) -> Self {
        Self { component, hosting, plugin: None }
    }
}

#[async_trait]
impl Builder for PluginBuilder {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Prepared, ComponentError> {
        let configs = Configs::of_build(config, context)?;
        let plugin = self.hosting.start(&self.component, context).await?;
        let answer: PrepareAnswer = plugin.call("Builder.Prepare", &configs).await?;
        if let Some(error) = answer.error {
            return Err(ComponentError::new(error.message.0));
        }
        self.plugin = Some(plugin);
        Ok(Prepared { warnings: answer.warnings.0, generated: answer.generated_vars.0 })
    }

    async fn run(
        &self,
        ui: Arc<dyn Ui>,
        hook: Arc<dyn Hook>,
        cancel: &Cancel,
    ) -> Result<Option<Arc<dyn Artifact>>, ComponentError> {
        let Some(plugin) = &self.plugin else { return Err(ComponentError::new("the builder was not prepared")) };
        let service = BuilderService::new(hook, UiService::new(ui), plugin.clone(), cancel.child());
        let served = Served::start(plugin, Arc::new(service));
        let stream: u32 = converse(plugin, ("Builder", "Run"), &served.id, cancel).await?;
        match stream {
            0 => Ok(None),
            stream => Ok(Some(Arc::new(PluginArtifact::fetch(plugin.clone(), stream, None).await?))),
        }
    }
}
