//! What a run does, written to a file before it does it. A run killed at any instruction can be told from its journal:
//! what was started has a record that was durable before.
//!
//! Rooms: `handle` (what others hold), `queue` (between them and the writer), `writer` (the thread), `storage` (what is
//! written to), `record` and `wire` (bytes of a record), `event_record` (what of an event is written), `frame` (bytes
//! around records), `read`, `error`.
//!
//! # Group commit
//!
//! Records wait in a queue. One thread takes all that have gathered, writes them as one *frame*, makes that durable and
//! wakes who waits for it; what arrives meanwhile becomes the next frame. A frame is written only after the one before
//! it is durable, and after the first failure nothing is written any more. So if a frame is bad and a good one follows,
//! the file was damaged later (an error); if none follows, the end was never durable and nobody relied on it (torn).
//!
//! # The file, version 1
//!
//! Numbers of fixed size are little-endian. A *varint* holds 7 bits per byte, lowest first; bit 7 says that more follow.
//!
//! | bytes | header |
//! |---|---|
//! | 8 | `89 4A 52 4E 4C 0D 0A 1A` (`\x89JRNL\r\n\x1a`) |
//! | 4 | version of the format |
//! | 4 | CRC-32 (IEEE) of the 12 bytes before |
//!
//! Frames follow without gaps. The file may end in any number of zeros: room prepared, not used yet.
//!
//! | bytes | frame |
//! |---|---|
//! | 4 | length of the payload, at least 1 |
//! | 4 | CRC-32 of: offset of the frame in the file (8 bytes), length (4 bytes), payload |
//! | length | payload: records, each a varint (its length) and that many bytes |
//!
//! | part | record |
//! |---|---|
//! | 1 byte | kind |
//! | varint | nanoseconds since the start of the journal |
//! | rest | by kind, below; *node*, *attempt* and counts are varints, *text* is UTF-8 up to the end of the record |
//!
//! | kind | name | rest |
//! |---|---|---|
//! | 1 | run started | number of nodes |
//! | 2 | node started | node, attempt |
//! | 3 | node retried | node, attempt that failed, nanoseconds until the next as a varint, text |
//! | 4 | node ended | node, outcome, text |
//! | 5 | node skipped | node, outcome, 0 or 1 + the node that is to blame as a varint, text |
//! | 6 | stop requested | phase |
//! | 7 | run ended | succeeded, failed, skipped, cancelled, timed out, bugs |
//! | 8 | note | bytes that mean something to those above the engine only |
//! | 9 | time up | of: 1 byte, 0 node, 1 lease, 2 run; the number of the node or lease as a varint (0 for the run); limit, phase |
//! | 10 | pool resized | number of the pool, old capacity, new capacity, each a varint |
//!
//! *Limit* is 1 byte: 0 node, 1 idle, 2 lease, 3 run, 4 cleanup. *Phase* is 1 byte: 0 running, 1 stopping, 2 killing.
//! *Outcome* is 1 byte: 0 succeeded, 1 failed, 2 skipped, 3 cancelled, 4 timed out, 5 bug.

mod error;
mod event_record;
mod frame;
mod handle;
#[cfg(test)]
pub(crate) mod model;
mod queue;
mod read;
mod record;
mod storage;
#[cfg(test)]
mod tests;
mod wire;
mod writer;

pub use error::JournalError;
pub use frame::VERSION;
pub use handle::Journal;
pub use queue::Position;
pub use read::{Recording, Tail, read, salvage};
pub use record::Record;
pub use storage::Storage;
