//! Keeps the document on this side.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use crate::component::ComponentError;
use crate::draft::Draft;
use crate::io_fault::words_and_advice;
use crate::journal::Recorder;

/// Permissions of what is kept, less the umask.
const MODE: u32 = 0o644;

/// Writes `document` to `destination`: a file, or a folder, in which it gets a name of its own. Gives the path for messages.
pub(super) fn store(
    document: &[u8],
    destination: &str,
    working_dir: &Path,
    recorder: &Recorder,
) -> Result<String, ComponentError> {
    let is_folder = destination.ends_with('/') || working_dir.join(destination).is_dir();
    let shown = match is_folder {
        true => Path::new(destination).join(format!("packer-user-sbom-{}.json", Uuid::new_v4().simple())),
        false => PathBuf::from(destination),
    };
    let path = working_dir.join(&shown);
    let shown = shown.display().to_string();
    let failed =
        |error: &std::io::Error| ComponentError::new(format!("Unable to write {shown}: {}", words_and_advice(error)));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
    }
    let written = Draft::begin(&path, MODE, recorder).and_then(|draft| {
        draft.file().write_all(document)?;
        draft.publish()
    });
    written.map(|()| shown.clone()).map_err(|error| failed(&error))
}
