//! Open files: who shares them with whom, and how many there may be.
//!
//! Makes room for many open files. Every script in flight holds three descriptors; the usual soft limit of 1,024 would
//! stop a run of a few hundred builds that the hard limit allows.

use std::os::fd::RawFd;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Enough for thousands of scripts. Children inherit the limit, and some programs visit every descriptor up to it, so it
/// is not raised to whatever the system would give.
const WANTED: u64 = 16_384;

/// Closes everything but the standard streams. Only right while nothing of this program has been opened.
pub fn close_inherited() {
    let Ok(entries) = std::fs::read_dir("/dev/fd") else { return };
    let open: Vec<RawFd> = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one that the folder was read with is closed already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// Raises the soft limit as far as is wanted and allowed. Without the right to, things stay as they are: starting a
/// process waits when descriptors are short.
pub fn raise_limit() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = maximum.map_or(WANTED, |maximum| maximum.min(WANTED));
    if current.is_none_or(|current| current >= raised) {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }) {
        tracing::warn!("the limit of open files stays at {current:?}: {error}");
    }
}
