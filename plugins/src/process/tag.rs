//! A mark on this process that all its descendants have, too, whatever they do with their groups, sessions, parents and
//! environments: an odd value of a limit that limits nothing.
//!
//! A limit is inherited from before a child runs its first instruction, stays through every program it executes, and can
//! be read of any process. Control groups would do the same for those who may make them.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Limits and what they are called in `/proc`. The kernel has not counted locks of files since 2.4; the other is in
/// microseconds, and the value half a million years. With two of them, a run within a run has a tag of its own beside
/// that of the outer one.
const LIMITS: [(Resource, &str); 2] = [(Resource::Locks, "Max file locks"), (Resource::Rttime, "Max realtime timeout")];
/// Larger than any limit that somebody means.
const LEAST: u64 = 1 << 62;

/// Tags this process, and gives the tag as `/proc/self/limits` has it. None where all those limits are used.
pub(super) fn tag() -> Option<String> {
    let value = LEAST | uuid::Uuid::new_v4().as_u64_pair().1 >> 2;
    LIMITS.iter().find_map(|(resource, name)| {
        let Rlimit { current, maximum } = getrlimit(*resource);
        if current.is_some() {
            return None;
        }
        setrlimit(*resource, Rlimit { current: Some(value), maximum }).ok()?;
        Some(format!("{name} {value}"))
    })
}
