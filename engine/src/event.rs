//! What happened, as numbered events of a closed enum, and where they go. Sending cannot fail for the sender.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::cancel::CancelPhase;
use crate::id::{NodeId, PoolId};
use crate::journal::{Journal, JournalError, Position};
use crate::limit::{Concern, Limit};
use crate::outcome::{Counts, Failure, Outcome};

/// Something that happened in a run.
#[derive(Clone, Debug)]
pub struct Event {
    /// Position in the run's events, from zero, without gaps.
    pub seq: u64,
    /// When, counted from the start of the run.
    pub at: Duration,
    /// What.
    pub kind: EventKind,
}

/// What happened.
///
/// `RunStarted` comes first and `RunEnded` last. Each node has either one `NodeStarted` followed later by one
/// `NodeEnded`, or one `NodeSkipped` and neither of the others; in between, a node that is tried again has a
/// `NodeRetried` and another `NodeStarted` for each further attempt, unless the run stops it from being made.
#[derive(Clone, Debug)]
pub enum EventKind {
    /// The run begins.
    RunStarted {
        /// How many nodes the plan has.
        nodes: usize,
    },
    /// A node is handed to its executor; with a journal as soon as this is durable there, unless it is stopped before.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// An attempt failed and another will be made.
    NodeRetried {
        /// The node.
        node: NodeId,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// How long until the next.
        delay: Duration,
        /// What went wrong.
        failure: Failure,
    },
    /// There is now less of a quota, because somebody said that it was too much, or again more.
    PoolResized {
        /// The pool.
        pool: PoolId,
        /// How much there was.
        from: u32,
        /// How much there is.
        to: u32,
    },
    /// A node, the nodes of a lease or the whole run took too long and was asked to end.
    TimeUp {
        /// What took too long.
        of: Concern,
        /// Which limit it ran into.
        limit: Limit,
        /// How it was asked.
        phase: CancelPhase,
    },
    /// A started node ended.
    NodeEnded {
        /// The node.
        node: NodeId,
        /// How it ended.
        outcome: Outcome,
    },
    /// A node ended without having been started: skipped, cancelled, or impossible to schedule (a bug).
    NodeSkipped {
        /// The node.
        node: NodeId,
        /// How it ended.
        outcome: Outcome,
    },
    /// The run was asked to stop, or to stop harder.
    StopRequested {
        /// How far it is now.
        phase: CancelPhase,
    },
    /// Every node has ended.
    RunEnded {
        /// How many ended in each way.
        counts: Counts,
    },
}

/// Where events go. Called from the thread that schedules, so it must return soon.
pub trait Emitter: Send + Sync {
    /// Takes an event.
    fn emit(&self, event: &Event);
}

/// Forgets events.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullEmitter;

impl Emitter for NullEmitter {
    fn emit(&self, _event: &Event) {}
}

/// Hands events on to several emitters, in order.
#[derive(Default)]
pub struct FanOut<'a>(Vec<&'a dyn Emitter>);

impl<'a> FanOut<'a> {
    /// For these.
    pub fn new(emitters: impl IntoIterator<Item = &'a dyn Emitter>) -> Self {
        Self(emitters.into_iter().collect())
    }
}

impl Emitter for FanOut<'_> {
    fn emit(&self, event: &Event) {
        self.0.iter().for_each(|emitter| emitter.emit(event));
    }
}

/// Panics on any event: for tests of code that must not run anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct StrictEmitter;

impl Emitter for StrictEmitter {
    fn emit(&self, event: &Event) {
        panic!("nothing should run here, but {:?} happened", event.kind);
    }
}

/// Keeps events, for tests.
#[derive(Debug, Default)]
pub struct RecordingEmitter(Mutex<Vec<Event>>);

impl RecordingEmitter {
    /// The events so far, leaving none.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl Emitter for RecordingEmitter {
    fn emit(&self, event: &Event) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(event.clone());
    }
}

/// Sends events to another thread, in order. A receiver that has gone away is not an error.
#[derive(Clone, Debug)]
pub struct ChannelEmitter(Sender<Event>);

impl ChannelEmitter {
    /// An emitter and what to read it from. The reader sees the end when all clones of the emitter are gone.
    pub fn new() -> (Self, Receiver<Event>) {
        let (sender, receiver) = unbounded();
        (Self(sender), receiver)
    }
}

