//! The world as functions may see it: folders, environment, clock. Read by the command line and handed down.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::eval::secrets::{NoSecrets, SecretStore};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// What functions may touch besides their arguments.
#[derive(Clone)]
pub struct Host {
    /// Where relative paths of `file` and its like start: `path.root`, as it was typed.
    pub base_dir: PathBuf,
    /// Where `abspath`, `filebase64` and a relative `base_dir` start.
    pub working_dir: PathBuf,
    /// What `~` means.
    pub home: Option<PathBuf>,
    /// The environment that `env` reads.
    pub environment: Arc<BTreeMap<String, String>>,
    /// The clock of `timestamp`.
    pub now: Clock,
    /// When the process started: the time of `legacy_isotime` and `legacy_strftime`.
    pub started: jiff::Timestamp,
    /// Who knows the secrets that `vault` and its like ask for.
    pub secrets: Arc<dyn SecretStore>,
}

impl Host {
    /// A world with nothing in it: no home, no environment, no secrets, always 1970, paths from the root folder.
    pub fn empty() -> Self {
        Self {
            base_dir: PathBuf::from("/"),
            working_dir: PathBuf::from("/"),
            home: None,
            environment: Arc::default(),
            now: Arc::new(|| jiff::Timestamp::UNIX_EPOCH),
            started: jiff::Timestamp::UNIX_EPOCH,
            secrets: Arc::new(NoSecrets),
        }
    }
}

/// Leaves the environment out: it may hold secrets.
impl fmt::Debug for Host {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { base_dir, working_dir, home, .. } = self;
        out.debug_struct("Host")
            .field("base_dir", base_dir)
            .field("working_dir", working_dir)
            .field("home", home)
            .finish_non_exhaustive()
    }
}
