//! Ends a group of processes that somebody else started: first asked, then killed.

#[cfg(target_os = "linux")]
mod linux {
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
    use tokio::time::{Instant, sleep};

    use crate::process::census::started_at;

    /// How long the group may take to end after it was asked to.
    const GRACE: Duration = Duration::from_secs(5);
    /// How long what was killed may take to be gone.
    const DEATH: Duration = Duration::from_secs(10);
    /// How often to look: there is nothing to wait on.
    const LOOK_AGAIN: Duration = Duration::from_millis(10);

    /// Ends the group that process `leader` leads, if that is who started then. None when there is no such group; whether
    /// it is gone else.
    pub async fn end_group(leader: i32, started: u64) -> Option<bool> {
        // Not 0 or 1: these mean more than one group.
        let group = Pid::from_raw(leader).filter(|_| leader > 1 && started_at(leader) == Some(started))?;
        for (signal, patience) in [(Signal::TERM, GRACE), (Signal::KILL, DEATH)] {
            // It may be gone; that is looked at below.
            let _ = kill_process_group(group, signal);
            let deadline = Instant::now() + patience;
            while Instant::now() < deadline {
                if test_kill_process_group(group).is_err() {
                    return Some(true);
                }
                sleep(LOOK_AGAIN).await;
            }
        }
        Some(false)
    }
}

#[cfg(target_os = "linux")]
pub use linux::end_group;

/// Elsewhere it is not known when a process started, so that none can be told from another that got its number.
#[cfg(not(target_os = "linux"))]
pub async fn end_group(_: i32, _: u64) -> Option<bool> {
    None
}
