//! What the clients know of the world: the environment, folders, how long they wait.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::process::Fence;
use crate::secrets::connection::SetupError;

/// What the clients of services read their configuration from.
#[derive(Clone)]
pub struct SecretSettings {
    /// Environment variables. One that is empty counts as not set.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The user's folder.
    pub home: Option<PathBuf>,
    /// Where relative paths start.
    pub working_dir: PathBuf,
    /// How long a client waits.
    pub patience: Patience,
    /// What ends programs that are asked for credentials should we not be able to.
    pub fence: Fence,
}

/// How long a client waits, unless its environment says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the answer to a call, retries included.
    pub timeout: Duration,
    /// Before the first retry; later ones take longer.
    pub retry: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(60), retry: Duration::from_secs(1) }
    }
}

impl SecretSettings {
    /// A variable that is set and not empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The first of several variables that is set.
    pub(super) fn first(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// A variable that says yes or no.
    pub(super) fn switch(&self, name: &'static str) -> Result<Option<bool>, SetupError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(Some(true)),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(Some(false)),
            _ => Err(SetupError::Unreadable { name }),
        }
    }

    /// A path that a variable names, `~` expanded.
    pub(super) fn path(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => self.working_dir.join(Path::new(text)),
        }
    }
}

/// Leaves the environment out: it holds secrets.
impl std::fmt::Debug for SecretSettings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { home, working_dir, patience, .. } = self;
        out.debug_struct("SecretSettings")
            .field("home", home)
            .field("working_dir", working_dir)
            .field("patience", patience)
            .finish_non_exhaustive()
    }
}
