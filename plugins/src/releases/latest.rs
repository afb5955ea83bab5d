//! The newest release that will do, from where it is offered to its place.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use planner::legacy::multi_error;
use planner::lock::plugin_lock::{ARCHIVE, BINARY, Hashes, LockedPlugin};
use planner::value::quote;
use planner::version::{Constraint, Version};

use crate::discovery::checksum::{digest, is_digest};
use crate::discovery::file_name::ApiVersion;
use crate::discovery::install::{InstallError, Placed};
use crate::discovery::installation::Installation;
use crate::discovery::shelf::{ListError, Query, Shelf};
use crate::download::fault::FetchError;
use crate::download::partial::Partial;
use crate::download::place::Place;
use crate::io_fault::words_and_advice;
use crate::releases::archive::{ArchiveError, Extracted, extract};
use crate::releases::names::{Archive, archives, manifest_api, manifest_name};
use crate::releases::offer::{Kind, OfferError};
use crate::releases::origins::Origins;
use crate::trust::signatures::{SUFFIXES, Signatures};

/// What is wanted.
#[derive(Clone, Debug)]
pub struct Wanted<'w> {
    /// Where the plugin comes from, such as `github.com/hashicorp/amazon`.
    pub source: &'w str,
    /// Which versions will do.
    pub constraint: &'w Constraint,
    /// Install what is there already once more.
    pub force: bool,
    /// The version that is locked, if the files of another one, or other files of it, will not do.
    pub locked: Option<&'w LockedPlugin>,
}

