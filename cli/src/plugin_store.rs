//! The plugins that are installed, as the commands for them use it: the surroundings say where, a signal ends it.

use std::path::{Path, PathBuf};

use engine::Cancel;
use planner::value::quote;
use plugins::discovery::describe::Describer;
use plugins::discovery::installation::Installation;
use plugins::discovery::shelf::{Query, Shelf};
use plugins::releases::latest::{Installed, Wanted, install_latest};
use plugins::releases::origins::{Hosts, Origins};
use tokio::runtime::{Builder, Runtime};

use crate::exit::Exit;
use crate::findings::Refused;
use crate::folders::cache_folder;
use crate::plugin_shelf::{ShelfError, shelf};
use crate::reporter::transfers;
use crate::session::{Session, complain};
use crate::signal::Interruption;

/// The folder of downloads that broke off in that of what can be had again.
const PARTS: &str = "plugin-downloads";

/// Where plugins are, and what it takes to ask them what they are.
pub struct PluginStore {
    /// The plugins.
    pub shelf: Shelf,
    parts: Option<PathBuf>,
    runtime: Runtime,
}

impl PluginStore {
    /// Runs a command on the plugins that are installed, until a signal ends it.
    pub fn with(
        session: &mut Session,
        command: impl FnOnce(&mut Session, &PluginStore) -> Result<(), Refused>,
    ) -> Exit {
        let cancel = Cancel::new();
        let Ok(store) = Self::open(session, cancel.clone()) else { return Exit::Failed };
        let interruption = Interruption::ending(cancel);
        let ended = command(session, &store);
        if interruption.signal().is_some() {
            session.fence.spoil();
        }
        match (interruption.signal(), ended) {
            (Some(signal), _) => Exit::Signal(signal),
            (None, Ok(())) => Exit::Success,
            (None, Err(Refused)) => Exit::Failed,
        }
    }

    fn open(session: &mut Session, cancel: Cancel) -> Result<Self, Refused> {
        let shelf = shelf(&session.environment, &session.fence, cancel).map_err(|error| {
            match error {
                ShelfError::WorkingDir(error) => session.error(&format!("Error: {error}")),
                error => complain(&format!(" Error loading configuration: \n\n{error}")),
            }
            Refused
        })?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            session.error(&format!("Error: starting the worker threads: {error}"));
            Refused
        })?;
        let cache = cache_folder(&session.environment, &shelf.describer.working_dir);
        Ok(Self { shelf, parts: cache.map(|folder| folder.join(PARTS)), runtime })
    }

    /// Where relative paths start from.
    pub fn working_dir(&self) -> &Path {
        &self.shelf.describer.working_dir
    }

    /// Waits for something that the shelf does.
    pub fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// The plugins that are wanted.
    ///
    /// # Errors
    ///
    /// Nobody knows; it was said why.
    pub fn list(&self, session: &mut Session, query: &Query<'_>) -> Result<Vec<Installation>, Refused> {
        self.block_on(self.shelf.list(query)).map_err(|error| {
            session.error(&format!("Error: {error}"));
            Refused
        })
    }

    /// Installs the newest release that will do, and says so. Nothing is said when it is installed already.
    ///
    /// # Errors
    ///
    /// What went wrong.
    pub fn fetch(&self, session: &mut Session, wanted: &Wanted<'_>) -> Result<Installed, String> {
        let Describer { working_dir, cancel, .. } = &self.shelf.describer;
        let hosts = Hosts::from_environment(&session.environment.variables, working_dir);
        let hosts = hosts.map_err(|error| error.to_string())?;
        let origins = Origins { hosts, parts: self.parts.clone(), watch: transfers(session.settings()) };
        let installed = self.block_on(async {
            tokio::select! {
                installed = install_latest(&self.shelf, &origins, wanted) => installed.map_err(|error| error.to_string()),
                () = cancel.stopping() => Err("context canceled".to_owned()),
            }
        })?;
        if let Installed { version, path, is_new: true, .. } = &installed {
            let text = format!("Installed plugin {} v{version} in {}", wanted.source, quote(&path.to_string_lossy()));
            let text = if session.settings().escapes { format!("\x1b[1;36m{text}\x1b[0m") } else { text };
            session.say(&text);
        }
        Ok(installed)
    }
}
