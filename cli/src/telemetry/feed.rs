//! A thread of its own for each output: events wait in a queue, so that a slow reader never holds up the run.

use std::convert::Infallible;
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use engine::{Emitter, Event};

use super::roster::SharedStage;

/// Events turned into one write at most.
const BATCH: usize = 1024;

/// What writes events.
pub trait Sink: Send {
    /// Takes an event in. Nothing has to be written yet.
    fn take(&mut self, stage: &SharedStage, event: &Event);

    /// Writes what was taken in, as far as it is worth it.
    ///
    /// # Errors
    /// Why it cannot be written; then nothing more is handed in.
    fn write(&mut self) -> Result<(), String>;

    /// Writes what is left: nothing follows.
    ///
    /// # Errors
    /// Why it cannot be written.
    fn finish(&mut self) -> Result<(), String>;
}

type Item = (SharedStage, Event);

/// An output with its thread.
pub struct Feed {
    /// What it is called in messages: the flag and its value.
    label: String,
    items: Sender<Item>,
    n_taken: Arc<AtomicU64>,
    ended: Receiver<Infallible>,
    thread: JoinHandle<Result<(), String>>,
}

impl Feed {
    /// Starts the thread. Fails if the system has none to give.
    pub fn start(label: String, sink: impl Sink + 'static) -> std::io::Result<Self> {
        let (items, queue) = unbounded();
        let (alive, ended) = crossbeam_channel::bounded(0);
        let n_taken = Arc::new(AtomicU64::new(0));
        let counter = n_taken.clone();
        let thread = std::thread::Builder::new().name("telemetry".to_owned()).spawn(move || {
            let _alive: Sender<Infallible> = alive;
            drain(sink, &queue, &counter)
        })?;
        Ok(Self { label, items, n_taken, ended, thread })
    }

    /// Writes what is left. Gives up when nothing moved for as long as `patience`: somebody may hold the other end of a
    /// pipe and not read.
    ///
    /// # Errors
    /// What went wrong, in words for the user.
    pub fn finish(self, patience: Duration) -> Result<(), String> {
        let Self { label, items, n_taken, ended, thread } = self;
        drop(items);
        let mut n_before = n_taken.load(Ordering::Relaxed);
        while ended.recv_timeout(patience) == Err(RecvTimeoutError::Timeout) {
            let n_now = n_taken.load(Ordering::Relaxed);
            if n_now == n_before {
                return Err(format!("{label}: nobody takes what is written; the rest of it is lost"));
            }
            n_before = n_now;
        }
        match thread.join() {
            Ok(end) => end.map_err(|error| format!("{label}: {error}")),
            Err(_) => Err(format!("{label}: bug in packer: its thread panicked")),
        }
    }
}

fn drain(mut sink: impl Sink, queue: &Receiver<Item>, n_taken: &AtomicU64) -> Result<(), String> {
    let mut end = Ok(());
    while let Ok(first) = queue.recv() {
        for (stage, event) in iter::once(first).chain(queue.try_iter().take(BATCH)) {
            n_taken.fetch_add(1, Ordering::Relaxed);
            if end.is_ok() {
                sink.take(&stage, &event);
            }
        }
        if end.is_ok() {
            end = sink.write();
        }
    }
    end.and_then(|()| sink.finish())
}

/// Hands the events of one stage to all outputs.
pub struct StageEmitter {
    stage: SharedStage,
    feeds: Vec<Sender<Item>>,
}

impl StageEmitter {
    /// For `stage`.
    pub fn new<'a>(stage: SharedStage, feeds: impl Iterator<Item = &'a Feed>) -> Self {
        Self { stage, feeds: feeds.map(|feed| feed.items.clone()).collect() }
    }
}

impl Emitter for StageEmitter {
    fn emit(&self, event: &Event) {
        for feed in &self.feeds {
            // A thread that is gone has panicked, which is said at the end.
            let _ = feed.send((self.stage.clone(), event.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use engine::{Counts, EventKind, GraphBuilder};

    use super::*;
    use crate::telemetry::roster::{Roster, Stage};

    /// Writes nothing before it is let, then fails.
    struct Stuck(Receiver<Infallible>);

    impl Sink for Stuck {
        fn take(&mut self, _stage: &SharedStage, _event: &Event) {}

        fn write(&mut self) -> Result<(), String> {
            let _ = self.0.recv();
            Err("no more".to_owned())
        }

        fn finish(&mut self) -> Result<(), String> {
            panic!("what failed once is not tried again")
        }
    }

    fn emit(feed: &Feed) {
        let roster = Roster::of_plan(GraphBuilder::new().seal().unwrap());
        let stage = Stage { name: "build", offset: Duration::ZERO, roster };
        let emitter = StageEmitter::new(Arc::new(stage), std::iter::once(feed));
        let kind = EventKind::RunEnded { counts: Counts::default() };
        emitter.emit(&Event { seq: 0, at: Duration::ZERO, kind });
    }

    #[test]
    fn an_output_that_stands_still_is_left_behind_and_one_that_fails_is_told_once() {
        let (hold, held) = crossbeam_channel::bounded(0);
        let feed = Feed::start("--events x".to_owned(), Stuck(held)).unwrap();
        emit(&feed);
        let error = feed.finish(Duration::from_millis(1)).unwrap_err();
        assert_eq!(error, "--events x: nobody takes what is written; the rest of it is lost");
        drop(hold);
        let (hold, held) = crossbeam_channel::bounded(0);
        let feed = Feed::start("--events x".to_owned(), Stuck(held)).unwrap();
        drop(hold);
        emit(&feed);
        emit(&feed);
        assert_eq!(feed.finish(Duration::from_secs(60)).unwrap_err(), "--events x: no more");
    }
}
