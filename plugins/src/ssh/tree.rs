//! A local folder as it is uploaded: depth first, in the order of names, links followed.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use tokio::fs::File;

use crate::component::ComponentError;
use crate::io_fault::os_words;

/// One step of a walk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// What follows is in this folder.
    Enter {
        /// Permissions.
        mode: u32,
        /// Its name.
        name: String,
        /// Where it is, from what is walked on.
        relative: PathBuf,
    },
    /// The folder is done.
    Leave,
    /// A file.
    File {
        /// Permissions.
        mode: u32,
        /// Bytes.
        size: u64,
        /// Its name.
        name: String,
        /// Where it is here.
        path: PathBuf,
        /// Where it is, from what is walked on.
        relative: PathBuf,
    },
}

/// What is left out: names, or paths from the folder that is copied on.
#[derive(Clone, Debug, Default)]
pub(super) struct Exclusion(Vec<PathBuf>);

impl Exclusion {
    /// From a list as a component gives it.
    pub(super) fn of(list: &[String]) -> Self {
        Self(list.iter().map(|path| Path::new(path).components().collect()).collect())
    }

    /// Whether `relative`, or a folder that it is in, is left out.
    pub(super) fn covers(&self, relative: &Path) -> bool {
        self.0.iter().any(|out| {
            let alone = out.components().count() == 1;
            relative.starts_with(out) || (alone && relative.iter().any(|name| name == out.as_os_str()))
        })
    }
}

/// A walk through a folder.
pub(super) struct Walk {
    exclusion: Exclusion,
    /// Folders that were entered, with what is left in them.
    open: Vec<Level>,
    /// The folder itself, when it is to be entered by its name.
    first: Option<Entry>,
}

struct Level {
    /// To notice links that lead in circles.
    real: PathBuf,
    path: PathBuf,
    relative: PathBuf,
    left: VecDeque<OsString>,
    /// Whether leaving it is a step.
    announced: bool,
}

impl Walk {
    /// Walks `from`: the folder by its name, or only what is in it when that ends in a slash.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) async fn of(from: &str, exclude: &[String]) -> Result<Self, ComponentError> {
        let path = PathBuf::from(from);
        let by_name = !(from.ends_with('/') || cfg!(windows) && from.ends_with('\\'));
        let metadata = tokio::fs::metadata(&path).await.map_err(|error| unread(&path, &error))?;
        if !metadata.is_dir() {
            return Err(ComponentError::new(format!("{from} is not a folder")));
        }
        let real = tokio::fs::canonicalize(&path).await.map_err(|error| unread(&path, &error))?;
        let name = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // A link is called by its own name.
        let name = path.file_name().map_or(name, |name| name.to_string_lossy().into_owned());
        let first = by_name.then(|| Entry::Enter { mode: mode(&metadata), name, relative: PathBuf::new() });
        let level = Level { real, left: list(&path).await?, path, relative: PathBuf::new(), announced: by_name };
        Ok(Self { exclusion: Exclusion::of(exclude), open: vec![level], first })
    }

    /// The next step; none at the end.
    ///
    /// # Errors
    ///
    /// Something cannot be read, or a link leads in circles.
    pub(super) async fn next(&mut self) -> Result<Option<Entry>, ComponentError> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        loop {
            let Some(level) = self.open.last_mut() else { return Ok(None) };
            let Some(name) = level.left.pop_front() else {
                let announced = level.announced;
                self.open.pop();
                if announced {
                    return Ok(Some(Entry::Leave));
                }
                continue;
            };
            let (path, relative) = (level.path.join(&name), level.relative.join(&name));
            if self.exclusion.covers(&relative) {
                continue;
            }
            let metadata = tokio::fs::metadata(&path).await.map_err(|error| unread(&path, &error))?;
            let name = name.to_string_lossy().into_owned();
            let mode = mode(&metadata);
            if metadata.is_dir() {
                self.enter(path, relative.clone()).await?;
                return Ok(Some(Entry::Enter { mode, name, relative }));
            }
            if metadata.is_file() {
                return Ok(Some(Entry::File { mode, size: metadata.len(), name, path, relative }));
            }
            tracing::warn!(path = %path.display(), "neither a file nor a folder, and not uploaded");
        }
    }

    async fn enter(&mut self, path: PathBuf, relative: PathBuf) -> Result<(), ComponentError> {
        let real = tokio::fs::canonicalize(&path).await.map_err(|error| unread(&path, &error))?;
        if self.open.iter().any(|level| level.real == real) {
            return Err(ComponentError::new(format!("{} is a link to a folder that it is in", path.display())));
        }
        let left = list(&path).await?;
        self.open.push(Level { real, path, relative, left, announced: true });
        Ok(())
    }

    /// Opens a file of the walk.
    ///
    /// # Errors
    ///
    /// It cannot be read.
    pub(super) async fn open(path: &Path) -> Result<File, ComponentError> {
        File::open(path).await.map_err(|error| unread(path, &error))
    }
}

