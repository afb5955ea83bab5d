//! Runs that were killed and are not over yet: their guard has plugins cancel what they were at, which may take minutes,
//! and then ends what is left. Who removes the same things meanwhile, or makes them again, gets in its way.

use std::time::Duration;

use crate::journal::{GuardNote, History};

/// The time between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// The guard of a run that was killed, while it is at that.
pub fn guard_at_work(history: &History) -> Option<GuardNote> {
    history.guard.filter(|guard| !history.has_ended() && is_standing(guard))
}

/// Whether a guard is there. Where nobody tells who a process is, none ever is.
fn is_standing(guard: &GuardNote) -> bool {
    #[cfg(target_os = "linux")]
    let is_there = guard.started.is_some_and(|started| !crate::process::is_extinct(guard.pid, started));
    #[cfg(not(target_os = "linux"))]
    let is_there = false;
    is_there
}

/// Blocks until the guard of a run that was killed is done. It gives plugins five minutes at most.
pub fn await_end(guard: &GuardNote) {
    while is_standing(guard) {
        std::thread::sleep(PAUSE);
    }
}
