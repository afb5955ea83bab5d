//! Intent before effect: nodes that were chosen, hold their leases and wait in line until their start is durable in the
//! journal, while others go on. Once the journal is dead nobody waits any more; who may still start then is not decided
//! here.

use std::collections::VecDeque;

use crate::cancel::{Cancel, CancelPhase};
use crate::id::NodeId;
use crate::journal::{Journal, Position};
use crate::poll::CROWD;

/// The line. See the module.
pub(crate) struct Intents {
    journal: Option<Journal>,
    line: VecDeque<Intent>,
    durable: Position,
    is_dead: bool,
    /// Whether somebody was asked to end since those in line were looked at.
    is_in_doubt: bool,
}

struct Intent {
    position: Position,
    node: NodeId,
    cancel: Cancel,
}

impl Intents {
    /// `wake` is called, from another thread, when nodes in line may have become free to go.
    pub(crate) fn new(journal: Option<Journal>, wake: impl Fn() + Send + 'static) -> Self {
        if let Some(journal) = &journal {
            journal.listen(Some(Box::new(wake)));
        }
        Self { journal, line: VecDeque::new(), durable: Position::default(), is_dead: false, is_in_doubt: false }
    }

    /// Puts a node in line whose start stands at `position`.
    pub(crate) fn push(&mut self, position: Position, node: NodeId, cancel: Cancel) {
        self.line.push_back(Intent { position, node, cancel });
    }

    /// Looks how far the journal is. Returns whether it is dead.
    pub(crate) fn look(&mut self) -> bool {
        if let Some(journal) = &self.journal {
            let progress = journal.progress();
            self.durable = progress.durable;
            self.is_dead = progress.fault.is_some();
        }
        self.is_dead
    }

    /// Whether the journal was dead at the last look.
    pub(crate) fn is_dead(&self) -> bool {
        self.is_dead
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Whether so many wait that it is worth staying awake for them.
    pub(crate) fn is_crowd(&self) -> bool {
        self.line.len() >= CROWD
    }

    /// Somebody was asked to end, perhaps in line.
    pub(crate) fn doubt(&mut self) {
        self.is_in_doubt = true;
    }

    /// Takes those out of line who were asked to end before they started: cleanup only if at once.
    pub(crate) fn withdraw(&mut self, is_cleanup: impl Fn(NodeId) -> bool) -> Vec<NodeId> {
        let mut withdrawn = Vec::new();
        if !std::mem::take(&mut self.is_in_doubt) {
            return withdrawn;
        }
        self.line.retain(|Intent { node, cancel, .. }| {
            let may_start = match cancel.phase() {
                CancelPhase::Running => true,
                CancelPhase::Stopping => is_cleanup(*node),
                CancelPhase::Killing => false,
            };
            if !may_start {
                withdrawn.push(*node);
            }
            may_start
        });
        withdrawn
    }

    /// The next that need not wait any more, as far as was seen at the last look.
    pub(crate) fn pop(&mut self) -> Option<(NodeId, Cancel)> {
        let may_go = self.is_dead || self.line.front()?.position <= self.durable;
        let intent = if may_go { self.line.pop_front() } else { None };
        intent.map(|Intent { node, cancel, .. }| (node, cancel))
    }
}

impl Drop for Intents {
    fn drop(&mut self) {
        if let Some(journal) = &self.journal {
            journal.listen(None);
        }
    }
}
