//! What of an event is written down.

use crate::event::EventKind;
use crate::journal::record::Record;
use crate::outcome::{Outcome, SkipCause};

/// The record of an event; `text` makes texts fit to be written.
pub(crate) fn record_of(event: &EventKind, text: impl Fn(&str) -> String) -> Record {
    match event {
        EventKind::RunStarted { nodes } => Record::RunStarted { nodes: *nodes },
        EventKind::NodeStarted { node, attempt } => Record::NodeStarted { node: *node, attempt: *attempt },
        EventKind::NodeRetried { node, attempt, delay, failure } => {
            Record::NodeRetried { node: *node, attempt: *attempt, delay: *delay, text: text(&failure.to_string()) }
        }
        EventKind::TimeUp { of, limit, phase } => Record::TimeUp { of: *of, limit: *limit, phase: *phase },
        EventKind::PoolResized { pool, from, to } => Record::PoolResized { pool: *pool, from: *from, to: *to },
        EventKind::NodeEnded { node, outcome } => {
            Record::NodeEnded { node: *node, outcome: outcome.kind(), text: reason(outcome, text) }
        }
        EventKind::NodeSkipped { node, outcome } => Record::NodeSkipped {
            node: *node,
            outcome: outcome.kind(),
            because: match outcome {
                Outcome::Skipped(SkipCause::Because(failed)) => Some(*failed),
                _ => None,
            },
            text: reason(outcome, text),
        },
        EventKind::StopRequested { phase } => Record::StopRequested { phase: *phase },
        EventKind::RunEnded { counts } => Record::RunEnded { counts: *counts },
    }
}

fn reason(outcome: &Outcome, text: impl Fn(&str) -> String) -> String {
    match outcome {
        Outcome::Failed(failure) | Outcome::TimedOut(failure) => text(&failure.to_string()),
        Outcome::Bug(bug) => text(bug),
        Outcome::Succeeded | Outcome::Skipped(_) | Outcome::Cancelled => String::new(),
    }
}
