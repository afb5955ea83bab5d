//! Which template a run is of: journals name it by its path, and know what its files said.

use std::path::Path;

use planner::files::Files;
use plugins::journal::TemplateNote;
use sha2::{Digest, Sha256};

/// Which template `argument` is, and what its files say.
pub fn template_note(argument: &str, working_dir: &Path, files: &Files) -> TemplateNote {
    let mut digest = Sha256::new();
    for file in files.all() {
        digest.update((file.name.len() as u64).to_le_bytes());
        digest.update(&file.name);
        digest.update((file.text.len() as u64).to_le_bytes());
        digest.update(&*file.text);
    }
    let digest = digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    TemplateNote { path: template_path(argument, working_dir), digest }
}

/// The absolute path of a template, the same however it is named.
pub fn template_path(argument: &str, working_dir: &Path) -> String {
    if argument == "-" {
        return argument.to_owned();
    }
    let path = working_dir.join(argument);
    std::fs::canonicalize(&path).unwrap_or(path).to_string_lossy().into_owned()
}
