//! A stream over which a plugin calls us back, for as long as somebody cares.

use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::external::process::Plugin;
use crate::wire::server::{Service, serve};

/// Answers the calls of a plugin until this is dropped or the plugin hangs up.
#[derive(Debug)]
pub struct Served {
    /// The stream's id, to be told to the plugin.
    pub id: u32,
    task: JoinHandle<()>,
}

impl Served {
    /// Waits for `plugin` to open a stream of its own, and answers its calls there with `service`.
    pub fn start(plugin: &Plugin, service: Arc<dyn Service>) -> Self {
        let id = plugin.mux.next_id();
        let listener = plugin.mux.listen(id);
        let task = tokio::spawn(async move {
            match listener.accept().await {
                Ok(stream) => serve(stream, service).await,
                // The plugin learns the same, and says what it makes of it.
                Err(error) => tracing::debug!("a plugin did not open its stream: {error}"),
            }
        });
        Self { id, task }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}
