//! The files that are left behind.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use engine::Cancel;

use crate::component::{Artifact, ComponentContext, ComponentError};
use crate::draft::Draft;
use crate::io_fault::words_and_advice;
use crate::journal::Recorder;
use crate::sbom::ScanError;

/// Permissions of everything written, less the umask.
const MODE: u32 = 0o664;

/// Where the files of one artifact go, and what their names begin with.
pub(super) struct Outputs {
    folder: PathBuf,
    /// As it is named in messages.
    shown: PathBuf,
    stem: String,
    recorder: Recorder,
}

impl Outputs {
    /// For `artifact`, in `output_dir` if that is not empty, else beside its first file.
    pub(super) fn of(artifact: &dyn Artifact, output_dir: &str, context: &ComponentContext) -> Self {
        let files = artifact.files();
        let shown = match (output_dir, files.first().and_then(|file| file.parent())) {
            ("", Some(beside)) if !beside.as_os_str().is_empty() => beside.to_path_buf(),
            ("", _) => PathBuf::from("."),
            (folder, _) => PathBuf::from(folder),
        };
        let base =
            files.first().map(|file| file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned());
        let base = base.unwrap_or_else(|| sanitised(&format!("{}-{}", artifact.builder_id(), artifact.id())));
        let build = if context.build_name.is_empty() { String::new() } else { sanitised(&context.build_name) + "." };
        let recorder = context.recorder.clone();
        Self { folder: context.working_dir.join(&shown), shown, stem: build + &base, recorder }
    }

    /// The name of the file that ends in `extension`.
    pub(super) fn name(&self, extension: &str) -> String {
        format!("{}.{extension}", self.stem)
    }

    /// Writes a file, whole or not at all. Gives its path for messages.
    pub(super) fn write(&self, extension: &str, text: &str) -> Result<String, ComponentError> {
        let name = self.name(extension);
        let shown = if self.shown == Path::new(".") { PathBuf::from(&name) } else { self.shown.join(&name) };
        let shown = shown.display().to_string();
        let failed = |error: &std::io::Error| {
            ComponentError::new(format!("Unable to write {shown}: {}", words_and_advice(error)))
        };
        std::fs::create_dir_all(&self.folder).map_err(|error| failed(&error))?;
        let written = Draft::begin(&self.folder.join(&name), MODE, &self.recorder).and_then(|draft| {
            draft.file().write_all(text.as_bytes())?;
            draft.publish()
        });
        written.map_err(|error| failed(&error))?;
        Ok(shown)
    }
}

/// What every file system takes for a name.
fn sanitised(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    text.chars().map(|c| if plain(c) { c } else { '-' }).collect()
}

/// How a scan that failed is said.
pub(super) fn failed(error: &ScanError, cancel: &Cancel) -> ComponentError {
    match error {
        ScanError::Cancelled => ComponentError::Cancelled,
        _ if cancel.is_stopping() => ComponentError::Cancelled,
        error => ComponentError::new(error.to_string()),
    }
}
