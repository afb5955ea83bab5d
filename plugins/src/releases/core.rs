//! Releases of Packer itself, for machines that run another system than this one.

use std::fs::File;
use std::io;

use planner::version::{Constraint, Version};
use tempfile::TempPath;
use zip::ZipArchive;

use crate::discovery::checksum::read_parts;
use crate::download::fault::FetchError;
use crate::download::partial::Partial;
use crate::download::place::Place;
use crate::download::step::Watch;
use crate::io_fault::words_and_advice;
use crate::releases::names::versions;
use crate::releases::offer::{Kind, Offer, index};

/// A release that was fetched.
#[derive(Debug)]
pub struct CoreArchive {
    /// Which one it is.
    pub version: Version,
    /// The archive, from its beginning.
    pub file: File,
}

/// There is no release to be had.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// Something cannot be read.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The list is none.
    #[error("reading the versions of packer: {0}")]
    Index(serde_json::Error),
    /// There are none at all.
    #[error("{0} lists no release of packer")]
    Empty(String),
    /// None for such a machine.
    #[error("packer {version} is not released for {platform}")]
    Platform {
        /// The newest release.
        version: Version,
        /// What was wanted.
        platform: String,
    },
    /// Not what was released.
    #[error("{name} has the checksum {found}, and {expected} was released; it may have been tampered with")]
    Changed {
        /// The archive.
        name: String,
        /// Its checksum in the list.
        expected: String,
        /// What was fetched.
        found: String,
    },
    /// There is no room for it.
    #[error("keeping the archive: {}", words_and_advice(.0))]
    Room(#[from] io::Error),
    /// It is not an archive with the program in it.
    #[error("the archive of packer is damaged: {0}")]
    Archive(#[from] zip::result::ZipError),
}

/// The newest release in `place` that is no pre-release, for machines of `platform`, as in `linux_amd64`; its checksum is
/// the one that was released.
///
/// # Errors
///
/// There is none, or it cannot be fetched.
pub async fn fetch_newest(place: Place, platform: &str, watch: &Watch) -> Result<CoreArchive, CoreError> {
    let shown = place.shown("");
    let names = versions(&index(&place).await?).map_err(CoreError::Index)?;
    let offer = Offer { kind: Kind::Server, place, names };
    let version = offer.fitting(&Constraint::none()).into_iter().next().ok_or(CoreError::Empty(shown))?;
    let release = offer.release(&version);
    let list = release.text(&format!("packer_{version}_SHA256SUMS")).await?;
    let name = format!("packer_{version}_{platform}.zip");
    let entry = |line: &str| match line.split_whitespace().collect::<Vec<_>>().as_slice() {
        [digest, file] if *file == name => Some(digest.to_ascii_lowercase()),
        _ => None,
    };
    let missing = || CoreError::Platform { version: version.clone(), platform: platform.to_owned() };
    let expected = list.lines().find_map(entry).ok_or_else(missing)?;
    let mut partial = Partial::unnamed()?;
    release.copy(&name, &mut partial, watch).await?;
    let found = partial.digest()?;
    if found != expected {
        return Err(CoreError::Changed { name, expected, found });
    }
    Ok(CoreArchive { version, file: partial.finish()? })
}

/// Writes the program in the archive to a file of its own, which is removed when what is returned is dropped.
///
/// # Errors
///
/// It is not in there, or cannot be written.
pub fn program(archive: File, name: &str) -> Result<TempPath, CoreError> {
    let mut archive = ZipArchive::new(archive)?;
    let mut program = tempfile::Builder::new().prefix("packer-").tempfile()?;
    let mut full = false;
    let mut write = |part: &[u8]| io::Write::write_all(&mut program, part).inspect_err(|_| full = true);
    let written = read_parts(&mut archive.by_name(name)?, &mut write);
    match written {
        Ok(()) => Ok(program.into_temp_path()),
        // A damaged archive is not the disk's fault.
        Err(error) if full => Err(CoreError::Room(error)),
        Err(error) => Err(CoreError::Archive(error.into())),
    }
}
