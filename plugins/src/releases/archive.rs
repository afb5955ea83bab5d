//! The binary in the archive of a release.

use std::borrow::Cow;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use planner::version::Version;
use tempfile::{NamedTempFile, TempPath};
use zip::ZipArchive;

use crate::discovery::checksum::read_parts;
use crate::discovery::file_name::FileName;
use crate::discovery::target::Target;
use crate::io_fault::words_and_advice;
use crate::trust::signatures::{MAX_LEN, SUFFIXES, Signatures};

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
    #[error("writing the binary to {}: {}", .folder.display(), words_and_advice(.source))]
    Unwritable {
        /// The folder that it was to be written to.
        folder: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A binary that came out of an archive.
#[derive(Debug)]
pub struct Extracted {
    /// The binary; it is removed when this is dropped.
    pub path: TempPath,
    /// What it is called in the archive.
    pub name: String,
    /// The signatures that are beside it there.
    pub signatures: Signatures,
}

/// Writes the binary of a release into `folder`.
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
) -> Result<Extracted, ArchiveError> {
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
    let path = write(archive.by_name(&name)?, folder)?;
    let mut signatures = Signatures::default();
    for (file, suffix) in signatures.files.iter_mut().zip(SUFFIXES) {
        match archive.by_name(&format!("{name}{suffix}")) {
            Ok(member) => {
                let mut bytes = Vec::new();
                member.take(MAX_LEN).read_to_end(&mut bytes).map_err(zip::result::ZipError::from)?;
                *file = Some(bytes);
            }
            Err(zip::result::ZipError::FileNotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Extracted { path, name, signatures })
}

fn write(mut member: impl Read, folder: &Path) -> Result<TempPath, ArchiveError> {
    let mut full = false;
    let written = fs::create_dir_all(folder).and_then(|()| NamedTempFile::new_in(folder)).and_then(|mut binary| {
        read_parts(&mut member, |part| binary.write_all(part).inspect_err(|_| full = true))?;
        binary.as_file().set_permissions(Permissions::from_mode(0o700))?;
        Ok(binary.into_temp_path())
    });
    written.map_err(|source| match source.kind() {
        // A damaged archive is not the disk's fault.
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput if !full => ArchiveError::Unreadable(source.into()),
        _ => ArchiveError::Unwritable { folder: folder.to_owned(), source },
    })
}
