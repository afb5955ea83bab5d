//! A run that was recorded, scheduled again: [`recorded`] reads it, [`rescheduled`] runs it in virtual time under the
//! limits it had or others, [`report`] says what came of it.

pub mod recorded;
pub mod report;
pub mod rescheduled;

pub use recorded::RecordedRun;
pub use rescheduled::{Capacities, Schedule};
