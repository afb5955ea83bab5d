//! What is to be looked at later, by the time to do so. Knows no clock and decides nothing: an alarm may go off for
//! something that has long ended.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::cancel::CancelPhase;
use crate::id::{LeaseId, NodeId};
use crate::limit::Limit;

/// What to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Alarm {
    /// The pause before an attempt is over.
    Again { node: NodeId, attempt: u32 },
    /// An attempt of a node has had its time.
    Node { node: NodeId, attempt: u32, limit: Limit, phase: CancelPhase },
    /// An attempt of a node may not have been heard of.
    Idle { node: NodeId, attempt: u32 },
    /// The nodes of a lease have had their time.
    Lease { lease: LeaseId, phase: CancelPhase },
    /// The run has had its time.
    Run { phase: CancelPhase },
    /// Quotas may have been left in peace for long enough.
    Recover,
}

/// Alarms, earliest first; those of the same moment in the order they were set.
#[derive(Debug, Default)]
pub(crate) struct Alarms {
    heap: BinaryHeap<Reverse<(Duration, u64, Alarm)>>,
    n_set: u64,
    /// How many alarms to have before those that concern nobody any more are looked for.
    full_at: usize,
}

impl Alarms {
    const ROOM: usize = 256;

    /// Sets an alarm.
    pub(crate) fn set(&mut self, at: Duration, alarm: Alarm) {
        self.heap.push(Reverse((at, self.n_set, alarm)));
        self.n_set += 1;
    }

    /// When the first goes off.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse((at, ..))| *at)
    }

    /// The next that goes off at `now` or earlier.
    pub(crate) fn due(&mut self, now: Duration) -> Option<Alarm> {
        self.first().filter(|&at| at <= now)?;
        self.heap.pop().map(|Reverse((.., alarm))| alarm)
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether it is time for [`Alarms::tidy`].
    pub(crate) fn are_many(&self) -> bool {
        self.heap.len() > self.full_at.max(Self::ROOM)
    }

    /// Forgets those that concern nobody any more. Called when there are twice as many as the last time were left, this
    /// takes constant time per alarm, and there are never more than twice as many as there must be.
    pub(crate) fn tidy(&mut self, concerns: impl Fn(&Alarm) -> bool) {
        self.heap.retain(|Reverse((.., alarm))| concerns(alarm));
        self.full_at = self.heap.len() * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_go_off_in_order_and_not_before_their_time() {
        let mut alarms = Alarms::default();
        let at = Duration::from_secs;
        let node = |node| Alarm::Idle { node: NodeId::from_index(node), attempt: 1 };
        for (when, which) in [(5, 0), (2, 1), (5, 2), (2, 3), (9, 4)] {
            alarms.set(at(when), node(which));
        }
        assert_eq!((alarms.first(), alarms.due(at(1))), (Some(at(2)), None));
        let mut due = |now| std::iter::from_fn(|| alarms.due(at(now))).collect::<Vec<_>>();
        assert_eq!(due(5), [node(1), node(3), node(0), node(2)]);
        assert_eq!(due(8), []);
        assert_eq!(due(9), [node(4)]);
    }

    #[test]
    fn the_dead_are_forgotten_in_time() {
        let mut alarms = Alarms::default();
        let mut most = 0;
        for node in 0..10_000 {
            alarms.set(Duration::from_secs(1), Alarm::Idle { node: NodeId::from_index(node), attempt: 1 });
            if alarms.are_many() {
                alarms.tidy(|alarm| matches!(alarm, Alarm::Idle { node: other, .. } if other.index() + 10 > node));
            }
            most = most.max(alarms.len());
        }
        assert!(most <= Alarms::ROOM + 1, "{most}");
    }
}
