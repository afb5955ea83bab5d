//! Between those who write things down and the thread that writes them: records that wait, how far they are durable,
//! and who waits for that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::journal::error::JournalError;
use crate::journal::frame::FRAME_LEN;
use crate::journal::wire::put_varint;
use crate::poll::{CROWD, poll};

/// A place in a journal: after a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(u64);

/// How far a journal is durable, and whether it ever will be any further.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    pub(crate) durable: Position,
    pub(crate) fault: Option<JournalError>,
}

impl Progress {
    /// Whether there is an answer for who waits for `position`.
    pub(crate) fn answer(&self, position: Position) -> Option<Result<(), JournalError>> {
        if self.durable >= position {
            return Some(Ok(()));
        }
        self.fault.clone().map(Err)
    }
}

/// Called whenever there is progress.
type Listener = Box<dyn Fn() + Send>;

/// See the module.
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Something to write has arrived, or nothing more will.
    arrived: Condvar,
    /// There is progress.
    settled: Condvar,
    /// The same for those who wait without blocking.
    watched: watch::Sender<Progress>,
    listener: Mutex<Option<Listener>>,
    /// How often somebody has put all in line that they had.
    n_flushes: AtomicU64,
}

struct State {
    /// The next frame: room for its header, then records.
    pending: Vec<u8>,
    last: Position,
    progress: Progress,
    /// Whether something of the next frame should be written now.
    is_wanted: bool,
    is_closed: bool,
}

/// How long a record waits for another one that cannot wait.
const LAZINESS: Duration = Duration::from_millis(5);

/// How long the writer stays awake for those who answer to what has just become durable: longer than a turn of the run
/// loop that starts a hundred nodes.
const ANSWER: Duration = Duration::from_micros(60);

impl Queue {
    pub(crate) fn new() -> Self {
        let state = State {
            pending: empty_frame(),
            last: Position(0),
            progress: Progress::default(),
            is_wanted: false,
            is_closed: false,
        };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            settled: Condvar::new(),
            watched: watch::Sender::new(Progress::default()),
            listener: Mutex::new(None),
            n_flushes: AtomicU64::new(0),
        }
    }

    /// Puts a record in line; `encode` appends its bytes. Nobody is woken: see [`Queue::flush`]. After a fault the
    /// record is forgotten, and its position is never reached.
    pub(crate) fn append(&self, encode: impl FnOnce(&mut Vec<u8>)) -> Position {
        let mut state = self.lock();
        state.is_wanted = true;
        state.append(encode)
    }

    /// Like [`Queue::append`], for a record that goes with the next one that cannot wait, or alone after a while.
    pub(crate) fn append_lazily(&self, encode: impl FnOnce(&mut Vec<u8>)) -> Position {
        let mut state = self.lock();
        let is_first = state.pending.len() == FRAME_LEN;
        let position = state.append(encode);
        drop(state);
        if is_first {
            // From now on it is counted.
            self.arrived.notify_one();
        }
        position
    }

    /// Wakes the writer, if there is something to write.
    pub(crate) fn flush(&self) {
        self.n_flushes.fetch_add(1, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Somebody waits for what is in line.
    pub(crate) fn want(&self) {
        self.lock().is_wanted = true;
        self.flush();
    }

    /// Exchanges `frame` for what has gathered; waits for something. Returns the position after it, or `None` if
    /// nothing more will come.
    pub(crate) fn take(&self, frame: &mut Vec<u8>) -> Option<Position> {
        frame.clear();
        frame.extend_from_slice(&[0; FRAME_LEN]);
        let mut state = self.lock();
        let is_empty = |state: &mut State| state.pending.len() == FRAME_LEN && !state.is_closed;
        state = self.arrived.wait_while(state, is_empty).unwrap_or_else(PoisonError::into_inner);
        if state.pending.len() == FRAME_LEN {
            return None;
        }
        let may_wait = |state: &mut State| !state.is_wanted && !state.is_closed;
        let waited = self.arrived.wait_timeout_while(state, LAZINESS, may_wait);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.is_wanted = false;
        std::mem::swap(&mut state.pending, frame);
        Some(state.last)
    }

    /// Everything up to `position` is durable. If that is much, those who hear of it get a moment to answer: their answers
    /// share the next frame with what was in line before. Else two groups of nodes that take turns, each waiting for a
    /// commit that holds only half of what could be in it, would go on doing so.
    pub(crate) fn settle_and_gather(&self, position: Position) {
        let before = self.n_flushes.load(Ordering::Acquire);
        let n_settled = position.0 - self.progress().durable.0;
        self.settle(position);
        if n_settled >= CROWD as u64 {
            poll(ANSWER, || (self.n_flushes.load(Ordering::Acquire) != before).then_some(()));
        }
    }

    /// Whether something waits to be written.
    #[cfg(test)]
    pub(crate) fn has_some(&self) -> bool {
        self.lock().pending.len() > FRAME_LEN
    }

    /// Everything up to `position` is durable.
    pub(crate) fn settle(&self, position: Position) {
        self.advance(|state| state.progress.durable = position);
    }

    /// Nothing more will be durable. The first fault counts.
    pub(crate) fn fail(&self, fault: JournalError) {
        self.advance(|state| {
            state.pending = empty_frame();
            state.progress.fault.get_or_insert(fault);
        });
    }

    fn advance(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        change(&mut state);
        let progress = state.progress.clone();
        drop(state);
        self.settled.notify_all();
        self.watched.send_replace(progress);
        if let Some(listener) = &*self.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            listener();
        }
    }

    /// Nothing more will be put in line.
    pub(crate) fn close(&self) {
        self.lock().is_closed = true;
        self.arrived.notify_one();
    }

    pub(crate) fn progress(&self) -> Progress {
        self.lock().progress.clone()
    }

    /// Blocks until `position` is durable or never will be.
    pub(crate) fn wait(&self, position: Position) -> Result<(), JournalError> {
        self.want();
        let mut state = self.lock();
        loop {
            if let Some(answer) = state.progress.answer(position) {
                return answer;
            }
            state = self.settled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.watched.subscribe()
    }

    /// Whom to tell of progress, instead of who was told before.
    pub(crate) fn listen(&self, listener: Option<Listener>) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = listener;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Whoever panics here does so while a record's bytes are made, and the next one's length comes from the buffer.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Position {
        self.last.0 += 1;
        if self.progress.fault.is_none() {
            append_with_length(&mut self.pending, encode);
        }
        self.last
    }
}

fn empty_frame() -> Vec<u8> {
    vec![0; FRAME_LEN]
}

/// Appends what `encode` appends, with its length before it.
fn append_with_length(bytes: &mut Vec<u8>, encode: impl FnOnce(&mut Vec<u8>)) {
    let start = bytes.len();
    // Nearly always one byte is enough for the length.
    bytes.push(0);
    encode(bytes);
    let length = bytes.len() - start - 1;
    if length < 0x80 {
        bytes[start] = length as u8;
    } else {
        let mut prefix = Vec::with_capacity(10);
        put_varint(&mut prefix, length as u64);
        bytes.splice(start..=start, prefix);
    }
}
