//! The newest release that will do, from a mirror to its place.

use std::io::{self, Seek as _};
use std::path::PathBuf;

use planner::legacy::multi_error;
use planner::value::quote;
use planner::version::{Constraint, Version};

use crate::discovery::install::InstallError;
use crate::discovery::shelf::{ListError, Query, Shelf};
use crate::mirror::archive::{ArchiveError, extract};
use crate::mirror::place::{Mirror, MirrorError};
use crate::mirror::release::{archive, checksums_name, file_path, index_path, versions};

/// What is wanted from a mirror.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// Where the plugin comes from, such as `github.com/hashicorp/amazon`.
    pub source: &'w str,
    /// Which versions will do.
    pub constraint: &'w Constraint,
    /// Install what is there already once more.
    pub force: bool,
}

/// A plugin that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Version,
    /// Its binary.
    pub path: PathBuf,
}

/// Why nothing was installed.
#[derive(Debug, thiserror::Error)]
pub enum LatestError {
    /// Nobody knows what there is.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// Nobody knows what is installed.
    #[error(transparent)]
    List(#[from] ListError),
    /// The mirror's list of versions is none.
    #[error("reading the versions of the plugin {plugin}: {source}")]
    Index {
        /// The plugin.
        plugin: String,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// No release will do, and why each of those that would does not.
    #[error("{}", multi_error(.0))]
    NoneFits(Vec<String>),
    /// The archive is not what its checksum says: it was damaged, or somebody changed it.
    #[error(
        "ErrInvalidPlugin: Checksums (*sha256.digest) of {archive} did not match.\nExpected: {expected}\nGot: {found}"
    )]
    Changed {
        /// The archive.
        archive: String,
        /// The checksum in the list.
        expected: String,
        /// Its own.
        found: String,
    },
    /// The archive holds no binary.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The binary cannot be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// There is no room for the archive.
    #[error("keeping the archive: {0}")]
    Room(#[from] io::Error),
}

/// Installs the newest release that will do; `None` when it is installed already.
///
/// # Errors
///
/// There is none, or it cannot be fetched or installed.
pub async fn install_latest(
    shelf: &Shelf,
    mirror: &Mirror,
    wanted: &Wanted<'_>,
) -> Result<Option<Installed>, LatestError> {
    let plugin = wanted.source.rsplit('/').next().unwrap_or(wanted.source);
    let mut faults = Vec::new();
    for version in releases(mirror, plugin, wanted.constraint).await? {
        let query = Query {
            source: Some(wanted.source),
            constraint: &Constraint::exactly(version.clone()),
            releases_only: true,
        };
        if !wanted.force && !shelf.list(&query).await?.is_empty() {
            return Ok(None);
        }
        match install(shelf, mirror, wanted.source, plugin, &version).await? {
            Ok(path) => return Ok(Some(Installed { version, path })),
            Err(fault) => faults.push(fault),
        }
    }
    let constraint = quote(&wanted.constraint.to_string());
    faults.push(match faults.is_empty() {
        true => format!("no release version found for constraints: {constraint}"),
        false => format!("could not install any compatible version of plugin {}", quote(wanted.source)),
    });
    Err(LatestError::NoneFits(faults))
}

/// The releases that will do, newest first.
async fn releases(mirror: &Mirror, plugin: &str, constraint: &Constraint) -> Result<Vec<Version>, LatestError> {
    let path = index_path(plugin);
    let names = match mirror.text(&path).await {
        Ok(index) => versions(&index).map_err(|source| LatestError::Index { plugin: plugin.to_owned(), source })?,
        // A folder is a list of its own.
        Err(missing @ MirrorError::Missing(_)) => mirror.names(&format!("packer-plugin-{plugin}"))?.ok_or(missing)?,
        Err(error) => return Err(error.into()),
    };
    let fits = |version: &Version| version.prerelease().is_empty() && constraint.allows(version);
    // Whoever writes versions in another way has their folders elsewhere.
    let parse = |name: &String| Version::parse(name).filter(|version| version.to_string() == *name);
    let mut found: Vec<Version> = names.iter().filter_map(parse).filter(fits).collect();
    found.sort_by(|one, other| other.cmp(one));
    Ok(found)
}

/// Installs one release. The inner error says why this one does not do, which another may.
async fn install(
    shelf: &Shelf,
    mirror: &Mirror,
    source: &str,
    plugin: &str,
    version: &Version,
) -> Result<Result<PathBuf, String>, LatestError> {
    let none = || {
        format!(
            "could not find a local nor a remote checksum for plugin {} {}",
            quote(source),
            quote(&version.to_string())
        )
    };
    let list = match mirror.text(&file_path(plugin, version, &checksums_name(plugin, version))).await {
        Ok(list) => list,
        Err(error) => return Ok(Err(format!("{}: {error}", none()))),
    };
    let Some((name, expected)) = archive(&list, plugin, version, shelf.target) else { return Ok(Err(none())) };
    let mut file = tempfile::tempfile()?;
    let found = mirror.save(&file_path(plugin, version, &name), &mut file).await?;
    if found != expected {
        return Err(LatestError::Changed { archive: name, expected, found });
    }
    file.rewind()?;
    let binary = extract(&file, &shelf.folder, plugin, version, shelf.target)?;
    let mut other = None;
    let accept = |reported: &Version| match reported {
        reported if !reported.prerelease().is_empty() => Err(prerelease(reported, source)),
        reported if reported.core() != version.core() => {
            let text = format!(
                "binary reported version ({}) is different from the expected {}, skipping",
                quote(&reported.to_string()),
                quote(&version.to_string())
            );
            Err(other.insert(text).clone())
        }
        _ => Ok(()),
    };
    let installed = shelf.install(&binary, source, accept).await;
    match (installed, other) {
        (Err(_), Some(text)) => Ok(Err(format!("Continuing to next available version: {text}"))),
        (installed, _) => Ok(Ok(installed?)),
    }
}

fn prerelease(reported: &Version, source: &str) -> String {
    format!(
        "binary reported a pre-release version of {reported}\nRemote installation of pre-release plugin versions is \
         unsupported.\nThis is likely an upstream issue, which should be reported.\nIf you require this specific version \
         of the plugin, download the binary and install it manually.\n\npacker plugins install --path \
         '<plugin_binary>' {source}"
    )
}
