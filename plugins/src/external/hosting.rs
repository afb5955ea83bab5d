//! What it takes to run the components of plugins: how they are started, and what is remembered of them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use engine::Cancel;

use crate::component::{ComponentContext, ComponentError};
use crate::external::binary::Component;
use crate::external::leaving::Leaving;
use crate::external::process::{Launch, Plugin};
use crate::external::schema_cache::SchemaCache;
use crate::memory::MemorySize;
use crate::process::Fence;
use crate::scrubber::Scrubber;

/// How plugins are started.
#[derive(Clone, Debug)]
pub struct Hosting {
    /// Where they run when they are only asked about themselves.
    pub working_dir: Arc<PathBuf>,
    /// Their environment then.
    pub environment: Arc<BTreeMap<String, String>>,
    /// What ends it when we cannot.
    pub fence: Fence,
    /// The ports that they may choose from where they cannot use sockets of the file system.
    pub ports: (u16, u16),
    /// How long one may take to greet us.
    pub patience: Duration,
    /// How much memory one may hold.
    pub memory_limit: Option<MemorySize>,
    /// Processes that are about to end, which new ones wait for.
    pub leaving: Leaving,
    /// The shapes of configurations that were asked for before.
    pub schemas: SchemaCache,
}

impl Hosting {
    /// Starts a component to work as part of a run.
    ///
    /// # Errors
    ///
    /// Why it does not run.
    pub async fn start(
        &self,
        component: &Component,
        context: &ComponentContext,
    ) -> Result<Arc<Plugin>, ComponentError> {
        let place = (&context.working_dir, &context.environment);
        self.launch(component, place, &context.fence, &context.secrets).await
    }

    /// Starts a component to be asked about itself.
    ///
    /// # Errors
    ///
    /// Why it does not run.
    pub async fn start_to_ask(&self, component: &Component) -> Result<Arc<Plugin>, ComponentError> {
        // It is told no secrets.
        self.launch(component, (&self.working_dir, &self.environment), &self.fence, &Scrubber::new()).await
    }

    async fn launch(
        &self,
        component: &Component,
        (working_dir, environment): (&Arc<PathBuf>, &Arc<BTreeMap<String, String>>),
        fence: &Fence,
        secrets: &Scrubber,
    ) -> Result<Arc<Plugin>, ComponentError> {
        let launch = Launch {
            name: component.binary.plugin.clone(),
            version: component.binary.version.clone(),
            binary: component.binary.path.clone(),
            args: component.arguments(),
            working_dir: working_dir.clone(),
            environment: environment.clone(),
            fence: fence.clone(),
            secrets: secrets.clone(),
            ports: self.ports,
            patience: self.patience,
            memory_limit: self.memory_limit,
            leaving: self.leaving.clone(),
        };
        self.leaving.all_gone().await;
        // Whoever has the plugin ends it, by letting go of it.
        let plugin = Plugin::start(&launch, &Cancel::new()).await;
        Ok(Arc::new(plugin?))
    }
}
