//! The one place that reads the process's environment: variables, working directory, home, what the standard streams
//! are, when it started.
//! Everybody else gets values.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, fstat};

/// The surroundings of the process when it started.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The variables. Values that are not UTF-8 have their bad bytes replaced; names that are not UTF-8 are left out.
    pub variables: BTreeMap<String, String>,
    /// The home directory, if there is one.
    pub home: Option<PathBuf>,
    /// The folder that this program lies in, if that is known.
    pub program_folder: Option<PathBuf>,
    /// Whether standard output is a terminal that can move its cursor.
    pub terminal: bool,
    /// What standard input is.
    pub input: InputKind,
    /// When the process started.
    pub started: jiff::Timestamp,
    working_dir: Result<PathBuf, EnvironmentError>,
}

/// What standard input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Somebody types.
    Terminal,
    /// Another program writes.
    Pipe,
    /// A file, a device, a socket, or nothing.
    Other,
}

impl InputKind {
    fn read() -> Self {
        let input = std::io::stdin();
        if input.is_terminal() {
            return Self::Terminal;
        }
        match fstat(&input) {
            Ok(found) if FileType::from_raw_mode(found.st_mode) == FileType::Fifo => Self::Pipe,
            _ => Self::Other,
        }
    }
}

/// What the surroundings lack.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum EnvironmentError {
    /// Deleted while we were in it, or not readable.
    #[error(
        "the current directory cannot be used: {0}\nIt may have been deleted; change to another one and try again."
    )]
    WorkingDir(String),
}

impl Environment {
    /// Reads everything once.
    pub fn read() -> Self {
        let variables: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
            .collect();
        #[expect(clippy::disallowed_methods, reason = "the one place where the working directory is read")]
        let working_dir = std::env::current_dir().map_err(|error| EnvironmentError::WorkingDir(error.to_string()));
        let program = std::env::current_exe().ok();
        let terminal = std::io::stdout().is_terminal() && !is_dumb(variables.get("TERM"));
        Self {
            variables,
            home: std::env::home_dir(),
            program_folder: program.as_deref().and_then(Path::parent).map(Path::to_owned),
            terminal,
            input: InputKind::read(),
            started: jiff::Timestamp::now(),
            working_dir,
        }
    }

    /// Surroundings made of values.
    pub fn new(variables: BTreeMap<String, String>, working_dir: PathBuf) -> Self {
        let home = variables.get("HOME").map(PathBuf::from);
        Self {
            variables,
            home,
            program_folder: None,
            terminal: false,
            input: InputKind::Other,
            started: jiff::Timestamp::UNIX_EPOCH,
            working_dir: Ok(working_dir),
        }
    }

    /// The directory that relative paths start from. Only commands that use paths ask, so that others work anywhere.
    pub fn working_dir(&self) -> Result<&Path, EnvironmentError> {
        self.working_dir.as_deref().map_err(Clone::clone)
    }

    /// A variable that is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

/// Whether a terminal of this kind only prints.
fn is_dumb(term: Option<&String>) -> bool {
    term.is_none_or(|term| term.is_empty() || term == "dumb")
}
