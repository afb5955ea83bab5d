//! Cancellation with two strengths: *stopping* (start nothing new, ask what runs to end, still clean up) and *killing*
//! (end now). Phases only ever go up. Nothing here drops a future: whoever owns a machine decides how it ends.
//!
//! The other way, what runs tells through the same handle that it is alive, for limits on silence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// How far the run is on its way to an end. Ordered: a later phase implies the earlier ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum CancelPhase {
    /// Everything may start.
    #[default]
    Running,
    /// Nothing new starts but cleanup; executors are asked to end.
    Stopping,
    /// Nothing starts; executors end at once.
    Killing,
}

/// A shared, cloneable cancellation signal.
///
/// All clones see the same phase. A [`Cancel::child`] sees its parent's phase or its own, whichever is further.
#[derive(Clone, Debug)]
pub struct Cancel {
    // One shared allocation, because every node of a run is given a clone.
    scope: Arc<Scope>,
}

#[derive(Debug)]
struct Scope {
    own: watch::Sender<CancelPhase>,
    parent: Option<Cancel>,
    pulse: Option<Pulse>,
}

/// When something was last heard of.
#[derive(Debug)]
struct Pulse {
    since: Instant,
    /// Nanoseconds after `since`.
    at: AtomicU64,
}

impl Default for Cancel {
    fn default() -> Self {
        Self::new()
    }
}

impl Cancel {
    /// A signal in phase [`CancelPhase::Running`].
    pub fn new() -> Self {
        Self::inside(None, None)
    }

    /// A narrower scope: raising it does not touch `self`, raising `self` raises it.
    pub fn child(&self) -> Self {
        Self::inside(Some(self.clone()), None)
    }

    /// A narrower scope that remembers when it was last heard of, counted from `since`.
    pub(crate) fn child_heard_since(&self, since: Instant) -> Self {
        Self::inside(Some(self.clone()), Some(Pulse { since, at: AtomicU64::new(0) }))
    }

    fn inside(parent: Option<Self>, pulse: Option<Pulse>) -> Self {
        Self { scope: Arc::new(Scope { own: watch::Sender::new(CancelPhase::Running), parent, pulse }) }
    }

    /// Says that what this handle was given to is alive: for executors whose nodes may be limited in how long nothing is
    /// heard of them ([`crate::TimeLimits::idle`]). Cheap enough for every line of output.
    pub fn heard(&self) {
        let mut scope = Some(self);
        while let Some(Self { scope: at }) = scope {
            if let Some(pulse) = &at.pulse {
                let now = u64::try_from(pulse.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
                pulse.at.fetch_max(now, Ordering::Relaxed);
            }
            scope = at.parent.as_ref();
        }
    }

    /// When this scope was last heard of, if it ever was and remembers.
    pub(crate) fn last_heard(&self) -> Option<Duration> {
        let at = self.scope.pulse.as_ref()?.at.load(Ordering::Relaxed);
        (at > 0).then(|| Duration::from_nanos(at))
    }

    /// Moves to `phase` unless already there or further.
    pub fn raise(&self, phase: CancelPhase) {
        self.scope.own.send_if_modified(|now| {
            let further = phase > *now;
            if further {
                *now = phase;
            }
            further
        });
    }

    /// The phase now.
    pub fn phase(&self) -> CancelPhase {
        let own = *self.scope.own.borrow();
        self.scope.parent.as_ref().map_or(own, |parent| own.max(parent.phase()))
    }

    /// Whether the run is stopping or killing.
    pub fn is_stopping(&self) -> bool {
        self.phase() >= CancelPhase::Stopping
    }

    /// Whether the run is killing.
    pub fn is_killing(&self) -> bool {
        self.phase() >= CancelPhase::Killing
    }

    /// Completes once `phase` is reached, at once if it already is. Cancel-safe.
    pub async fn reached(&self, phase: CancelPhase) {
        let mut own = self.scope.own.subscribe();
        let own = async move {
            // The sender lives in `self`, so the channel cannot close while this future does.
            let _ = own.wait_for(|now| *now >= phase).await;
        };
        match &self.scope.parent {
            None => own.await,
            Some(parent) => {
                let parent = Box::pin(parent.reached(phase));
                futures_util::future::select(Box::pin(own), parent).await;
            }
        }
    }

    /// Completes once the run is stopping (or killing).
    pub async fn stopping(&self) {
        self.reached(CancelPhase::Stopping).await;
    }

    /// Completes once the run is killing.
    pub async fn killing(&self) {
        self.reached(CancelPhase::Killing).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_only_go_up_and_reach_children() {
        let cancel = Cancel::new();
        let child = cancel.child();
        child.raise(CancelPhase::Stopping);
        assert_eq!(cancel.phase(), CancelPhase::Running);
        cancel.raise(CancelPhase::Killing);
        cancel.raise(CancelPhase::Stopping);
        assert_eq!(cancel.phase(), CancelPhase::Killing);
        assert_eq!(child.phase(), CancelPhase::Killing);
    }
}