impl Emitter for ChannelEmitter {
    fn emit(&self, event: &Event) {
        // Nobody listening any more must not stop the run.
        let _ = self.0.send(event.clone());
    }
}

/// Numbers and stamps events, and writes them down before it sends them.
pub(crate) struct EventLog<'a> {
    emitter: &'a dyn Emitter,
    notebook: Option<Notebook>,
    began: Instant,
    now: Duration,
    n_events: u64,
}

/// A journal and how far it was written.
struct Notebook {
    journal: Journal,
    /// What its clock shows when the run's shows zero.
    base: Duration,
    last: Position,
}

impl<'a> EventLog<'a> {
    pub(crate) fn new(emitter: &'a dyn Emitter) -> Self {
        Self { emitter, notebook: None, began: Instant::now(), now: Duration::ZERO, n_events: 0 }
    }

    pub(crate) fn with_journal(emitter: &'a dyn Emitter, journal: Option<Journal>) -> Self {
        let notebook = journal.map(|journal| Notebook { base: journal.now(), journal, last: Position::default() });
        Self { notebook, ..Self::new(emitter) }
    }

    /// Looks at the clock, which the next events are stamped with. Asking it for each would be a good part of what a
    /// node costs.
    pub(crate) fn look(&mut self) -> Duration {
        self.now = self.began.elapsed();
        self.now
    }

    /// Goes on to a moment of virtual time.
    pub(crate) fn advance(&mut self, now: Duration) {
        self.now = now;
    }

    /// When the next events happen, counted from the start of the run.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// The start of the run on the clock.
    pub(crate) fn began(&self) -> Instant {
        self.began
    }

    /// A moment of the run on the clock.
    pub(crate) fn instant(&self, at: Duration) -> Option<Instant> {
        self.began.checked_add(at)
    }

    /// Where the last event stands in the journal, if there is one.
    pub(crate) fn position(&self) -> Option<Position> {
        self.notebook.as_ref().map(|notebook| notebook.last)
    }

    /// Has written down what happened since the last call.
    pub(crate) fn flush(&self) {
        if let Some(notebook) = &self.notebook {
            notebook.journal.flush();
        }
    }

    /// The last event: sent only when it is durable, or never will be.
    pub(crate) fn end(&mut self, counts: Counts) -> Result<(), JournalError> {
        let kind = EventKind::RunEnded { counts };
        self.write_down(&kind);
        self.flush();
        let journal = self.notebook.as_ref().map_or(Ok(()), |notebook| notebook.journal.wait(notebook.last));
        self.send(kind);
        journal
    }

    pub(crate) fn emit(&mut self, kind: EventKind) {
        self.write_down(&kind);
        self.send(kind);
    }

    fn write_down(&mut self, kind: &EventKind) {
        if let Some(Notebook { journal, base, last }) = &mut self.notebook {
            *last = journal.tell(*base + self.now, kind);
        }
    }

    fn send(&mut self, kind: EventKind) {
        let event = Event { seq: self.n_events, at: self.now, kind };
        self.n_events += 1;
        self.emitter.emit(&event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_keeps_order_and_outlives_its_reader() {
        let (emitter, events) = ChannelEmitter::new();
        let mut log = EventLog::new(&emitter);
        log.emit(EventKind::RunStarted { nodes: 1 });
        log.emit(EventKind::StopRequested { phase: CancelPhase::Stopping });
        let seqs: Vec<u64> = events.try_iter().map(|event| event.seq).collect();
        assert_eq!(seqs, [0, 1]);
        drop(events);
        log.emit(EventKind::RunEnded { counts: Counts::default() });
        assert_eq!(log.n_events, 3);
    }

    #[test]
    fn a_fan_out_tells_everybody_the_same() {
        let emitters = [RecordingEmitter::default(), RecordingEmitter::default()];
        let fan_out = FanOut::new(emitters.iter().map(|emitter| emitter as &dyn Emitter));
        let mut log = EventLog::new(&fan_out);
        log.emit(EventKind::RunStarted { nodes: 0 });
        log.emit(EventKind::RunEnded { counts: Counts::default() });
        for emitter in &emitters {
            assert_eq!(emitter.take().iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1]);
        }
    }

    #[test]
    #[should_panic(expected = "nothing should run here")]
    fn the_strict_emitter_refuses_use() {
        EventLog::new(&StrictEmitter).emit(EventKind::RunStarted { nodes: 0 });
    }
}
