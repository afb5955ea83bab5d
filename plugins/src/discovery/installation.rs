//! A plugin binary that passed every check.

use std::path::PathBuf;

use planner::catalog::ComponentKind;
use planner::version::Version;

use crate::discovery::describe::Description;
use crate::discovery::file_name::ApiVersion;

/// A plugin that can be used.
#[derive(Clone, Debug)]
pub struct Installation {
    /// The binary.
    pub path: PathBuf,
    /// What the plugin is called: `amazon`.
    pub plugin: String,
    /// Its version.
    pub version: Version,
    /// The interface it was made for.
    pub api: ApiVersion,
    /// The SHA-256 digest of the binary, in hexadecimal digits.
    pub digest: String,
    /// What it says about itself.
    pub description: Description,
    /// It is one component of this kind, which needs no name to be started by.
    pub single: Option<ComponentKind>,
}

impl Installation {
    /// What installations are listed by; the last one of a plugin is the one to use.
    pub fn rank(&self) -> (&str, &Version, ApiVersion) {
        (&self.plugin, &self.version, self.api)
    }
}
