//! A run for other programs: its events as lines, as a trace to look at and as spans, while it happens. What is written
//! is read from the events that the engine sends to everybody; whatever becomes of it, the run goes on.
//!
//! [`outputs`] has all that is wanted of one run, each behind a [`feed`] of its own: [`event_lines`], [`chrome`] (with
//! [`lanes`] and [`holdings`]), [`otlp`]. [`roster`] says what nodes are called.

pub mod chrome;
pub mod event_lines;
pub mod feed;
pub mod holdings;
pub mod lanes;
pub mod otlp;
pub mod outputs;
pub mod roster;

pub use outputs::{RunLabel, Telemetry};