/// A plugin that is installed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Its version.
    pub version: Version,
    /// Its binary.
    pub path: PathBuf,
    /// It was not there before.
    pub is_new: bool,
    /// The digests of its files, as they are locked.
    pub hashes: Hashes,
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
    /// A file is not what is locked.
    #[error(
        "ErrInvalidPlugin: {name} is not what the lock file has: it changed since, or comes from elsewhere.\nExpected: \
         {expected}\nGot: {found}\nIf it was changed on purpose, run packer init -upgrade."
    )]
    NotLocked {
        /// The file.
        name: String,
        /// The checksums in the lock.
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

/// Installs the newest release that will do, unless it is installed already.
///
/// # Errors
///
/// There is none, or it cannot be fetched or installed.
pub async fn install_latest(shelf: &Shelf, origins: &Origins, wanted: &Wanted<'_>) -> Result<Installed, LatestError> {
    let plugin = wanted.source.rsplit('/').next().unwrap_or(wanted.source);
    let offer = origins.hosts.offer(wanted.source).await?;
    let mut faults = Vec::new();
    for version in offer.fitting(wanted.constraint) {
        let (kind, place) = (offer.kind, offer.release(&version));
        let release = Release { shelf, origins, wanted, plugin, version: &version, kind, place };
        match release.install(&offer.checksums_name(plugin, &version)).await? {
            Ok(installed) => return Ok(installed),
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

/// A release that is being installed.
struct Release<'r> {
    shelf: &'r Shelf,
    origins: &'r Origins,
    wanted: &'r Wanted<'r>,
    plugin: &'r str,
    version: &'r Version,
    kind: Kind,
    place: Place,
}

/// What becomes of one release: the inner error says why it does not do, which another may.
type Tried<T> = Result<Result<T, String>, LatestError>;

impl Release<'_> {
    async fn install(&self, checksums: &str) -> Tried<Installed> {
        let archives = match self.archives(checksums).await? {
            Ok(found) => found,
            Err(fault) => return Ok(Err(fault)),
        };
        let platform = self.shelf.target.platform();
        let mut hashes = Hashes::new();
        for (platform, archive) in &archives {
            hashes.entry(platform.clone()).or_default().insert(format!("{ARCHIVE}{}", archive.digest));
        }
        let mut installed = |path: PathBuf, digest: &str, is_new: bool| {
            hashes.entry(platform.clone()).or_default().insert(format!("{BINARY}{digest}"));
            Installed { version: self.version.clone(), path, is_new, hashes: std::mem::take(&mut hashes) }
        };
        if !self.wanted.force
            && let Some(there) = self.there().await?
        {
            return Ok(Ok(installed(there.path, &there.digest, false)));
        }
        let archive = &archives[&platform];
        self.check_lock(ARCHIVE, &archive.name, &archive.digest)?;
        let file = match self.fetch(archive).await? {
            Ok(file) => file,
            Err(fault) => return Ok(Err(fault)),
        };
        Ok(self.place(&file).await?.map(|placed| installed(placed.path, &placed.digest, true)))
    }

    /// The same version, if it is installed.
    async fn there(&self) -> Result<Option<Installation>, ListError> {
        let constraint = &Constraint::exactly(self.version.clone());
        let query = Query { source: Some(self.wanted.source), constraint, releases_only: true };
        Ok(self.shelf.list(&query).await?.pop())
    }

    /// The archives by platform; there is one for this.
    async fn archives(&self, checksums: &str) -> Tried<BTreeMap<String, Archive>> {
        let list = match self.place.text(checksums).await {
            Ok(list) => list,
            Err(error) => return self.failed(error),
        };
        let found = archives(&list, self.plugin, self.version);
        if !found.contains_key(&self.shelf.target.platform()) {
            return Ok(Err(self.nothing()));
        }
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

    /// A file must be one that is locked, if any of its kind is for this platform. The binary need not be: it comes out of
    /// an archive that is.
    fn check_lock(&self, kind: &str, name: &str, digest: &str) -> Result<(), LatestError> {
        let Some(locked) = self.wanted.locked.filter(|locked| locked.version == *self.version) else { return Ok(()) };
        let platform = self.shelf.target.platform();
        let digests = locked.digests(&platform, kind);
        let covered = kind == BINARY && !locked.digests(&platform, ARCHIVE).is_empty();
        if covered || digests.is_empty() || digests.contains(digest) {
            return Ok(());
        }
        let expected = digests.into_iter().collect::<Vec<_>>().join(", ");
        Err(LatestError::NotLocked { name: name.to_owned(), expected, found: digest.to_owned() })
    }

    /// The archive, if it is what its checksum says.
    async fn fetch(&self, archive: &Archive) -> Tried<File> {
        let Archive { name, digest } = archive;
        let kept = self.origins.parts.as_deref().filter(|_| is_digest(digest));
        let mut partial = match self.place {
            Place::Web { .. } => Partial::open(kept, digest)?,
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
            if found == *digest {
                return Ok(Ok(partial.finish()?));
            }
            partial.restart(None)?;
            // What was kept may have been the beginning of something else.
            if !resumed {
                partial.finish()?;
                let (archive, expected) = (name.to_owned(), digest.to_owned());
                return Err(LatestError::Changed { archive, expected, found });
            }
        }
    }

    /// Puts the binary in an archive to its place.
    async fn place(&self, archive: &File) -> Tried<Placed> {
        let extracted = extract(archive, &self.shelf.folder, self.plugin, self.version, self.shelf.target)?;
        let Extracted { path: binary, name, mut signatures } = extracted;
        self.check_lock(BINARY, "the binary", &digest(File::open(&binary)?, |_| Ok(()))?)?;
        if signatures.is_empty() && self.shelf.trust.wants_signatures() {
            signatures = self.signatures(&name).await;
        }
        let mut other = None;
        let accept = |reported: &Version| match reported {
            reported if !reported.prerelease().is_empty() => Err(prerelease(reported, self.wanted.source)),
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
        let installed = self.shelf.install(&binary, self.wanted.source, &signatures, accept).await;
        match (installed, other) {
            (Err(_), Some(text)) => Ok(Err(format!("Continuing to next available version: {text}"))),
            (installed, _) => Ok(Ok(installed?)),
        }
    }

    /// The signatures of the binary that lie beside its archive.
    async fn signatures(&self, binary: &str) -> Signatures {
        let mut found = Signatures::default();
        for (file, suffix) in found.files.iter_mut().zip(SUFFIXES) {
            match self.place.bytes(&format!("{binary}{suffix}")).await {
                Ok(bytes) => *file = Some(bytes),
                Err(error) => tracing::debug!("no signature: {error}"),
            }
        }
        found
    }

    fn nothing(&self) -> String {
        let (source, version) = (quote(self.wanted.source), quote(&self.version.to_string()));
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
