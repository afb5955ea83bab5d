//! The newest release that will do, from where it is offered to its place.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use planner::legacy::multi_error;
use planner::value::quote;
use planner::version::{Constraint, Version};

use crate::discovery::checksum::is_digest;
use crate::discovery::file_name::ApiVersion;
use crate::discovery::install::InstallError;
use crate::discovery::shelf::{ListError, Query, Shelf};
use crate::download::fault::FetchError;
use crate::download::partial::Partial;
use crate::download::place::Place;
use crate::io_fault::words_and_advice;
use crate::releases::archive::{ArchiveError, extract};
use crate::releases::names::{archive, manifest_api, manifest_name};
use crate::releases::offer::{Kind, OfferError};
use crate::releases::origins::Origins;

/// What is wanted.
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
    Offer(#[from] OfferError),
    /// A file of a release did not come.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The same, from the server that has all of them.
    #[error("http call failed to releases.hashicorp.com failed: {0}")]
    Server(#[source] FetchError),
    /// Nobody knows what is installed.
    #[error(transparent)]
    List(#[from] ListError),
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
    #[error("keeping the archive: {}", words_and_advice(.0))]
    Room(#[from] io::Error),
}

/// Installs the newest release that will do; `None` when it is installed already.
///
/// # Errors
///
/// There is none, or it cannot be fetched or installed.
pub async fn install_latest(
    shelf: &Shelf,
    origins: &Origins,
    wanted: &Wanted<'_>,
) -> Result<Option<Installed>, LatestError> {
    let source = wanted.source;
    let plugin = source.rsplit('/').next().unwrap_or(source);
    let offer = origins.hosts.offer(source).await?;
    let mut faults = Vec::new();
    for version in offer.fitting(wanted.constraint) {
        let exactly = Constraint::exactly(version.clone());
        let query = Query { source: Some(source), constraint: &exactly, releases_only: true };
        if !wanted.force && !shelf.list(&query).await?.is_empty() {
            return Ok(None);
        }
        let (kind, place) = (offer.kind, offer.release(&version));
        let release = Release { shelf, origins, source, plugin, version: &version, kind, place };
        match release.install(&offer.checksums_name(plugin, &version)).await? {
            Ok(path) => return Ok(Some(Installed { version, path })),
            Err(fault) => faults.push(fault),
        }
    }
    let constraint = quote(&wanted.constraint.to_string());
    faults.push(match faults.is_empty() {
        true => format!("no release version found for constraints: {constraint}"),
        false => format!("could not install any compatible version of plugin {}", quote(source)),
    });
    Err(LatestError::NoneFits(faults))
}

/// A release that is being installed.
struct Release<'r> {
    shelf: &'r Shelf,
    origins: &'r Origins,
    source: &'r str,
    plugin: &'r str,
    version: &'r Version,
    kind: Kind,
    place: Place,
}

/// What becomes of one release: the inner error says why it does not do, which another may.
type Tried<T> = Result<Result<T, String>, LatestError>;

impl Release<'_> {
    async fn install(&self, checksums: &str) -> Tried<PathBuf> {
        let (name, expected) = match self.archive(checksums).await? {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        let file = match self.fetch(&name, &expected).await? {
            Ok(file) => file,
            Err(fault) => return Ok(Err(fault)),
        };
        let binary = extract(&file, &self.shelf.folder, self.plugin, self.version, self.shelf.target)?;
        let mut other = None;
        let accept = |reported: &Version| match reported {
            reported if !reported.prerelease().is_empty() => Err(prerelease(reported, self.source)),
            reported if reported.core() != self.version.core() => {
                let text = format!(
                    "binary reported version ({}) is different from the expected {}, skipping",
                    quote(&reported.to_string()),
                    quote(&self.version.to_string())
                );
                Err(other.insert(text).clone())
            }
            _ => Ok(()),
        };
        let installed = self.shelf.install(&binary, self.source, accept).await;
        match (installed, other) {
            (Err(_), Some(text)) => Ok(Err(format!("Continuing to next available version: {text}"))),
            (installed, _) => Ok(Ok(installed?)),
        }
    }

    /// The archive for this system and its checksum.
    async fn archive(&self, checksums: &str) -> Tried<(String, String)> {
        let list = match self.place.text(checksums).await {
            Ok(list) => list,
            Err(error) => return self.failed(error),
        };
        let Some(found) = archive(&list, self.plugin, self.version, self.shelf.target) else {
            return Ok(Err(self.nothing()));
        };
        if self.kind == Kind::Server {
            let manifest = match self.place.text(&manifest_name(self.plugin, self.version)).await {
                Ok(manifest) => manifest,
                Err(error) => return self.failed(error),
            };
            let api = manifest_api(&manifest).unwrap_or_default();
            if !ApiVersion::parse(&api).is_some_and(ApiVersion::is_usable) {
                return Ok(Err(format!("{}: it is made for the plugin interface {}", self.nothing(), quote(&api))));
            }
        }
        Ok(Ok(found))
    }

    /// The archive, if it is what its checksum says.
    async fn fetch(&self, name: &str, expected: &str) -> Tried<File> {
        let kept = self.origins.parts.as_deref().filter(|_| is_digest(expected));
        let mut partial = match self.place {
            Place::Web { .. } => Partial::open(kept, expected)?,
            Place::Folder(_) => Partial::unnamed()?,
        };
        loop {
            let resumed = !partial.is_empty();
            if let Err(error) = self.place.copy(name, &mut partial, &self.origins.watch).await {
                return match self.kind {
                    Kind::Mirror => Err(error.into()),
                    Kind::Server | Kind::GitHub => self.failed(error),
                };
            }
            let found = partial.digest()?;
            if found == expected {
                return Ok(Ok(partial.finish()?));
            }
            partial.restart(None)?;
            // What was kept may have been the beginning of something else.
            if !resumed {
                partial.finish()?;
                let (archive, expected) = (name.to_owned(), expected.to_owned());
                return Err(LatestError::Changed { archive, expected, found });
            }
        }
    }

    fn nothing(&self) -> String {
        let (source, version) = (quote(self.source), quote(&self.version.to_string()));
        format!("could not find a local nor a remote checksum for plugin {source} {version}")
    }

    /// A file did not come: the releases server has all releases or none.
    fn failed<T>(&self, error: FetchError) -> Tried<T> {
        match self.kind {
            Kind::Server => Err(LatestError::Server(error)),
            Kind::Mirror | Kind::GitHub => Ok(Err(format!("{}: {error}", self.nothing()))),
        }
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
