//! Cancellation with two strengths: *stopping* (start nothing new, ask what runs to end, still clean up) and *killing*
//! (end now). Phases only ever go up. Nothing here drops a future: whoever owns a machine decides how it ends.
//!
//! The other way, what runs tells through the same handle that it is alive, for limits on silence, and that it was asked
//! to slow down, for quotas.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tokio::sync::watch;

use crate::id::NodeId;
use crate::worker::Message;

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
    /// Whose handle this is; that of the children too.
    node: Option<NodeId>,
}

#[derive(Debug)]
struct Scope {
    own: watch::Sender<CancelPhase>,
    parent: Option<Cancel>,
    /// The least phase of the parent that counts here.
    heeds: CancelPhase,
    pulse: Option<Pulse>,
    /// The way to the run.
    run: Option<Sender<Message>>,
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
        Self::inside(None, None, None)
    }

    /// A narrower scope: raising it does not touch `self`, raising `self` raises it.
    pub fn child(&self) -> Self {
        Self::inside(Some(self.clone()), None, None)
    }

    /// A narrower scope that stopping around it does not reach, only killing: for cleanup.
    pub fn shielded(&self) -> Self {
        let shielded = Scope { heeds: CancelPhase::Killing, ..Scope::inside(Some(self.clone()), None, None) };
        Self { scope: Arc::new(shielded), node: self.node }
    }

    /// A narrower scope that tells a run what executors say.
    pub(crate) fn child_telling(&self, run: Sender<Message>) -> Self {
        Self::inside(Some(self.clone()), None, Some(run))
    }

    /// The handle of a node.
    pub(crate) fn of(&self, node: NodeId) -> Self {
        Self { scope: Arc::clone(&self.scope), node: Some(node) }
    }

    /// A narrower scope that remembers when it was last heard of, counted from `since`.
    pub(crate) fn child_heard_since(&self, since: Instant) -> Self {
        Self::inside(Some(self.clone()), Some(Pulse { since, at: AtomicU64::new(0) }), None)
    }

    fn inside(parent: Option<Self>, pulse: Option<Pulse>, run: Option<Sender<Message>>) -> Self {
        let node = parent.as_ref().and_then(|parent| parent.node);
        Self { scope: Arc::new(Scope::inside(parent, pulse, run)), node }
    }

    /// The scope and those around it, innermost first.
    fn scopes(&self) -> impl Iterator<Item = &Scope> {
        std::iter::successors(Some(&*self.scope), |scope| scope.parent.as_ref().map(|parent| &*parent.scope))
    }

    /// Says that somebody told the node, which goes on, that it asks too much at once: the quotas that its lease claims
    /// from shrink. A node that ends because of that answers a failure of class `Throttled` instead.
    pub fn throttled(&self) {
        if let (Some(node), Some(run)) = (self.node, self.scopes().find_map(|scope| scope.run.as_ref())) {
            // The run may just have ended.
            let _ = run.send(Message::Throttled(node));
        }
    }

    /// Says that what this handle was given to is alive: for executors whose nodes may be limited in how long nothing is
    /// heard of them ([`crate::TimeLimits::idle`]). Cheap enough for every line of output.
    pub fn heard(&self) {
        for pulse in self.scopes().filter_map(|scope| scope.pulse.as_ref()) {
            let now = u64::try_from(pulse.since.elapsed().as_nanos()).unwrap_or(u64::MAX);
            pulse.at.fetch_max(now, Ordering::Relaxed);
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
        let outer = self.scope.parent.as_ref().map(Self::phase).filter(|outer| *outer >= self.scope.heeds);
        own.max(outer.unwrap_or_default())
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
                let parent = Box::pin(parent.reached(phase.max(self.scope.heeds)));
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

impl Scope {
    fn inside(parent: Option<Cancel>, pulse: Option<Pulse>, run: Option<Sender<Message>>) -> Self {
        let own = watch::Sender::new(CancelPhase::Running);
        Self { own, parent, heeds: CancelPhase::Running, pulse, run }
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

    #[tokio::test]
    async fn stopping_does_not_reach_what_is_shielded_but_all_else_does() {
        let outer = Cancel::new().child_heard_since(Instant::now());
        let (shielded, inner) = (outer.shielded(), outer.shielded().child());
        outer.raise(CancelPhase::Stopping);
        assert_eq!([shielded.phase(), inner.phase()], [CancelPhase::Running; 2]);
        inner.heard();
        assert!(outer.last_heard().is_some());
        let waits = tokio::spawn(async move { inner.stopping().await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        outer.raise(CancelPhase::Killing);
        waits.await.unwrap();
        shielded.raise(CancelPhase::Stopping);
        assert_eq!(shielded.phase(), CancelPhase::Killing);
    }
}
