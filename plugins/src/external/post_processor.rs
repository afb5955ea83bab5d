//! A post-processor in a plugin.

use std::sync::Arc;

use async_trait::async_trait;
use engine::Cancel;
use planner::value::Value;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::component::{Artifact, ComponentContext, ComponentError, PostProcessed, PostProcessor, Ui};
use crate::external::artifact::PluginArtifact;
use crate::external::artifact_service::ArtifactService;
use crate::external::binary::Component;
use crate::external::builder::BasicError;
use crate::external::configs::Configs;
use crate::external::conversation::converse;
use crate::external::hosting::Hosting;
use crate::external::process::Plugin;
use crate::external::served::Served;
use crate::external::ui::UiService;
use crate::wire::server::{Arguments, Reply, Service};

/// A post-processor that runs in a process of its own, until its artifact is let go of.
pub struct PluginPostProcessor {
    component: Arc<Component>,
    hosting: Arc<Hosting>,
    plugin: Option<Arc<Plugin>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ProcessAnswer {
    err: Option<BasicError>,
    keep: bool,
    force_override: bool,
    stream_id: u32,
}

/// Answers what a post-processor calls while it runs, and as long as its artifact may be the one it was given:
/// `Artifact.*` and `Ui.*`.
struct PostProcessorService {
    artifact: ArtifactService,
    ui: UiService,
}

impl PluginPostProcessor {
    /// Not started yet.
    pub fn new(component: Arc<Component>, hosting: Arc<Hosting>) -> Self {
        Self { component, hosting, plugin: None }
    }
}

#[async_trait]
impl PostProcessor for PluginPostProcessor {
    async fn prepare(&mut self, config: &Value, context: &ComponentContext) -> Result<Vec<String>, ComponentError> {
        let configs = Configs::of_build(config, context)?;
        let plugin = self.hosting.start(&self.component, context).await?;
        let _: IgnoredAny = plugin.call("PostProcessor.Configure", &configs).await?;
        self.plugin = Some(plugin);
        Ok(Vec::new())
    }

    async fn post_process(
        &self,
        ui: Arc<dyn Ui>,
        input: Arc<dyn Artifact>,
        cancel: &Cancel,
    ) -> Result<PostProcessed, ComponentError> {
        let Some(plugin) = &self.plugin else { return Err(ComponentError::new("the post-processor was not prepared")) };
        let service = PostProcessorService { artifact: ArtifactService::new(input), ui: UiService::new(ui) };
        let served = Served::start(plugin, Arc::new(service));
        let answer: ProcessAnswer = converse(plugin, ("PostProcessor", "PostProcess"), &served.id, cancel).await?;
        if let Some(error) = answer.err {
            return Err(ComponentError::new(error.message.0));
        }
        let artifact: Option<Arc<dyn Artifact>> = match answer.stream_id {
            0 => None,
            // The plugin may have handed back what it was given, so that answers about it come from us.
            stream => Some(Arc::new(PluginArtifact::fetch(plugin.clone(), stream, Some(served)).await?)),
        };
        // Nothing made, nothing kept.
        let keep = answer.keep && artifact.is_some();
        Ok(PostProcessed { keep, force: answer.force_override && artifact.is_some(), artifact })
    }
}

#[async_trait]
impl Service for PostProcessorService {
    async fn call(&self, method: &str, arguments: Arguments) -> Result<Reply, String> {
        match method.split_once('.') {
            Some(("Artifact", _)) => self.artifact.call(method, arguments).await,
            _ => self.ui.call(method, arguments).await,
        }
    }
}
