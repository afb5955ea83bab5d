//! Forgets runs that nobody will ask for again: those that came to their end, left nothing, and are not among the newest.

use crate::cleaning::survey::{is_clean, left_of, read};
use crate::state::{RunFile, StateDir, StateError};

/// How many of the newest runs are kept, for `packer replay`.
pub const KEPT: usize = 100;

/// Removes the journals of runs beyond the newest [`KEPT`] that left nothing. Gives how many there were. What is in use or
/// cannot be read stays.
///
/// # Errors
///
/// The state directory cannot be read.
pub fn prune(state: &StateDir) -> Result<usize, StateError> {
    let mut n_removed = 0;
    for file in state.runs()?.into_iter().skip(KEPT) {
        // Held until the file is gone, so that nobody takes the run up meanwhile.
        let Ok(Some(_lock)) = file.lock() else { continue };
        if !is_clean(&file) && !is_useless(&file) {
            continue;
        }
        match std::fs::remove_file(file.path()) {
            Ok(()) => n_removed += 1,
            Err(error) => tracing::warn!("the journal {} stays: {error}", file.path().display()),
        }
    }
    Ok(n_removed)
}

fn is_useless(file: &RunFile) -> bool {
    let Ok((history, damages)) = read(file) else { return false };
    let may_be_taken_up = !history.has_ended() && !history.nodes.is_empty();
    !may_be_taken_up && damages.is_empty() && left_of(&history).next().is_none()
}