fn unread(path: &Path, error: &io::Error) -> ComponentError {
    ComponentError::new(format!("cannot read {}: {}", path.display(), os_words(error)))
}

async fn list(path: &Path) -> Result<VecDeque<OsString>, ComponentError> {
    let failed = |error: io::Error| unread(path, &error);
    let mut names = Vec::new();
    let mut entries = tokio::fs::read_dir(path).await.map_err(failed)?;
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        names.push(entry.file_name());
    }
    names.sort();
    Ok(names.into())
}

#[cfg(unix)]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(metadata: &std::fs::Metadata) -> u32 {
    if metadata.is_dir() { 0o755 } else { 0o644 }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn walked(from: &str, exclude: &[&str]) -> Result<Vec<String>, String> {
        let exclude: Vec<String> = exclude.iter().map(|name| (*name).to_owned()).collect();
        let mut walk = Walk::of(from, &exclude).await.map_err(|error| error.to_string())?;
        let mut steps = Vec::new();
        while let Some(entry) = walk.next().await.map_err(|error| error.to_string())? {
            steps.push(match entry {
                Entry::Enter { name, .. } => format!("{name}/"),
                Entry::Leave => "..".to_owned(),
                Entry::File { name, size, .. } => format!("{name} {size}"),
            });
        }
        Ok(steps)
    }

    #[tokio::test]
    async fn a_slash_means_what_is_in_it_and_exclusions_hold() {
        let root = tempfile::tempdir().unwrap();
        let top = root.path().join("top");
        std::fs::create_dir_all(top.join("b/empty")).unwrap();
        std::fs::write(top.join("a"), "123").unwrap();
        std::fs::write(top.join("b/c d"), "").unwrap();
        let named = top.display().to_string();
        let whole = ["top/", "a 3", "b/", "c d 0", "empty/", "..", "..", ".."];
        assert_eq!(walked(&named, &[]).await.unwrap(), whole);
        assert_eq!(walked(&format!("{named}/"), &[]).await.unwrap(), whole[1..whole.len() - 1]);
        assert_eq!(walked(&format!("{named}/"), &["b"]).await.unwrap(), ["a 3"]);
        assert_eq!(walked(&format!("{named}/"), &["b/empty", "a"]).await.unwrap(), ["b/", "c d 0", ".."]);
        assert!(walked(&format!("{named}/a"), &[]).await.unwrap_err().ends_with("is not a folder"));
        assert!(walked(&format!("{named}/gone"), &[]).await.unwrap_err().ends_with("no such file or directory"));
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn links_are_followed_but_not_in_circles() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("d")).unwrap();
        std::fs::write(root.path().join("d/f"), "1").unwrap();
        std::os::unix::fs::symlink("d", root.path().join("l")).unwrap();
        let named = format!("{}/", root.path().display());
        assert_eq!(walked(&named, &[]).await.unwrap(), ["d/", "f 1", "..", "l/", "f 1", ".."]);
        std::os::unix::fs::symlink("..", root.path().join("d/up")).unwrap();
        assert!(walked(&named, &[]).await.unwrap_err().ends_with("is a link to a folder that it is in"));
    }
}
