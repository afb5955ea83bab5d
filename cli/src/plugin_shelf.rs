//! Where plugins are installed, and what it takes to ask them what they are: from the surroundings.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use engine::Cancel;
use plugins::discovery::describe::Describer;
use plugins::discovery::description_cache::DescriptionCache;
use plugins::discovery::shelf::Shelf;
use plugins::discovery::target::Target;
use plugins::process::Fence;

use crate::core_config::{ConfigError, trust};
use crate::environment::{Environment, EnvironmentError};
use crate::folders::{FolderError, cache_folder, plugin_folder};
use crate::template_kind::clean;

/// How long a plugin may take to say what it is. It does nothing else then; more is only needed to read it from a slow disk.
const PATIENCE: Duration = Duration::from_secs(60);
/// The folder of descriptions in that of what can be had again. Another form of them needs another name.
const DESCRIPTIONS: &str = "plugin-descriptions";

/// Why it is not known where plugins are.
#[derive(Debug, thiserror::Error)]
pub enum ShelfError {
    /// Nor where we are.
    #[error(transparent)]
    WorkingDir(#[from] EnvironmentError),
    /// The surroundings do not tell.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The configuration file says which are trusted, and cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
}

/// The plugins that are installed. `cancel` ends those that are asked what they are.
///
/// # Errors
///
/// It is not known where they are.
pub fn shelf(environment: &Environment, fence: &Fence, cancel: Cancel) -> Result<Shelf, ShelfError> {
    let working_dir = environment.working_dir()?;
    let folder = clean(&plugin_folder(environment, working_dir)?);
    let cache = cache_folder(environment, working_dir).map(|folder| folder.join(DESCRIPTIONS));
    let describer = describer(environment, working_dir, fence.clone(), cancel);
    let (cache, trust) = (DescriptionCache::new(cache), trust(environment)?);
    Ok(Shelf { folder, target: Target::CURRENT, describer, cache, trust })
}

fn describer(environment: &Environment, working_dir: &Path, fence: Fence, cancel: Cancel) -> Describer {
    // Values of variables are none of their business.
    let mut variables = environment.variables.clone();
    variables.retain(|name, _| !name.starts_with("PKR_VAR_"));
    Describer {
        working_dir: Arc::new(working_dir.to_owned()),
        environment: Arc::new(variables),
        patience: PATIENCE,
        fence,
        cancel,
    }
}
