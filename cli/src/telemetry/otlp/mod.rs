//! `--otlp`: the run as spans, sent to an OpenTelemetry collector in the JSON form of OTLP over HTTP. [`collector`] says
//! where to, [`sender`] sends and tries again, [`span`] is the form, [`spans`] makes spans of events.

pub mod collector;
pub mod sender;
pub mod span;
pub mod spans;

pub use collector::Collector;
pub use spans::Spans;
