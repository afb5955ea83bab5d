//! What to start, and what can go wrong with it.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use planner::value::quote;

use crate::io_fault::{os_words, words_and_advice};
use crate::memory::MemorySize;
use crate::process::fence::Fence;
use crate::scrubber::Scrubber;

/// What to start, and where.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// The program: a path, or a name looked up in the environment's `PATH`.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Where it runs.
    pub working_dir: Arc<PathBuf>,
    /// All of its environment.
    pub environment: Arc<BTreeMap<String, String>>,
    /// What ends it should we not be able to.
    pub fence: Fence,
    /// What must not be seen of what it writes: it is not cut in two.
    pub secrets: Scrubber,
}

/// Why a process did not run to its own end.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// There is no such program.
    #[error("exec: {}: executable file not found in $PATH", quote(.0))]
    NotFound(String),
    /// The directory to run in is not there.
    #[error("the working directory {} cannot be used: {}", .path.display(), os_words(.source))]
    WorkingDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system would not start it.
    #[error("fork/exec {program}: {}", words_and_advice(.source))]
    Start {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system would not say how it ended.
    #[error("waiting for {program}: {}", os_words(.source))]
    Wait {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// It was killed and is still there.
    #[error("{0} does not end although it was killed; it waits for a device or a network file system")]
    Unkillable(String),
    /// It was killed because it held too much memory.
    #[error("it held {held} of memory")]
    Memory {
        /// How much.
        held: MemorySize,
    },
    /// It was ended because the run is stopping.
    #[error("context canceled")]
    Cancelled,
}
