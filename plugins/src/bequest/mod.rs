//! What becomes of plugins that are at work when this program is killed: they get the chance to cancel, so that builders
//! remove their machines.
//!
//! A plugin hears of a cancellation over its one connection only, and takes the end of that for no reason to stop. So
//! while it works, the guard (see [`process::fence`](crate::process::fence)) holds a copy of our end of the connection,
//! which costs nothing as long as we live: the guard never reads it. Once we are gone the guard speaks in our place. It
//! keeps the plugin's pipes open, as it would die of its next word to nobody; calls the component's `Cancel`; then resets every
//! other stream, so that what the component waits for from us fails; and reads until the work it did for us is answered.
//!
//! [`frames`] has the bytes of the multiplexer, [`mentions`] finds out from them when work begins and ends, [`farewell`] has
//! the conversation.
//!
//! That may come to nothing: when we were killed in the middle of sending a frame, the plugin takes what follows for the
//! rest of it. Then no answer comes, and the plugin is ended as everything else is.

mod farewell;
mod frames;
mod mentions;

pub(crate) use farewell::{Patience, cancel};
pub(crate) use mentions::Mentions;
