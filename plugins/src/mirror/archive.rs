//! The binary in the archive of a release.

use std::borrow::Cow;
use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use planner::version::Version;
use tempfile::{NamedTempFile, TempPath};
use zip::ZipArchive;

use crate::discovery::file_name::FileName;
use crate::discovery::target::Target;

/// Why there is no binary.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// It is no archive, or damaged.
    #[error("reading the archive: {0}")]
    Unreadable(#[from] zip::result::ZipError),
    /// It holds something else.
    #[error("could not find a {0:?} file in zipfile")]
    Missing(String),
    /// The binary cannot be written.
    #[error("writing the binary: {0}")]
    Unwritable(#[from] io::Error),
}

/// Writes the binary of a release into `folder`. It is removed when the returned path is dropped.
///
/// # Errors
///
/// There is none in the archive, or it cannot be written.
pub fn extract(
    archive: &File,
    folder: &Path,
    plugin: &str,
    version: &Version,
    target: Target,
) -> Result<TempPath, ArchiveError> {
    let mut archive = ZipArchive::new(archive)?;
    let version = format!("v{version}");
    let wanted =
        |name: &str| FileName::parse(name, target).is_some_and(|name| name.plugin == plugin && name.version == version);
    // Names that are no text cannot be the one.
    let found = archive.file_names().filter_map(Result::ok).find(|name| wanted(name)).map(Cow::into_owned);
    let Some(name) = found else {
        let name = FileName { plugin, version: &version, api: "x5.0" };
        return Err(ArchiveError::Missing(name.render(target)));
    };
    fs::create_dir_all(folder)?;
    let mut binary = NamedTempFile::new_in(folder)?;
    io::copy(&mut archive.by_name(&name)?, &mut binary)?;
    binary.as_file().set_permissions(Permissions::from_mode(0o700))?;
    Ok(binary.into_temp_path())
}
