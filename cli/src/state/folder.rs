//! The state directory: `PACKER_STATE_DIR`, else the user's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::state::run_file::{RunFile, RunLock};

/// The folder of the journals in it.
const RUNS: &str = "runs";
/// What a journal's file name ends with.
const SUFFIX: &str = "journal";

/// Where runs are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    folder: PathBuf,
}

/// Runs cannot be recorded, or what was recorded cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// There is no home to keep them in.
    #[error(
        "there is no place to record what runs: neither PACKER_STATE_DIR, XDG_STATE_HOME nor HOME is set\n\
         Set PACKER_STATE_DIR to a folder that lasts."
    )]
    NoHome,
    /// The folder cannot be made.
    #[error(
        "there is no place to record what runs: {path}: {source}\nSet PACKER_STATE_DIR to a folder that can be written to \
         and that lasts."
    )]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file cannot be made, locked or read.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No run, or several, are meant.
    #[error("{0}")]
    WhichRun(String),
}

impl StateDir {
    /// The state directory of these surroundings; it may not exist.
    ///
    /// # Errors
    ///
    /// There is no home.
    pub fn of(environment: &Environment, working_dir: &Path) -> Result<Self, StateError> {
        let folder = match (environment.get("PACKER_STATE_DIR"), environment.get("XDG_STATE_HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(base)) => Path::new(base).join("packer"),
            (None, None) => Path::new(environment.get("HOME").ok_or(StateError::NoHome)?).join(".local/state/packer"),
        };
        Ok(Self { folder: working_dir.join(folder) })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes the journal of a new run. Its lock is held until it is dropped.
    ///
    /// # Errors
    ///
    /// It cannot be made.
    pub fn create(&self, run: &str) -> Result<RunLock, StateError> {
        let runs = self.folder.join(RUNS);
        private_folder(&runs).map_err(|source| StateError::Folder { path: runs.clone(), source })?;
        RunLock::create(&runs.join(format!("{run}.{SUFFIX}")))
    }

    /// The journal of a run.
    pub fn run(&self, run: &str) -> RunFile {
        RunFile::new(self.folder.join(RUNS).join(format!("{run}.{SUFFIX}")))
    }

    /// The journals of all runs, the newest first. Empty when nothing was ever recorded.
    ///
    /// # Errors
    ///
    /// The folder is there but cannot be read.
    pub fn runs(&self) -> Result<Vec<RunFile>, StateError> {
        let folder = self.folder.join(RUNS);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(StateError::Folder { path: folder, source }),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|source| StateError::Folder { path: folder.clone(), source })?;
            let path = entry.path();
            if path.extension().is_some_and(|suffix| suffix == SUFFIX) {
                // By when they were made: version 4 ids have no order.
                let made = entry.metadata().and_then(|found| found.created().or_else(|_| found.modified()));
                found.push((made.ok(), RunFile::new(path)));
            }
        }
        found.sort_by(|(made, run), (other_made, other)| (other_made, other.id()).cmp(&(made, run.id())));
        Ok(found.into_iter().map(|(_, run)| run).collect())
    }

    /// The run that `name` means: an id, a beginning that only one has, or `last`.
    ///
    /// # Errors
    ///
    /// There is none, or several; or the folder cannot be read.
    pub fn find(&self, name: &str) -> Result<RunFile, StateError> {
        let runs = self.runs()?;
        let folder = self.folder.display();
        if name == "last" {
            return runs
                .into_iter()
                .next()
                .ok_or_else(|| StateError::WhichRun(format!("no run is recorded in {folder}")));
        }
        let mut meant: Vec<RunFile> = runs.into_iter().filter(|run| run.id().starts_with(name)).collect();
        match (meant.len(), name) {
            (1, _) => Ok(meant.remove(0)),
            (0, _) | (_, "") => {
                Err(StateError::WhichRun(format!("no run {name:?} is recorded in {folder}; `packer replay` lists all")))
            }
            (n, _) => Err(StateError::WhichRun(format!("{n} runs begin with {name:?}; give more of the id"))),
        }
    }
}

/// Makes a folder that only its owner sees into, as what was built, and where, is nobody else's affair.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_say_where_runs_are_recorded() {
        for (variables, folder) in [
            (vec![("HOME", "/h")], Some("/h/.local/state/packer")),
            (vec![("HOME", "/h"), ("XDG_STATE_HOME", "/s")], Some("/s/packer")),
            (vec![("HOME", "/h"), ("PACKER_STATE_DIR", "mine")], Some("/work/mine")),
            (vec![("HOME", ""), ("PACKER_STATE_DIR", "")], None),
        ] {
            let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
            let environment = Environment::new(pairs.collect(), "/work".into());
            let found = StateDir::of(&environment, Path::new("/work")).ok();
            assert_eq!(found.as_ref().map(StateDir::path), folder.map(Path::new), "{variables:?}");
        }
    }

    #[test]
    fn runs_are_found_by_what_they_are_called() {
        let top = tempfile::tempdir().unwrap();
        let state = StateDir { folder: top.path().join("new") };
        assert!(state.runs().unwrap().is_empty());
        assert!(state.find("last").unwrap_err().to_string().contains("no run is recorded"));
        let _locks: Vec<RunLock> = ["abc", "abd", "x"].iter().map(|run| state.create(run).unwrap()).collect();
        assert_eq!(state.runs().unwrap().len(), 3);
        assert_eq!(state.find("abd").unwrap().id(), "abd");
        assert_eq!(state.find("x").unwrap().id(), "x");
        assert!(state.find("ab").unwrap_err().to_string().starts_with("2 runs begin with"));
        assert!(state.find("y").unwrap_err().to_string().starts_with("no run \"y\""));
    }
}
