//! Where things of the user are kept.

use std::path::{Path, PathBuf};

use crate::environment::Environment;

/// The folder of the configuration; it may not exist. None without a home.
pub fn config_folder(environment: &Environment) -> Option<PathBuf> {
    if let Some(folder) = environment.get("PACKER_CONFIG_DIR") {
        return Some(PathBuf::from(folder).join(".packer.d"));
    }
    let home = PathBuf::from(environment.get("HOME")?);
    let old = home.join(".packer.d");
    if old.is_dir() {
        return Some(old);
    }
    let base = environment.get("XDG_CONFIG_HOME").map_or_else(|| home.join(".config"), PathBuf::from);
    Some(base.join("packer"))
}

/// Why it is not known where plugins are.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum FolderError {
    /// There is no home to keep them in.
    #[error("No $HOME environment variable found, required to set Config Directory")]
    NoHome,
    /// Several folders are named.
    #[error(
        "Multiple paths are no longer supported for PACKER_PLUGIN_PATH.\nThis should be defined as one of the following \
         options for your environment:\n{0}"
    )]
    ManyPaths(String),
}

/// The folder that plugins are installed in; it may not exist.
///
/// # Errors
///
/// Several are named, or there is no home.
pub fn plugin_folder(environment: &Environment, working_dir: &Path) -> Result<PathBuf, FolderError> {
    if let Some(named) = environment.get("PACKER_PLUGIN_PATH") {
        let folders: Vec<PathBuf> = std::env::split_paths(named).collect();
        if let [folder] = folders.as_slice() {
            return Ok(working_dir.join(folder));
        }
        let options = folders.iter().map(|folder| format!("* PACKER_PLUGIN_PATH={}\n", folder.display()));
        return Err(FolderError::ManyPaths(options.collect()));
    }
    let folder = config_folder(environment).ok_or(FolderError::NoHome)?;
    Ok(working_dir.join(folder).join("plugins"))
}

/// The folder for what can be had again; it may not exist. None without a home.
pub fn cache_folder(environment: &Environment, working_dir: &Path) -> Option<PathBuf> {
    let folder = match (environment.get("PACKER_CACHE_DIR"), environment.get("XDG_CACHE_HOME")) {
        (Some(folder), _) => PathBuf::from(folder),
        (None, Some(base)) => Path::new(base).join("packer"),
        (None, None) => Path::new(environment.get("HOME")?).join(".cache/packer"),
    };
    Some(working_dir.join(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_say_where_plugins_and_what_is_known_of_them_are() {
        let many = "Multiple paths are no longer supported for PACKER_PLUGIN_PATH.\nThis should be defined as one of the \
                    following options for your environment:\n* PACKER_PLUGIN_PATH=/a\n* PACKER_PLUGIN_PATH=b\n";
        let no_home = "No $HOME environment variable found, required to set Config Directory";
        for (variables, plugins, cache) in [
            (vec![("HOME", "/h")], Ok("/h/.config/packer/plugins"), Some("/h/.cache/packer")),
            (vec![("HOME", "/h"), ("XDG_CONFIG_HOME", "/c")], Ok("/c/packer/plugins"), Some("/h/.cache/packer")),
            (vec![("HOME", "/h"), ("PACKER_CONFIG_DIR", "/p")], Ok("/p/.packer.d/plugins"), Some("/h/.cache/packer")),
            (vec![("PACKER_CONFIG_DIR", "p")], Ok("/work/p/.packer.d/plugins"), None),
            (vec![("PACKER_PLUGIN_PATH", "p"), ("XDG_CACHE_HOME", "/x")], Ok("/work/p"), Some("/x/packer")),
            (vec![("PACKER_PLUGIN_PATH", "/p"), ("PACKER_CACHE_DIR", "x")], Ok("/p"), Some("/work/x")),
            (vec![("PACKER_PLUGIN_PATH", "/a:b"), ("HOME", "/h")], Err(many), Some("/h/.cache/packer")),
            (vec![], Err(no_home), None),
        ] {
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment = Environment::new(pairs.collect(), "/work".into());
            let folder = plugin_folder(&environment, Path::new("/work")).map_err(|error| error.to_string());
            assert_eq!(folder, plugins.map(PathBuf::from).map_err(str::to_owned), "{variables:?}");
            assert_eq!(cache_folder(&environment, Path::new("/work")), cache.map(PathBuf::from), "{variables:?}");
        }
    }
}
