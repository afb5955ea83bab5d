//! When each node ran, kept from the events of a run.

use std::sync::{Mutex, PoisonError};

use crate::event::{Emitter, Event, EventKind};
use crate::id::{DenseMap, NodeId};
use crate::sim::Slot;

/// Keeps from when to when each node ran, pauses between attempts included.
#[derive(Debug, Default)]
pub struct Timeline(Mutex<Vec<Option<Slot>>>);

impl Timeline {
    /// When each node ran; `None` for nodes that did not. Nodes that still run seem to have ended when they started.
    pub fn slots(&self) -> DenseMap<NodeId, Option<Slot>> {
        DenseMap::from_values(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Emitter for Timeline {
    fn emit(&self, event: &Event) {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match event.kind {
            EventKind::RunStarted { nodes } => *slots = vec![None; nodes],
            EventKind::NodeStarted { node, attempt: 1 } => {
                slots[node.index()] = Some(Slot { start: event.at, end: event.at });
            }
            EventKind::NodeEnded { node, .. } => {
                if let Some(slot) = &mut slots[node.index()] {
                    slot.end = event.at;
                }
            }
            _ => {}
        }
    }
}
