//! A file's new text in the place of the old one, in one step: whatever happens, the file holds one of the two.

use std::fs::Metadata;
use std::io::{Error, ErrorKind, Result, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{Access, Gid, Uid, access, fchown};
use tempfile::{Builder, NamedTempFile};

/// Writes `text` to a new file beside the one at `path`, and has it take that one's name, mode and, where that is
/// allowed, owner. A link stays: what it leads to is replaced. Other hard links keep the old text.
///
/// # Errors
///
/// The file is gone, is none, or must not be written to; nothing can be made in its folder; the disk is full. The file
/// is as it was, and nothing is left beside it.
pub(super) fn replace(path: &Path, text: &str) -> Result<()> {
    let path = path.canonicalize()?;
    let old = path.metadata()?;
    if !old.is_file() {
        return Err(Error::new(ErrorKind::InvalidInput, "not a regular file"));
    }
    // Taking the name of a file needs no right to write to it; its owner may still not want that.
    access(&path, Access::WRITE_OK)?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut new = Builder::new().prefix(".packer-fmt-").suffix(".tmp").tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    take_after(&new, &old)?;
    new.persist(&path)?;
    Ok(())
}

/// Gives `new` the owner and the mode of `old`, in this order: changing the owner may clear bits of the mode.
fn take_after(new: &NamedTempFile, old: &Metadata) -> Result<()> {
    let file = new.as_file();
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (old.uid(), old.gid()) {
        let (owner, group) = (Uid::from_raw(old.uid()), Gid::from_raw(old.gid()));
        if let Err(error) = fchown(file, Some(owner), Some(group)) {
            tracing::debug!("the owner of a formatted file changes: {error}");
        }
    }
    file.set_permissions(old.permissions())
}
