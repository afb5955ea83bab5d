//! Plugins that lie in a folder under nothing but their name, as people put them there by hand: `packer-plugin-NAME`, and
//! `packer-builder-NAME`, `packer-provisioner-NAME` and `packer-post-processor-NAME`, which are one component each.
//!
//! Their versions are not in their names, and their checksums need not lie beside them. Those that do must be right.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use planner::catalog::ComponentKind;
use planner::version::Version;

use crate::discovery::describe::Description;
use crate::discovery::examine::{describe, identify};
use crate::discovery::file_name::ApiVersion;
use crate::discovery::installation::Installation;
use crate::discovery::refusal::Refusal;
use crate::discovery::shelf::{ListError, Shelf};
use crate::discovery::target::Target;

/// How names start, and what is behind them.
const PREFIXES: [(&str, Option<ComponentKind>); 4] = [
    ("packer-plugin-", None),
    ("packer-builder-", Some(ComponentKind::Builder)),
    ("packer-provisioner-", Some(ComponentKind::Provisioner)),
    ("packer-post-processor-", Some(ComponentKind::PostProcessor)),
];

/// What the name of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LooseName<'n> {
    /// What the plugin is called.
    pub plugin: &'n str,
    /// It is one component of this kind; any number of any kind without it.
    pub single: Option<ComponentKind>,
}

impl<'n> LooseName<'n> {
    /// Takes a name apart; `None` when it is none of a plugin.
    pub fn parse(name: &'n str, target: Target) -> Option<Self> {
        let name = if target.os == "windows" { name.strip_suffix(".exe")? } else { name };
        let (plugin, single) =
            PREFIXES.iter().find_map(|(prefix, single)| Some((name.strip_prefix(prefix)?, *single)))?;
        let fits = |next: char| next == '-' || (next.is_alphanumeric() && !next.is_uppercase());
        (!plugin.is_empty() && plugin.chars().all(fits)).then_some(Self { plugin, single })
    }
}

impl Shelf {
    /// The plugins that lie in `folder` under nothing but their name, by name; those of many components before those of one.
    /// The log says why others do not count.
    ///
    /// # Errors
    ///
    /// The folder is there and cannot be read, or the program is to stop.
    pub async fn loose(&self, folder: &Path, releases_only: bool) -> Result<Vec<Installation>, ListError> {
        let failed = |source| ListError::Folder { folder: folder.to_owned(), source };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries.collect::<io::Result<Vec<_>>>().map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        let mut found = Vec::new();
        for path in paths {
            let text = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let Some(name) = LooseName::parse(&text, self.target) else { continue };
            match self.loose_one(&path, name, releases_only).await {
                _ if self.describer.cancel.is_stopping() => return Err(ListError::Cancelled),
                Ok(installation) => found.push(installation),
                Err(refusal) => refusal.log(&path),
            }
        }
        found.sort_by_key(|installation| installation.single.is_some());
        Ok(found)
    }

    /// The plugin at `path`, whatever the file is called, as the plugin `name`.
    ///
    /// # Errors
    ///
    /// It is not to be used.
    pub async fn at(&self, path: &Path, name: &str) -> Result<Installation, Refusal> {
        let text = path.file_name().unwrap_or_default().to_string_lossy();
        let single = LooseName::parse(&text, self.target).and_then(|name| name.single);
        self.loose_one(path, LooseName { plugin: name, single }, false).await
    }

    async fn loose_one(&self, path: &Path, name: LooseName<'_>, releases_only: bool) -> Result<Installation, Refusal> {
        let metadata = fs::metadata(path).map_err(Refusal::Unreadable)?;
        if !metadata.is_file() || metadata.permissions().mode() & 0o111 == 0 {
            return Err(Refusal::NoProgram);
        }
        let digest = identify(self, path, true).await?;
        let (version, description) = match name.single {
            // It is of a time when plugins did not describe themselves.
            Some(kind) => (Version::parse("0.0.0"), Description::of_single(kind)),
            None => {
                let description = describe(self, path, &digest).await?;
                (Version::parse(&description.version), description)
            }
        };
        let version = version.ok_or_else(|| Refusal::MalformedReport(description.version.clone()))?;
        if releases_only && !version.prerelease().is_empty() {
            return Err(Refusal::Prerelease);
        }
        let api = ApiVersion::parse(&description.api_version).filter(|api| api.is_usable());
        let api = api.ok_or_else(|| Refusal::Incompatible(description.api_version.clone()))?;
        let (path, plugin) = (path.to_owned(), name.plugin.to_owned());
        Ok(Installation {
            path,
            plugin,
            version: version.without_metadata(),
            api,
            digest,
            description,
            single: name.single,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_is_behind_them() {
        let target = Target { os: "linux", arch: "amd64" };
        for (name, expected) in [
            ("packer-plugin-amazon", Some(("amazon", None))),
            ("packer-plugin-a-2", Some(("a-2", None))),
            ("packer-builder-größe", Some(("größe", Some(ComponentKind::Builder)))),
            ("packer-provisioner-x", Some(("x", Some(ComponentKind::Provisioner)))),
            ("packer-post-processor-x", Some(("x", Some(ComponentKind::PostProcessor)))),
            ("packer-plugin-amazon_v1.2.3_x5.0_linux_amd64", None),
            ("packer-plugin-amazon.minisig", None),
            ("packer-plugin-amazon_SHA256SUM", None),
            ("packer-plugin-", None),
            ("packer-datasource-x", None),
            ("packer", None),
        ] {
            let parsed = LooseName::parse(name, target).map(|name| (name.plugin, name.single));
            assert_eq!(parsed, expected, "{name}");
        }
        let windows = Target { os: "windows", arch: "amd64" };
        assert_eq!(LooseName::parse("packer-plugin-a.exe", windows).map(|name| name.plugin), Some("a"));
        assert_eq!(LooseName::parse("packer-plugin-a", windows), None);
    }
}
