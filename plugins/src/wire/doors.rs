//! Where streams that the other side opens meet those who wait for them, whoever comes first.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::wire::stream::Stream;

/// Who waits for which stream, and which streams nobody asked for yet; nothing any more once the connection is over.
#[derive(Debug)]
pub(super) struct Doors(Mutex<Option<HashMap<u32, Door>>>);

impl Default for Doors {
    fn default() -> Self {
        Self(Mutex::new(Some(HashMap::new())))
    }
}

#[derive(Debug)]
enum Door {
    Awaited(oneshot::Sender<Stream>),
    Arrived(Box<Stream>),
}

impl Doors {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u32, Door>>> {
        // Nothing that could panic runs while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for stream `id` from now on.
    pub(super) fn expect(&self, id: u32) -> oneshot::Receiver<Stream> {
        let (sender, receiver) = oneshot::channel();
        if let Some(doors) = self.lock().as_mut() {
            match doors.remove(&id) {
                // The receiver is right here.
                Some(Door::Arrived(stream)) => drop(sender.send(*stream)),
                _ => drop(doors.insert(id, Door::Awaited(sender))),
            }
        }
        receiver
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, id: u32) {
        if let Some(doors) = self.lock().as_mut() {
            doors.remove(&id);
        }
    }

    /// The other side opened stream `id`. Whether somebody took it.
    pub(super) fn arrived(&self, id: u32, stream: Stream) -> bool {
        let mut doors = self.lock();
        let Some(doors) = doors.as_mut() else { return true };
        match doors.remove(&id) {
            // Who waited may have gone; the stream ends with it then.
            Some(Door::Awaited(waiting)) => {
                drop(waiting.send(stream));
                true
            }
            _ => {
                doors.insert(id, Door::Arrived(Box::new(stream)));
                false
            }
        }
    }

    /// Gives up a stream that nobody asked for.
    pub(super) fn expire(&self, id: u32) {
        if let Some(doors) = self.lock().as_mut()
            && matches!(doors.get(&id), Some(Door::Arrived(_)))
        {
            doors.remove(&id);
        }
    }

    /// The connection is over, and with it all waiting.
    pub(super) fn close(&self) {
        *self.lock() = None;
    }
}
