//! What outlives a run: its journal, and what was learned of how long things take. [`folder`] says where, [`run_file`]
//! is the journal of one run on disk, [`durations`] how long nodes took.

pub mod durations;
pub mod folder;
pub mod run_file;

pub use durations::{Durations, Measured};
pub use folder::{StateDir, StateError};
pub use run_file::{RunFile, RunLock};
