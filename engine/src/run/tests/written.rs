//! The journal of a model: its queue is the real one, and its writer a thread of the model, so that a record may become
//! durable, or the storage fail, at any moment.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::journal::model::{FRAME_LEN, HEADER_LEN, Queue as Lines, header, seal};
use crate::journal::{JournalError, Record, read};

/// A journal, and what is durable of it.
pub(super) struct Written {
    pub(super) journal: Journal,
    lines: Arc<Lines>,
    /// Nodes whose start is.
    started: Vec<AtomicBool>,
    /// The coordinator has something to look at.
    is_news: AtomicBool,
    is_over: AtomicBool,
}

impl Written {
    pub(super) fn new(n_nodes: usize) -> Arc<Self> {
        let (journal, lines) = Journal::modelled();
        let started = (0..n_nodes).map(|_| AtomicBool::new(false)).collect();
        Arc::new(Self { journal, lines, started, is_news: AtomicBool::new(false), is_over: AtomicBool::new(false) })
    }

    /// The line of intents behind the journal.
    pub(super) fn intents(self: &Arc<Self>) -> Intents {
        let this = Arc::clone(self);
        Intents::new(Some(self.journal.clone()), move || this.is_news.store(true, Ordering::SeqCst))
    }

    /// A node is executed: nothing begins that is not written down, as long as anything is.
    pub(super) fn check(&self, node: NodeId) {
        let is_durable = self.started[node.index()].load(Ordering::SeqCst);
        assert!(is_durable || self.journal.fault().is_some(), "{node:?} is executed before its start is durable");
    }

    /// The run is over.
    pub(super) fn close(&self) {
        self.is_over.store(true, Ordering::SeqCst);
    }

    /// Writes until the run is over; after `n_frames` the storage fails.
    pub(super) fn write(&self, n_frames: usize, messages: &Queue<Message>) {
        let (mut file, mut n_written) = (header().to_vec(), 0);
        while !self.is_over.load(Ordering::SeqCst) {
            shuttle::thread::yield_now();
            if !self.lines.has_some() {
                continue;
            }
            // What may wait a while waits for any other thread already.
            self.lines.want();
            let mut frame = Vec::new();
            let position = self.lines.take(&mut frame).expect("nobody closes it");
            if n_written == n_frames {
                self.lines.fail(JournalError::WriterDied);
            } else {
                assert!(frame.len() > FRAME_LEN && seal(&mut frame, file.len() as u64));
                file.extend(frame);
                self.note(&file);
                shuttle::thread::yield_now();
                self.lines.settle(position);
                n_written += 1;
            }
            // Not where it is told: a thread of the model must not wait with a real lock in its hands.
            if self.is_news.swap(false, Ordering::SeqCst) {
                messages.push(Message::Wake);
            }
        }
    }

    fn note(&self, file: &[u8]) {
        assert!(file.len() > HEADER_LEN);
        for (_, record) in read(file).expect("what was written can be read").records {
            if let Record::NodeStarted { node, .. } = record {
                self.started[node.index()].store(true, Ordering::SeqCst);
            }
        }
    }
}
