//! Which of the two languages a template is written in, and the text of legacy ones.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use planner::files::Files;
use planner::legacy::{LegacyTemplate, null_template, parse};
use planner::os_words::os_words;
use planner::value::quote;

use crate::args::ConfigType;

/// The languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateKind {
    /// HCL2, in either of its syntaxes.
    Hcl2,
    /// Legacy JSON.
    Legacy,
}

/// What standard input is called.
const STDIN: &str = "-";

impl TemplateKind {
    /// The language of the template at `path`.
    ///
    /// # Errors
    ///
    /// There is nothing at that path, in the words that scripts know.
    pub fn of(path: &str, config_type: ConfigType, working_dir: &Path) -> Result<Self, String> {
        let typed = match config_type {
            ConfigType::Hcl2 => Self::Hcl2,
            ConfigType::Json => Self::Legacy,
        };
        if path.ends_with(".pkr.hcl") || path.ends_with(".pkr.json") {
            return Ok(Self::Hcl2);
        }
        if path.is_empty() || path == STDIN {
            return Ok(typed);
        }
        match std::fs::metadata(working_dir.join(path)) {
            Ok(found) if found.is_dir() => Ok(Self::Hcl2),
            Ok(_) => Ok(typed),
            Err(error) => Err(format!("{}: stat {path}: {}", quote(path), os_words(&error))),
        }
    }
}

const NOT_LEGACY: &str = "Failed to parse file as legacy JSON template: if you are using an HCL template, check your \
                          file extensions; they should be either *.pkr.hcl or *.pkr.json; see the docs for more details: \
                          https://www.packer.io/docs/templates/hcl_templates. \nOriginal error: ";

/// The directory that file functions start from.
pub(crate) fn template_root(path: &str, working_dir: &Path) -> String {
    if working_dir.join(path).is_dir() {
        return path.to_owned();
    }
    let parent = Path::new(path).parent().map(|parent| parent.to_string_lossy().into_owned());
    parent.filter(|parent| !parent.is_empty()).unwrap_or_else(|| ".".to_owned())
}

/// Reads the legacy template at `path`: a file, standard input for `-`, and one that does nothing for no path at all.
///
/// # Errors
///
/// It cannot be read, or is none.
pub fn read_legacy(path: &str, working_dir: &Path, files: &mut Files) -> Result<LegacyTemplate, String> {
    if path.is_empty() {
        return Ok(null_template());
    }
    let text = if path == STDIN { read_stdin() } else { std::fs::read(working_dir.join(path)) };
    let text = text.map_err(|error| format!("{NOT_LEGACY}open {path}: {}", os_words(&error)))?;
    let template = parse(files, path, &text).map_err(|error| format!("{NOT_LEGACY}{error}"))?;
    Ok(LegacyTemplate { path: Some(clean(&working_dir.join(path))), ..template })
}

fn read_stdin() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    io::stdin().lock().read_to_end(&mut text)?;
    Ok(text)
}

/// An absolute path without `.` and `..`, links not followed.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => drop(cleaned.pop()),
            other => cleaned.push(AsRef::<OsStr>::as_ref(&other)),
        }
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_follows_from_name_and_flag() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["t.json", "t.hcl", "t"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let (json, hcl2) = (ConfigType::Json, ConfigType::Hcl2);
        for (path, config_type, expected) in [
            ("gone.pkr.hcl", json, Ok(TemplateKind::Hcl2)),
            ("gone.pkr.json", json, Ok(TemplateKind::Hcl2)),
            (".", json, Ok(TemplateKind::Hcl2)),
            ("t.json", json, Ok(TemplateKind::Legacy)),
            ("t.json", hcl2, Ok(TemplateKind::Hcl2)),
            ("t.hcl", json, Ok(TemplateKind::Legacy)),
            ("t", json, Ok(TemplateKind::Legacy)),
            ("-", json, Ok(TemplateKind::Legacy)),
            ("-", hcl2, Ok(TemplateKind::Hcl2)),
            ("", json, Ok(TemplateKind::Legacy)),
            ("gone.json", json, Err("\"gone.json\": stat gone.json: no such file or directory")),
        ] {
            let kind = TemplateKind::of(path, config_type, folder.path());
            assert_eq!(kind.as_ref().map_err(String::as_str), expected.as_ref().map_err(|text| *text), "{path}");
        }
    }

    #[test]
    fn paths_are_cleaned() {
        for (path, cleaned) in [("/a/./b/../c.json", "/a/c.json"), ("/../a", "/a"), ("/a/b", "/a/b")] {
            assert_eq!(clean(Path::new(path)), Path::new(cleaned));
        }
    }
}
