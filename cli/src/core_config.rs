//! The configuration file of the program itself: JSON in `.packerconfig`, or where `PACKER_CONFIG` says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use planner::os_words::os_words;
use plugins::trust::policy::Trust;
use serde::Deserialize;

use crate::environment::Environment;
use crate::folders::{FolderError, config_folder, plugin_folder};

/// Says that only signed plugins may be used, as the key in the file does.
const REQUIRE_SIGNED: &str = "PACKER_PLUGIN_REQUIRE_SIGNED";
/// The folder of trusted keys in that of the configuration.
const TRUST: &str = "trust";

/// What the file may say. Other keys are left alone: other versions may know them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    builders: Option<BTreeMap<String, String>>,
    provisioners: Option<BTreeMap<String, String>>,
    #[serde(rename = "post-processors")]
    post_processors: Option<BTreeMap<String, String>>,
    require_signed_plugins: Option<bool>,
    plugin_paths: Option<BTreeMap<String, PathBuf>>,
}

/// Why the program is not configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {}", .path.display(), os_words(.source))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error("{}: EOF", .0.display())]
    Empty(PathBuf),
    /// It is no JSON, or has something else where its settings belong.
    #[error("{}: {source}", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// It names plugins of a kind that no version has run for years.
    #[error(
        "{}: Your configuration file describes some legacy components: \n{}Packer does not support these mono-component \
         plugins anymore.\nPlease refer to our Installing Plugins docs for an overview of how to manage installation of \
         local plugins:\nhttps://developer.hashicorp.com/packer/docs/plugins/install-plugins",
        .path.display(),
        listed(.components)
    )]
    Legacy {
        /// The file.
        path: PathBuf,
        /// The plugins.
        components: Vec<String>,
    },
    /// A plugin is named by a path that depends on where one is.
    #[error("{}: plugin_paths: {name}: {} is no absolute path", .path.display(), .given.display())]
    Relative {
        /// The file.
        path: PathBuf,
        /// The plugin.
        name: String,
        /// Its path.
        given: PathBuf,
    },
    /// Plugins are in several folders.
    #[error(transparent)]
    Folder(FolderError),
}

/// Checks what holds for every command: the file, and where plugins are.
///
/// # Errors
///
/// One of them is not as it has to be.
pub fn check(environment: &Environment) -> Result<(), ConfigError> {
    read(environment)?;
    match plugin_folder(environment, environment.working_dir().unwrap_or(Path::new(""))) {
        Err(error @ FolderError::ManyPaths(_)) => Err(ConfigError::Folder(error)),
        // Only commands that use plugins need a home.
        Ok(_) | Err(FolderError::NoHome) => Ok(()),
    }
}

/// Which plugins may be used.
///
/// # Errors
///
/// The file is not as it has to be.
pub fn trust(environment: &Environment) -> Result<Trust, ConfigError> {
    let by_variable = environment.get(REQUIRE_SIGNED).map(|value| !matches!(value, "0" | "false" | "FALSE" | "False"));
    let is_required = by_variable.unwrap_or(read(environment)?.require_signed_plugins.unwrap_or(false));
    let base = environment.working_dir().unwrap_or(Path::new(""));
    Ok(Trust { is_required, keys: config_folder(environment).map(|folder| base.join(folder).join(TRUST)) })
}

/// The plugins that are named by their paths, by name.
///
/// # Errors
///
/// The file is not as it has to be.
pub fn plugin_paths(environment: &Environment) -> Result<BTreeMap<String, PathBuf>, ConfigError> {
    read(environment).map(|content| content.plugin_paths.unwrap_or_default())
}

fn read(environment: &Environment) -> Result<Content, ConfigError> {
    let Some(path) = path(environment) else { return Ok(Content::default()) };
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            tracing::warn!("there is no configuration file {}", path.display());
            return Ok(Content::default());
        }
        Err(source) => return Err(ConfigError::Unreadable { path, source }),
    };
    let content = match serde_json::Deserializer::from_slice(&text).into_iter::<Content>().next() {
        None => return Err(ConfigError::Empty(path)),
        Some(Err(source)) => return Err(ConfigError::Malformed { path, source }),
        Some(Ok(content)) => content,
    };
    let legacy = [&content.builders, &content.provisioners, &content.post_processors];
    let components: Vec<String> = legacy.into_iter().flatten().flat_map(BTreeMap::values).cloned().collect();
    if !components.is_empty() {
        return Err(ConfigError::Legacy { path, components });
    }
    let relative = content.plugin_paths.iter().flatten().find(|(_, given)| !given.is_absolute());
    match relative.map(|(name, given)| (name.clone(), given.clone())) {
        Some((name, given)) => Err(ConfigError::Relative { path, name, given }),
        None => Ok(content),
    }
}

/// Where the file is, if anywhere. `APPDATA` comes before the home on every system.
fn path(environment: &Environment) -> Option<PathBuf> {
    let name = if cfg!(windows) { "packer.config" } else { ".packerconfig" };
    let base = || ["PACKER_CONFIG_DIR", "APPDATA", "HOME"].iter().find_map(|variable| environment.get(variable));
    let path = environment.get("PACKER_CONFIG").map(PathBuf::from).or_else(|| Some(Path::new(base()?).join(name)))?;
    Some(environment.working_dir().map_or(path.clone(), |folder| folder.join(&path)))
}

fn listed(components: &[String]) -> String {
    components.iter().map(|component| format!("- {component}\n")).collect()
}
