//! What a component is made from, as digests: its configuration, and the files that this names.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use planner::value::Value;
use sha2::{Digest, Sha256};

use crate::journal::note::InputsNote;

/// Of a larger file only size and time are looked at: to read an installation medium takes longer than many a build.
const LARGEST_READ: u64 = 64 << 20;
/// Of a folder with more in it, only so much is looked at.
const MOST_ENTRIES: usize = 10_000;
/// Attributes named so, or with this in their names, say where things go, not where they come from.
const OUTPUTS: [&str; 6] = ["output", "target", "destination", "export", "artifact_dir", "log_file"];

/// Knows the digests of files, each looked at once.
#[derive(Debug)]
pub struct Inputs {
    working_dir: Arc<PathBuf>,
    files: Mutex<HashMap<PathBuf, Option<String>>>,
}

impl Inputs {
    /// Relative paths start from `working_dir`.
    pub fn new(working_dir: Arc<PathBuf>) -> Self {
        Self { working_dir, files: Mutex::default() }
    }

    /// What node number `node` is made from: `words` name its component, and its version.
    pub fn of(&self, node: u32, words: &[&str], config: &Value) -> InputsNote {
        let mut digest = Sha256::new();
        words.iter().for_each(|word| feed_text(&mut digest, word));
        feed(&mut digest, config);
        let mut files = BTreeMap::new();
        self.look("", config, &mut files);
        InputsNote { node, digest: hex(&digest.finalize()), files: files.into_iter().collect() }
    }

    /// The digest of what is in a file or folder now; none when there is no such thing.
    pub fn digest(&self, path: &Path) -> Option<String> {
        let known = self.files.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        known.unwrap_or_else(|| {
            let digest = content(path).ok();
            self.files.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned(), digest.clone());
            digest
        })
    }

    /// Finds the files that texts in `value` name; `attribute` is the one that it is the value of.
    fn look(&self, attribute: &str, value: &Value, files: &mut BTreeMap<String, String>) {
        match value {
            Value::String(text) if may_be_path(attribute, text) => {
                let path = self.working_dir.join(&**text);
                if let Some(digest) = self.digest(&path) {
                    files.insert(path.to_string_lossy().into_owned(), digest);
                }
            }
            Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
                items.iter().for_each(|item| self.look(attribute, item, files));
            }
            Value::Map(_, entries) | Value::Object(entries) => {
                entries.iter().for_each(|(name, value)| self.look(name, value, files));
            }
            _ => {}
        }
    }
}

fn may_be_path(attribute: &str, text: &str) -> bool {
    let is_short = !text.is_empty() && text.len() < 4096;
    is_short
        && !OUTPUTS.iter().any(|output| attribute.contains(output))
        && !text.contains(['\n', '\0'])
        && !text.contains("://")
        // The whole disk, or all that is here, is no input of anybody.
        && !matches!(text.trim_end_matches('/'), "" | "." | "..")
}

/// The digest of a file's bytes, or of a folder's files.
fn content(path: &Path) -> io::Result<String> {
    let mut digest = Sha256::new();
    let found = fs::metadata(path)?;
    if found.is_file() {
        feed_file(&mut digest, path, &found)?;
    } else if found.is_dir() {
        let mut n_left = MOST_ENTRIES;
        feed_folder(&mut digest, path, &mut n_left)?;
    } else {
        return Err(io::ErrorKind::Unsupported.into());
    }
    Ok(hex(&digest.finalize()))
}

fn feed_file(digest: &mut Sha256, path: &Path, found: &fs::Metadata) -> io::Result<()> {
    digest.update(found.len().to_le_bytes());
    if found.len() > LARGEST_READ {
        let modified = found.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        digest.update(modified.as_nanos().to_le_bytes());
        return Ok(());
    }
    let mut file = File::open(path)?;
    let mut bytes = vec![0; 64 << 10];
    loop {
        match file.read(&mut bytes)? {
            0 => return Ok(()),
            n => digest.update(&bytes[..n]),
        }
    }
}

fn feed_folder(digest: &mut Sha256, folder: &Path, n_left: &mut usize) -> io::Result<()> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    for path in paths {
        let Some(left) = n_left.checked_sub(1) else { return Ok(()) };
        *n_left = left;
        feed_text(digest, &path.file_name().unwrap_or_default().to_string_lossy());
        let found = fs::symlink_metadata(&path)?;
        if found.is_dir() {
            digest.update(b"(");
            feed_folder(digest, &path, n_left)?;
            digest.update(b")");
        } else if found.is_file() {
            feed_file(digest, &path, &found)?;
        } else if found.is_symlink() {
            feed_text(digest, &fs::read_link(&path)?.to_string_lossy());
        }
    }
    Ok(())
}

/// Each text with its length, so that no two lists of texts look the same.
fn feed_text(digest: &mut Sha256, text: &str) {
    digest.update((text.len() as u64).to_le_bytes());
    digest.update(text);
}

fn feed(digest: &mut Sha256, value: &Value) {
    match value {
        Value::Null(_) => digest.update(b"0"),
        Value::Unknown(_) => digest.update(b"?"),
        Value::Bool(value) => digest.update(if *value { b"t" } else { b"f" }),
        Value::Number(number) => {
            digest.update(b"n");
            feed_text(digest, &number.to_string());
        }
        Value::String(text) => {
            digest.update(b"s");
            feed_text(digest, text);
        }
        Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
            digest.update(b"[");
            items.iter().for_each(|item| feed(digest, item));
            digest.update(b"]");
        }
        Value::Map(_, entries) | Value::Object(entries) => {
            digest.update(b"{");
            for (name, value) in entries.iter() {
                feed_text(digest, name);
                feed(digest, value);
            }
            digest.update(b"}");
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_node_is_made_from_is_known_by_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("a.sh", "echo 1");
        fs::create_dir(folder.path().join("files")).unwrap();
        write("files/x", "x");
        let config = |script: &str, n: i64| {
            Value::object([
                ("scripts", Value::strings([script, "missing.sh"])),
                ("source", Value::string("files")),
                ("output", Value::string("a.sh")),
                ("n", Value::int(n)),
                ("later", Value::Unknown(planner::value::Type::String)),
            ])
        };
        let of = |words: &[&str], config: &Value| Inputs::new(Arc::new(folder.path().into())).of(3, words, config);
        let first = of(&["shell", "1"], &config("a.sh", 1));
        assert_eq!(first, of(&["shell", "1"], &config("a.sh", 1)));
        let names: Vec<&str> = first.files.iter().map(|(path, _)| path.rsplit('/').next().unwrap()).collect();
        assert_eq!(names, ["a.sh", "files"]);
        assert_ne!(first.digest, of(&["shell", "2"], &config("a.sh", 1)).digest);
        assert_ne!(of(&["ab", "c"], &config("a.sh", 1)).digest, of(&["a", "bc"], &config("a.sh", 1)).digest);
        assert_ne!(first.digest, of(&["shell", "1"], &config("a.sh", 2)).digest);
        write("files/x", "y");
        let second = of(&["shell", "1"], &config("a.sh", 1));
        assert_eq!((&first.digest, &first.files[0]), (&second.digest, &second.files[0]));
        assert_ne!(first.files[1], second.files[1]);
    }
}
