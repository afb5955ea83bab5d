//! How a plugin gets to its place: a binary is asked what it is, copied, and its checksum put beside it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use planner::value::quote;
use planner::version::Version;
use tempfile::NamedTempFile;

use crate::discovery::checksum::{digest, path_of};
use crate::discovery::describe::{DescribeError, Description};
use crate::discovery::examine::DEVELOPMENT;
use crate::discovery::file_name::{ApiVersion, FileName};
use crate::discovery::remove::remove_if_there;
use crate::discovery::shelf::Shelf;
use crate::io_fault::{os_words, words_and_advice};
use crate::trust::fault::TrustError;
use crate::trust::signatures::{SUFFIXES, Signatures, path_of as signature_of};

/// Why a binary was not installed. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// It is not there.
    #[error("The plugin binary {} cannot be opened: {}.", .path.display(), os_words(.source))]
    NotFound {
        /// The binary.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is a folder.
    #[error("{} is a folder. Give the path of the plugin's binary.", .0.display())]
    Folder(PathBuf),
    /// It cannot be started, or failed.
    #[error("{} is not a plugin that can run here: {source}", .path.display())]
    Describe {
        /// The binary.
        path: PathBuf,
        /// What happened.
        source: DescribeError,
    },
    /// What it says cannot be understood.
    #[error("{} does not describe itself as a plugin: {reason}", .path.display())]
    Undescribed {
        /// The binary.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Its version is none that can be installed.
    #[error("{0}")]
    Version(String),
    /// It does not come from somebody who is trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// It cannot be copied.
    #[error("{}: {}", .path.display(), words_and_advice(.source))]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl InstallError {
    /// What is wrong, in the one line that scripts match.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "Unable to find plugin to promote",
            Self::Folder(_) => "Plugin to promote cannot be a directory",
            Self::Describe { .. } => "Failed to describe the plugin",
            Self::Undescribed { .. } => "Failed to decode plugin describe info",
            Self::Version(_) => "Invalid version",
            Self::Trust(_) => "Plugin is not trusted",
            Self::Write { .. } => "Failed to install plugin",
        }
    }
}

/// A binary at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where it is.
    pub path: PathBuf,
    /// The SHA-256 digest of it, in hexadecimal digits.
    pub digest: String,
}

impl Shelf {
    /// Installs the plugin at `binary` as that of `source`, in the place of one with the same version.
    /// `accept` looks at its version first, and says what is wrong with it. The signatures that come with it go beside it.
    ///
    /// # Errors
    ///
    /// The binary is no plugin, or not accepted, or cannot be copied.
    pub async fn install(
        &self,
        binary: &Path,
        source: &str,
        signatures: &Signatures,
        accept: impl FnOnce(&Version) -> Result<(), String>,
    ) -> Result<Placed, InstallError> {
        let not_found = |source| InstallError::NotFound { path: binary.to_owned(), source };
        if fs::metadata(binary).map_err(not_found)?.is_dir() {
            return Err(InstallError::Folder(binary.to_owned()));
        }
        self.trust.check_install(binary, signatures)?;
        let description = self.describer.describe(binary).await.map_err(|source| {
            let path = binary.to_owned();
            match source {
                DescribeError::Garbage(reason) => InstallError::Undescribed { path, reason: reason.to_string() },
                source => InstallError::Describe { path, source },
            }
        })?;
        if ApiVersion::parse(&description.api_version).is_none() {
            let reason = format!("{} is no version of the interface", quote(&description.api_version));
            return Err(InstallError::Undescribed { path: binary.to_owned(), reason });
        }
        let version = version(&description)?;
        accept(&version).map_err(InstallError::Version)?;
        let plugin = source.rsplit('/').next().unwrap_or(source);
        let version = format!("v{}", version.without_metadata());
        let name = FileName { plugin, version: &version, api: &description.api_version };
        let path = self.folder.join(source).join(name.render(self.target));
        let digest =
            copy(binary, signatures, &path).map_err(|source| InstallError::Write { path: path.clone(), source })?;
        Ok(Placed { path, digest })
    }
}

/// The version that a plugin says it is, if plugins of that version may be installed.
fn version(description: &Description) -> Result<Version, InstallError> {
    let text = &description.version;
    let invalid = |reason: &str| InstallError::Version(format!("{reason} {}", quote(text)));
    let version = Version::parse(text)
        .filter(|version| version.prerelease().is_empty() || text.contains(&format!("-{}", version.prerelease())))
        .ok_or_else(|| invalid("The binary's reported version is not a semantic version (ex: 1.0.0):"))?;
    match version.prerelease() {
        "" | DEVELOPMENT => Ok(version),
        _ => Err(invalid(
            "Packer can only install plugin releases with this command (ex: 1.0.0) or development pre-releases (ex: \
             1.0.0-dev), the binary's reported version is",
        )),
    }
}

/// Copies a binary and writes its checksum and signatures. Whoever looks meanwhile finds no half a file; only one program at
/// a time puts things into the folder, so that all files are always those of one binary.
fn copy(binary: &Path, signatures: &Signatures, path: &Path) -> io::Result<String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let (source, mut fresh) = (File::open(binary)?, NamedTempFile::new_in(folder)?);
    let checksum = digest(source, |part| fresh.write_all(part))?;
    complete(&fresh, 0o755)?;
    let beside = written(folder, checksum.as_bytes())?;
    let mut signed = Vec::with_capacity(SUFFIXES.len());
    for (file, suffix) in signatures.files.iter().zip(SUFFIXES) {
        let file = file.as_ref().map(|bytes| written(folder, bytes)).transpose()?;
        signed.push((signature_of(path, suffix), file));
    }
    let lock = File::open(folder)?;
    if let Err(error) = lock.lock() {
        tracing::debug!("{} cannot be locked: {error}", folder.display());
    }
    for (path, file) in signed {
        match file {
            Some(file) => drop(file.persist(path)?),
            // That of the binary that was there before.
            None => remove_if_there(&path)?,
        }
    }
    fresh.persist(path)?;
    beside.persist(path_of(path))?;
    Ok(checksum)
}

fn written(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    complete(&file, 0o644)?;
    Ok(file)
}

/// What is found after a power failure is whole as well.
fn complete(file: &NamedTempFile, mode: u32) -> io::Result<()> {
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()
}
