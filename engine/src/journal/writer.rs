//! The thread that writes: one frame at a time, each durable before the next. It stops for good at the first failure,
//! because what a file holds after a failed sync is anybody's guess.

use std::sync::Arc;

use crate::journal::error::JournalError;
use crate::journal::frame::seal;
use crate::journal::queue::Queue;
use crate::journal::storage::Storage;

/// Room is prepared in pieces, each twice as large as the one before.
const FIRST_ROOM: u64 = 64 << 10;
const MOST_ROOM: u64 = 4 << 20;

/// What a buffer may keep for the next frame.
const KEPT: usize = 1 << 20;

/// Storage, and where in it the next frame goes.
pub(crate) struct Writer<S> {
    storage: S,
    queue: Arc<Queue>,
    offset: u64,
    room: u64,
    next_room: u64,
}

impl<S: Storage> Writer<S> {
    pub(crate) fn new(storage: S, queue: Arc<Queue>, offset: u64) -> Self {
        Self { storage, queue, offset, room: 0, next_room: FIRST_ROOM }
    }

    /// Writes until the queue is closed and empty, or writing fails.
    pub(crate) fn run(mut self) {
        let mourner = Mourner(Arc::clone(&self.queue));
        let mut frame = Vec::new();
        while let Some(position) = self.queue.take(&mut frame) {
            match self.commit(&mut frame) {
                Ok(()) => self.queue.settle_and_gather(position),
                Err(fault) => return self.queue.fail(fault),
            }
            frame.clear();
            frame.shrink_to(KEPT);
        }
        // Room that stays is ugly, not wrong.
        let _ = self.storage.cut(self.offset);
        drop(mourner);
    }

    fn commit(&mut self, frame: &mut [u8]) -> Result<(), JournalError> {
        if !seal(frame, self.offset) {
            return Err(JournalError::TooLarge(frame.len()));
        }
        self.prepare(frame.len() as u64);
        self.storage.write_all(frame).map_err(JournalError::write)?;
        self.storage.sync().map_err(JournalError::sync)?;
        self.offset += frame.len() as u64;
        self.room = self.room.saturating_sub(frame.len() as u64);
        Ok(())
    }

    fn prepare(&mut self, n_bytes: u64) {
        if self.room < n_bytes {
            let room = self.next_room.max(n_bytes);
            // Without room the frame may still fit.
            self.room = self.storage.reserve(room).map_or(0, |()| room);
            self.next_room = (self.next_room * 2).min(MOST_ROOM);
        }
    }
}

/// Tells those who wait if the thread ends in any way while they do.
struct Mourner(Arc<Queue>);

impl Drop for Mourner {
    fn drop(&mut self) {
        self.0.fail(JournalError::WriterDied);
    }
}
