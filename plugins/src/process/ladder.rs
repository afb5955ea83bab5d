//! The way to a process's end: asked, waited for, killed, with everything in its group.

use std::time::Duration;

use engine::Cancel;
use tokio::process::Child;
use tokio::time::{Instant, sleep, sleep_until};

use crate::process::fence::Fence;
use crate::pump::{LineSink, Pump, QUIET};

/// How long a process may take to end after it was asked to.
const GRACE: Duration = Duration::from_secs(5);
/// How long a killed process may take to vanish: only one stuck in the kernel takes any time at all.
const DEATH: Duration = Duration::from_secs(10);
/// How often to look whether a process group still has members: there is nothing to wait on.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How far the process has been pushed towards its end.
pub(super) enum Ladder {
    Running,
    /// Running, and not to be asked.
    Spared,
    Asked {
        deadline: Instant,
    },
    Killed {
        deadline: Instant,
    },
}

impl Ladder {
    /// Completes when it is time to push harder.
    pub(super) async fn next_rung(&self, cancel: &Cancel) {
        match self {
            Self::Running => cancel.stopping().await,
            Self::Spared => cancel.killing().await,
            Self::Asked { deadline } => tokio::select! {
                () = sleep_until(*deadline) => {}
                () = cancel.killing() => {}
            },
            Self::Killed { deadline } => sleep_until(*deadline).await,
        }
    }

    /// Pushes, and gives the next state; none when there is nothing harder.
    pub(super) fn climb(&self, group: &Group) -> Option<Self> {
        match self {
            Self::Running => {
                group.signal_terminate();
                Some(Self::Asked { deadline: Instant::now() + GRACE })
            }
            Self::Asked { .. } | Self::Spared => Some(Self::kill(group)),
            Self::Killed { .. } => None,
        }
    }

    /// Pushes as hard as can be.
    pub(super) fn kill(group: &Group) -> Self {
        group.signal_kill();
        Self::Killed { deadline: Instant::now() + DEATH }
    }
}

/// The child's process group. Dropped before the child's end it kills the whole group, so that nothing outlives us when
/// the waiting task goes away.
pub(super) struct Group {
    leader: Option<i32>,
    fence: Fence,
}

impl Group {
    /// Of a child that has just started.
    pub(super) fn of(child: &Child, fence: &Fence) -> Self {
        let leader = child.id().and_then(|id| i32::try_from(id).ok());
        leader.into_iter().for_each(|leader| fence.enter(leader));
        Self { leader, fence: fence.clone() }
    }

    #[cfg(unix)]
    pub(super) fn has_members(&self) -> bool {
        let leader = self.leader.and_then(rustix::process::Pid::from_raw);
        leader.is_some_and(|leader| rustix::process::test_kill_process_group(leader).is_ok())
    }

    #[cfg(not(unix))]
    pub(super) fn has_members(&self) -> bool {
        false
    }

    /// The child is gone: its number may soon belong to another.
    pub(super) fn disarm(&mut self) {
        self.leader.take().into_iter().for_each(|leader| self.fence.leave(leader));
    }

    #[cfg(unix)]
    fn signal_terminate(&self) {
        self.signal(rustix::process::Signal::TERM);
    }

    #[cfg(unix)]
    pub(super) fn signal_kill(&self) {
        self.signal(rustix::process::Signal::KILL);
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        if let Some(leader) = self.leader.and_then(rustix::process::Pid::from_raw)
            && let Err(error) = rustix::process::kill_process_group(leader, signal)
        {
            // No such group: it ended by itself in this moment.
            tracing::debug!(%error, ?signal, "signal not delivered");
        }
    }

    // Without process groups the child itself is killed by its handle, when that is dropped.
    #[cfg(not(unix))]
    fn signal_terminate(&self) {}

    #[cfg(not(unix))]
    pub(super) fn signal_kill(&self) {}
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal_kill();
        self.disarm();
    }
}

/// Gives what an interrupted child leaves behind the rest of its time: often it is the child's child that cleans up.
///
/// Ends when the group is gone. Members that have ended but whom nobody has looked at still count as members, so it also
/// ends soon after both pipes have.
pub(super) async fn outlast(
    group: &Group,
    pump: &mut Pump,
    ladder: &Ladder,
    lines: &mut LineSink<'_>,
    cancel: &Cancel,
) {
    let mut closed = None;
    while group.has_members() {
        if !pump.is_open() && closed.get_or_insert_with(Instant::now).elapsed() > QUIET {
            return;
        }
        tokio::select! {
            biased;
            () = ladder.next_rung(cancel) => return,
            _ = pump.deliver(lines), if pump.is_open() => {}
            () = sleep(LOOK_AGAIN) => {}
        }
    }
}
