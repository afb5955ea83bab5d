//! A run for other programs: its events as lines, as they happen. What is written is read from the events that the
//! engine sends to everybody; whatever becomes of a file, the run goes on.

pub mod event_lines;
pub mod feed;
pub mod outputs;
pub mod roster;

pub use outputs::{RunLabel, Telemetry};
