//! Where things of the user are kept.

use std::path::PathBuf;

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
