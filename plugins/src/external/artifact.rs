//! An artifact in a plugin.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use planner::value::Value;
use rmpv::Value as Packed;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::component::{Artifact, ComponentError, GENERATED_DATA, State};
use crate::external::process::Plugin;
use crate::external::served::Served;
use crate::untyped;
use crate::wire::client::Client;
use crate::wire::text::{Text, Texts};

/// An artifact that a plugin keeps. What is shown of it was fetched; its process lives on for the rest until it is let go
/// of.
#[derive(Debug)]
pub struct PluginArtifact {
    builder_id: String,
    id: String,
    description: String,
    files: Vec<PathBuf>,
    generated_data: BTreeMap<String, Value>,
    held: Mutex<Held>,
}

/// The process, as long as somebody has use for it.
#[derive(Debug)]
struct Held {
    n_users: usize,
    holder: Option<Holder>,
}

/// The process that has the artifact.
#[derive(Clone, Debug)]
struct Holder {
    client: Client,
    plugin: Arc<Plugin>,
    /// What the artifact is made from, which the plugin may still ask us for.
    _input: Option<Arc<Served>>,
}

impl Holder {
    async fn call<R: DeserializeOwned>(&self, method: &str, arguments: &impl Serialize) -> Result<R, ComponentError> {
        match self.client.call(method, arguments).await {
            Ok(answer) => Ok(answer),
            Err(fault) => Err(self.plugin.explain(method, fault).await.into()),
        }
    }

    async fn state(&self, name: &str) -> Result<State, ComponentError> {
        const METHOD: &str = "Artifact.State";
        match self.client.call_packed(METHOD, &name).await {
            Ok(state) => Ok(State::packed(state)),
            Err(fault) => Err(self.plugin.explain(METHOD, fault).await.into()),
        }
    }
}

impl PluginArtifact {
    /// The artifact that `plugin` serves at `stream`; `input` is what it may be made from.
    ///
    /// # Errors
    ///
    /// The plugin does not say what it is.
    pub async fn fetch(plugin: Arc<Plugin>, stream: u32, input: Option<Served>) -> Result<Self, ComponentError> {
        let opened = plugin.mux.dial(stream).await;
        let opened = opened.map_err(|error| ComponentError::new(format!("the artifact cannot be reached: {error}")))?;
        let holder = Holder { client: Client::start(opened), plugin, _input: input.map(Arc::new) };
        let text = async |method: &str| holder.call::<Text>(method, &()).await.map(|text| text.0);
        let Texts(files) = holder.call("Artifact.Files", &()).await?;
        Ok(Self {
            builder_id: text("Artifact.BuilderId").await?,
            id: text("Artifact.Id").await?,
            description: text("Artifact.String").await?,
            files: files.into_iter().map(PathBuf::from).collect(),
            generated_data: holder.state(GENERATED_DATA).await?.entries(),
            held: Mutex::new(Held { n_users: 1, holder: Some(holder) }),
        })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        // Nothing that could panic runs while it is held.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn holder(&self) -> Result<Holder, ComponentError> {
        self.held().holder.clone().ok_or_else(|| ComponentError::new("the artifact's plugin has ended"))
    }
}

#[async_trait]
impl Artifact for PluginArtifact {
    fn builder_id(&self) -> &str {
        &self.builder_id
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn description(&self) -> String {
        self.description.clone()
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.clone()
    }

    fn generated_data(&self) -> BTreeMap<String, Value> {
        self.generated_data.clone()
    }

    async fn state(&self, name: &str) -> Result<State, ComponentError> {
        self.holder()?.state(name).await
    }

    async fn destroy(&self) -> Result<(), ComponentError> {
        // A failure comes as a result that is not nothing.
        let failure: Packed = self.holder()?.call("Artifact.Destroy", &()).await?;
        match untyped::entries(&failure).get("Message") {
            Some(message) => Err(ComponentError::new(message.as_str().unwrap_or_default())),
            None => Ok(()),
        }
    }

    fn retain(&self) {
        self.held().n_users += 1;
    }

    fn release(&self) {
        let unused = {
            let mut held = self.held();
            held.n_users = held.n_users.saturating_sub(1);
            if held.n_users == 0 { held.holder.take() } else { None }
        };
        // Ends the process, and perhaps lets go of other artifacts, without holding this one.
        drop(unused);
    }
}
