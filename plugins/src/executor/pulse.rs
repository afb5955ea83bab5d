//! Hears in what components say that they are alive, for limits on silence, and that a provider told them that it was too
//! much at once, for quotas. Everything is passed on as it is.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use engine::Cancel;
use planner::diagnostic::Diagnostics;
use planner::node::BuildId;

use crate::component::{ComponentError, Echo, Progress};
use crate::output::{Line, LineKind, Output};
use crate::trouble;

/// An output that remembers which node of each build runs. Nodes of a build are heard for each other.
pub(crate) struct Pulse {
    inner: Arc<dyn Output>,
    running: Vec<Mutex<Option<Cancel>>>,
}

impl Pulse {
    pub(crate) fn new(inner: Arc<dyn Output>, n_builds: usize) -> Self {
        Self { inner, running: (0..n_builds).map(|_| Mutex::default()).collect() }
    }

    /// What `build` says from now on is said by whoever was given this handle.
    pub(crate) fn follow(&self, build: BuildId, cancel: &Cancel) {
        *self.of(build).lock().unwrap_or_else(PoisonError::into_inner) = Some(cancel.clone());
    }

    fn of(&self, build: BuildId) -> &Mutex<Option<Cancel>> {
        &self.running[build.0 as usize]
    }
}

/// Transfers are alive while they go on.
struct Heard {
    inner: Box<dyn Progress>,
    cancel: Option<Cancel>,
}

impl Progress for Heard {
    fn add(&mut self, n_bytes: u64) {
        self.cancel.iter().for_each(Cancel::heard);
        self.inner.add(n_bytes);
    }
}

#[async_trait]
impl Output for Pulse {
    fn line(&self, line: Line) {
        if let Some(build) = line.build {
            self.heard(build);
            if line.kind == LineKind::Error && trouble::is_throttling(&line.text) {
                self.of(build).lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Cancel::throttled);
            }
        }
        self.inner.line(line);
    }

    fn heard(&self, build: BuildId) {
        self.of(build).lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Cancel::heard);
    }

    fn machine(&self, build: BuildId, kind: &str, args: &[String]) {
        self.heard(build);
        self.inner.machine(build, kind, args);
    }

    fn diagnostics(&self, build: Option<BuildId>, diagnostics: Diagnostics) {
        build.iter().for_each(|build| self.heard(*build));
        self.inner.diagnostics(build, diagnostics);
    }

    fn track(&self, build: BuildId, what: &str, done: u64, total: u64) -> Box<dyn Progress> {
        self.heard(build);
        let cancel = self.of(build).lock().unwrap_or_else(PoisonError::into_inner).clone();
        Box::new(Heard { inner: self.inner.track(build, what, done, total), cancel })
    }

    async fn ask(&self, query: String, echo: Echo) -> Result<String, ComponentError> {
        self.inner.ask(query, echo).await
    }
}
