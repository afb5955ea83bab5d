//! What others hold of a journal that is being written.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::event::EventKind;
use crate::journal::error::JournalError;
use crate::journal::event_record::record_of;
use crate::journal::frame::{HEADER_LEN, header};
use crate::journal::queue::{Position, Progress, Queue};
use crate::journal::read::Recording;
use crate::journal::record::{Record, encode, encode_note};
use crate::journal::storage::Storage;
use crate::journal::writer::Writer;

/// A text longer than this is cut: a journal is no log.
const MOST_TEXT: usize = 64 << 10;

/// What a text may become before it is written.
type Mask = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// A journal that is being written. Clones share it; when the last is dropped, everything noted is durable (or cannot
/// be) and the storage is closed.
#[derive(Clone)]
pub struct Journal {
    thread: Arc<Thread>,
    mask: Option<Mask>,
}

struct Thread {
    queue: Arc<Queue>,
    began: Instant,
    /// What the journal's clock showed when `began` was.
    base: Duration,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Journal {
    /// Begins a journal in an empty storage: its header is durable when this returns. If the storage is a new file, that
    /// the file is in its folder is for the caller to make durable.
    ///
    /// # Errors
    /// If the header cannot be written, or there is no thread to be had.
    pub fn start(mut storage: impl Storage + 'static) -> Result<Self, JournalError> {
        storage.write_all(&header()).map_err(JournalError::write)?;
        storage.sync().map_err(JournalError::sync)?;
        Self::write_on(storage, HEADER_LEN as u64, Duration::ZERO)
    }

    /// Goes on with a journal that was read from the same storage: after its last good frame, which is cut off there.
    /// Its clock goes on from its last record.
    ///
    /// # Errors
    /// If the storage cannot be cut or written, or there is no thread to be had.
    pub fn extend(mut storage: impl Storage + 'static, recording: &Recording) -> Result<Self, JournalError> {
        storage.cut(recording.end).map_err(JournalError::write)?;
        if recording.end < HEADER_LEN as u64 {
            return Self::start(storage);
        }
        let base = recording.records.iter().map(|&(at, _)| at).max().unwrap_or_default();
        Self::write_on(storage, recording.end, base)
    }

    /// One that nobody writes but who has its queue, for a model.
    #[cfg(test)]
    pub(crate) fn modelled() -> (Self, Arc<Queue>) {
        let queue = Arc::new(Queue::new());
        let (began, base, handle) = (Instant::now(), Duration::ZERO, Mutex::new(None));
        (Self { thread: Arc::new(Thread { queue: Arc::clone(&queue), began, base, handle }), mask: None }, queue)
    }

    fn write_on(storage: impl Storage + 'static, offset: u64, base: Duration) -> Result<Self, JournalError> {
        let queue = Arc::new(Queue::new());
        let writer = Writer::new(storage, Arc::clone(&queue), offset);
        let handle = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| JournalError::Thread(Arc::new(error)))?;
        let thread = Thread { queue, began: Instant::now(), base, handle: Mutex::new(Some(handle)) };
        Ok(Self { thread: Arc::new(thread), mask: None })
    }

    /// The same journal for somebody whose texts must pass `mask` before they are written: a run, whose failures may
    /// quote what nobody should read. Notes are not texts.
    #[must_use]
    pub fn masked(mut self, mask: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.mask = Some(Arc::new(mask));
        self
    }

    /// Writes down something that only those above the engine understand. Returns at once.
    pub fn note(&self, payload: &[u8]) -> Position {
        let at = self.now();
        let position = self.thread.queue.append(|bytes| encode_note(bytes, at, payload));
        self.flush();
        position
    }

    /// The same for what may be lost with little harm: it becomes durable with the next record that cannot wait, or alone
    /// within a few milliseconds.
    pub fn note_lazily(&self, payload: &[u8]) -> Position {
        let at = self.now();
        self.thread.queue.append_lazily(|bytes| encode_note(bytes, at, payload))
    }

    /// Blocks until everything up to `position` is durable. Not for async code.
    ///
    /// # Errors
    /// If it never will be.
    pub fn wait(&self, position: Position) -> Result<(), JournalError> {
        self.thread.queue.wait(position)
    }

    /// Completes when everything up to `position` is durable. Cancel-safe.
    ///
    /// # Errors
    /// If it never will be.
    pub fn durable(&self, position: Position) -> impl Future<Output = Result<(), JournalError>> + Send + use<> {
        self.thread.queue.want();
        let mut progress = self.thread.queue.watch();
        async move {
            let settled = progress.wait_for(|progress| progress.answer(position).is_some()).await;
            settled.ok().and_then(|progress| progress.answer(position)).unwrap_or(Err(JournalError::WriterDied))
        }
    }

    /// Why nothing more is written, if so.
    pub fn fault(&self) -> Option<JournalError> {
        self.progress().fault
    }

    /// The time on the journal's clock.
    pub(crate) fn now(&self) -> Duration {
        self.thread.base + self.thread.began.elapsed()
    }

    /// Puts an event in line. Returns at once; see [`Journal::flush`].
    ///
    /// That a node has ended may wait a moment: what it makes ready begins in the next record.
    pub(crate) fn tell(&self, at: Duration, event: &EventKind) -> Position {
        let record = record_of(event, |text| self.text(text));
        match event {
            EventKind::NodeEnded { .. } | EventKind::NodeSkipped { .. } => {
                self.thread.queue.append_lazily(|bytes| encode(bytes, at, &record))
            }
            _ => self.record(at, &record),
        }
    }

    /// Puts a record in line. Returns at once; see [`Journal::flush`].
    pub(crate) fn record(&self, at: Duration, record: &Record) -> Position {
        self.thread.queue.append(|bytes| encode(bytes, at, record))
    }

    /// Has written what is in line. Asking once for many records makes them one frame.
    pub(crate) fn flush(&self) {
        self.thread.queue.flush();
    }

    pub(crate) fn progress(&self) -> Progress {
        self.thread.queue.progress()
    }

    /// A text as it may be written.
    fn text(&self, text: &str) -> String {
        let mut text = self.mask.as_ref().map_or_else(|| text.to_owned(), |mask| mask(text));
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        text
    }

    /// Has `listener` called whenever there is progress, instead of who was called before.
    pub(crate) fn listen(&self, listener: Option<Box<dyn Fn() + Send>>) {
        self.thread.queue.listen(listener);
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.queue.close();
        let handle = self.handle.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        // How it ended is known by the queue.
        handle.map(JoinHandle::join);
    }
}

impl fmt::Debug for Journal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Journal").field("progress", &self.progress()).finish_non_exhaustive()
    }
}
