//! Finds the template and variable files that a command line argument means, and reads them.

use std::io;
use std::path::{Component, Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Files;
use crate::os_words::os_words;
use crate::span::{FileId, Span};

/// What the command line argument stands for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateFiles {
    /// `path.root`: the directory as it was typed.
    pub root: String,
    /// Native-syntax templates, sorted by name.
    pub hcl: Vec<PathBuf>,
    /// JSON-syntax templates, sorted by name.
    pub json: Vec<PathBuf>,
    /// `*.auto.pkrvars.hcl`, then `*.auto.pkrvars.json`, each sorted. Only a directory argument has them.
    pub auto_variables: Vec<PathBuf>,
}

/// Lists the files behind `argument`; relative paths start from `working_dir`, but are shown as typed. An empty argument
/// stands for a template with nothing in it.
///
/// # Errors
///
/// A diagnostic when nothing is there, it cannot be listed, or holds no template.
pub fn find_templates(argument: &str, working_dir: &Path) -> Result<TemplateFiles, Diagnostics> {
    if argument.is_empty() {
        return Ok(TemplateFiles::default());
    }
    let full = working_dir.join(argument);
    let found = if full.is_dir() { list_directory(argument, &full)? } else { single_file(argument) };
    if found.hcl.is_empty() && found.json.is_empty() {
        let detail = "A config file must be suffixed with `.pkr.hcl` or `.pkr.json`. A folder can be referenced.";
        let summary = format!("Could not find any config file in {argument}");
        return Err(Diagnostic::error(summary, detail, None).into());
    }
    Ok(found)
}

fn single_file(argument: &str) -> TemplateFiles {
    let path = PathBuf::from(argument);
    let parent = path.parent().map(Path::to_string_lossy).unwrap_or_default();
    let root = if parent.is_empty() { ".".to_owned() } else { parent.into_owned() };
    let mut found = TemplateFiles { root, ..TemplateFiles::default() };
    if argument.ends_with(".pkr.json") {
        found.json.push(path);
    } else {
        found.hcl.push(path);
    }
    found
}

fn list_directory(argument: &str, full: &Path) -> Result<TemplateFiles, Diagnostics> {
    let mut names = file_names(full).map_err(|error| {
        let summary = format!("Could not list the directory {argument}");
        Diagnostics::from(Diagnostic::error(summary, os_words(&error), None))
    })?;
    names.sort_unstable();
    let with = |suffix: &str| -> Vec<PathBuf> {
        names.iter().filter(|name| name.ends_with(suffix)).map(|name| shown(Path::new(argument)).join(name)).collect()
    };
    let mut auto_variables = with(".auto.pkrvars.hcl");
    auto_variables.extend(with(".auto.pkrvars.json"));
    Ok(TemplateFiles { root: argument.to_owned(), hcl: with(".pkr.hcl"), json: with(".pkr.json"), auto_variables })
}

/// A folder as it stands in front of the names of its files: without `.` parts, so that `.` shows the names alone.
fn shown(folder: &Path) -> PathBuf {
    folder.components().filter(|part| *part != Component::CurDir).collect()
}

/// The names of all regular files (links followed) directly in `directory` that are valid UTF-8; others cannot carry
/// one of our suffixes in a way users could refer to.
fn file_names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.path().is_dir() {
            names.push(name);
        }
    }
    Ok(names)
}

/// Reads `path` (shown as typed, found from `working_dir`) into `files`.
///
/// # Errors
///
/// A diagnostic naming the path when it cannot be read, and the line when it is not UTF-8.
pub fn read_file(files: &mut Files, path: &Path, working_dir: &Path) -> Result<FileId, Diagnostic> {
    let shown = path.to_string_lossy().into_owned();
    let bytes = std::fs::read(working_dir.join(path)).map_err(|error| unreadable(&shown, &error))?;
    take_bytes(files, shown, bytes)
}

/// A file that is not there or not for us to read. The reference has a summary of its own for JSON that it cannot open.
fn unreadable(shown: &str, error: &io::Error) -> Diagnostic {
    let opened = !shown.ends_with(".json") || error.kind() == io::ErrorKind::IsADirectory;
    let summary = if opened { "Failed to read file" } else { "Failed to open file" };
    let detail = format!("The configuration file {shown:?} could not be read: {}.", os_words(error));
    Diagnostic::error(summary, detail, None)
}

/// Takes bytes as the text of a file called `shown` into `files`.
///
/// # Errors
///
/// A diagnostic naming the place when they are not UTF-8.
pub fn take_bytes(files: &mut Files, shown: String, bytes: Vec<u8>) -> Result<FileId, Diagnostic> {
    match String::from_utf8(bytes) {
        Ok(text) if text.len() < u32::MAX as usize => Ok(files.add(shown, text)),
        Ok(_) => Err(Diagnostic::error("Failed to read file", format!("{shown:?} is larger than 4 GiB."), None)),
        Err(error) => Err(not_utf8(files, shown, &error)),
    }
}

fn not_utf8(files: &mut Files, shown: String, error: &std::string::FromUtf8Error) -> Diagnostic {
    let at = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
    let id = files.add(shown, text);
    let detail = format!(
        "All input files must be UTF-8 encoded; byte {at} is not. Ensure that UTF-8 encoding is selected in your editor."
    );
    Diagnostic::error("Invalid character encoding", detail, Span { file: id, start: at as u32, end: at as u32 + 1 })
}
