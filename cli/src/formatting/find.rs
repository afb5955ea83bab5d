//! From the words on the command line to the files they mean, in the order in which they are shown.

use std::collections::HashSet;
use std::path::{Component, Path, PathBuf};

use planner::diagnostic::Diagnostic;
use planner::os_words::os_words;

/// The ends of the names of files that can be formatted.
pub(super) const SUFFIXES: [&str; 2] = [".pkr.hcl", ".pkrvars.hcl"];

/// Something to format.
#[derive(Clone, Debug)]
pub enum Target {
    /// Standard input.
    Input,
    /// A file.
    File {
        /// Its path, as shown to users.
        shown: String,
        /// Where it is.
        path: PathBuf,
    },
    /// A folder that cannot be listed.
    Unlisted(Diagnostic),
}

/// What `words` mean: files, the files in folders, and `-`. With `recursive`, those in folders below as well. A file
/// that is meant several times, by any name, comes once.
pub fn find(words: &[String], working_dir: &Path, recursive: bool) -> Vec<Target> {
    let mut search = Search { recursive, seen: HashSet::new(), found: Vec::new() };
    for word in words {
        let path = working_dir.join(word);
        if word == "-" {
            search.found.push(Target::Input);
        } else if path.is_dir() {
            search.folder(Path::new(word), &path);
        } else {
            let identity = path.canonicalize().unwrap_or_else(|_| path.clone());
            search.file(word.clone(), path, identity);
        }
    }
    search.found
}

struct Search {
    recursive: bool,
    /// The real paths of the files found so far.
    seen: HashSet<PathBuf>,
    found: Vec<Target>,
}

impl Search {
    /// Takes in the files of a folder, sorted by name, folders in it in their place among them. Links to folders are
    /// not followed, so there is no going round in circles.
    fn folder(&mut self, shown: &Path, path: &Path) {
        let entries = match entries(path) {
            Ok(entries) => entries,
            Err(error) => {
                let summary = format!("Could not list the directory {}", shown.display());
                self.found.push(Target::Unlisted(Diagnostic::error(summary, os_words(&error), None)));
                return;
            }
        };
        let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        for (name, kind) in entries {
            let (shown, path) = (plain(&shown.join(&name)), path.join(&name));
            if kind.is_dir() {
                if self.recursive {
                    self.folder(&shown, &path);
                }
            } else if is_formattable(&name) && (kind.is_file() || kind.is_symlink()) {
                let linked = kind.is_symlink().then(|| path.canonicalize().ok()).flatten();
                self.file(shown.to_string_lossy().into_owned(), path, linked.unwrap_or_else(|| real.join(&name)));
            }
        }
    }

    fn file(&mut self, shown: String, path: PathBuf, identity: PathBuf) {
        if self.seen.insert(identity) {
            self.found.push(Target::File { shown, path });
        }
    }
}

/// What is in a folder, sorted by name, without what editors and version control leave there. Names that are not UTF-8
/// cannot be shown so that users could refer to them, and are left out.
fn entries(folder: &Path) -> std::io::Result<Vec<(String, std::fs::FileType)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !is_left_over(&name) {
            entries.push((name, entry.file_type()?));
        }
    }
    entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    Ok(entries)
}

fn is_left_over(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~') || (name.starts_with('#') && name.ends_with('#'))
}

/// Whether a name is that of a file that can be formatted.
pub(super) fn is_formattable(name: &str) -> bool {
    SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
}

/// The path without `.` parts, and without `..` parts where those lead out of a folder that it names.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        let inside = matches!(plain.components().next_back(), Some(Component::Normal(_)));
        match part {
            Component::CurDir => {}
            Component::ParentDir if inside => {
                plain.pop();
            }
            Component::ParentDir if plain.has_root() => {}
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_shown_plain() {
        for (path, expected) in [
            ("./a", "a"),
            ("a/./b//c", "a/b/c"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("../../a/..", "../.."),
            ("/../a", "/a"),
            ("/a/../../b", "/b"),
        ] {
            assert_eq!(plain(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
