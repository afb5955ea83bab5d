//! What is written down, and its bytes (see the room's documentation).

use std::time::Duration;

use crate::cancel::CancelPhase;
use crate::id::{LeaseId, NodeId, PoolId};
use crate::journal::wire::{Bytes, put_duration, put_varint};
use crate::limit::{Concern, Limit};
use crate::outcome::{Counts, OutcomeKind};

/// Something that is about to happen, or has happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A run begins.
    RunStarted {
        /// How many nodes its plan has.
        nodes: usize,
    },
    /// A node is about to be handed to its executor. It may still be skipped instead.
    NodeStarted {
        /// The node.
        node: NodeId,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// An attempt failed and another one follows.
    NodeRetried {
        /// The node.
        node: NodeId,
        /// The attempt that failed.
        attempt: u32,
        /// How long the next one waits.
        delay: Duration,
        /// What went wrong.
        text: String,
    },
    /// A node ended after it had been started.
    NodeEnded {
        /// The node.
        node: NodeId,
        /// How.
        outcome: OutcomeKind,
        /// What went wrong, if something did.
        text: String,
    },
    /// A node ended without having been started.
    NodeSkipped {
        /// The node.
        node: NodeId,
        /// How.
        outcome: OutcomeKind,
        /// The failed node that made this one impossible.
        because: Option<NodeId>,
        /// What went wrong, if something did.
        text: String,
    },
    /// Something took too long and was asked to end.
    TimeUp {
        /// What.
        of: Concern,
        /// Which limit it ran into.
        limit: Limit,
        /// How it was asked.
        phase: CancelPhase,
    },
    /// A pool's capacity changed.
    PoolResized {
        /// The pool.
        pool: PoolId,
        /// What it was.
        from: u32,
        /// What it is.
        to: u32,
    },
    /// The run was asked to stop, or to stop harder.
    StopRequested {
        /// How far it is now.
        phase: CancelPhase,
    },
    /// Every node has ended.
    RunEnded {
        /// How many ended in each way.
        counts: Counts,
    },
    /// Something that those above the engine wrote down.
    Note(Vec<u8>),
}

const RUN_STARTED: u8 = 1;
const NODE_STARTED: u8 = 2;
const NODE_RETRIED: u8 = 3;
const NODE_ENDED: u8 = 4;
const NODE_SKIPPED: u8 = 5;
const STOP_REQUESTED: u8 = 6;
const RUN_ENDED: u8 = 7;
const NOTE: u8 = 8;
const TIME_UP: u8 = 9;
const POOL_RESIZED: u8 = 10;

/// All outcomes, phases and limits; their bytes are their positions here.
const OUTCOMES: [OutcomeKind; 6] = {
    use OutcomeKind::{Bug, Cancelled, Failed, Skipped, Succeeded, TimedOut};
    [Succeeded, Failed, Skipped, Cancelled, TimedOut, Bug]
};
const PHASES: [CancelPhase; 3] = [CancelPhase::Running, CancelPhase::Stopping, CancelPhase::Killing];
const LIMITS: [Limit; 5] = [Limit::Node, Limit::Idle, Limit::Lease, Limit::Run, Limit::Cleanup];

/// Whether records of this kind exist.
pub(crate) fn is_kind(byte: u8) -> bool {
    (RUN_STARTED..=POOL_RESIZED).contains(&byte)
}

/// Appends a note's bytes, without its length.
pub(crate) fn encode_note(bytes: &mut Vec<u8>, at: Duration, payload: &[u8]) {
    bytes.push(NOTE);
    put_duration(bytes, at);
    bytes.extend_from_slice(payload);
}

/// Appends a record's bytes, without its length.
pub(crate) fn encode(bytes: &mut Vec<u8>, at: Duration, record: &Record) {
    if let Record::Note(payload) = record {
        return encode_note(bytes, at, payload);
    }
    bytes.push(kind(record));
    put_duration(bytes, at);
    match record {
        Record::RunStarted { nodes } => put_varint(bytes, *nodes as u64),
        Record::NodeStarted { node, attempt } => {
            put_node(bytes, *node);
            put_varint(bytes, u64::from(*attempt));
        }
        Record::NodeRetried { node, attempt, delay, text } => {
            put_node(bytes, *node);
            put_varint(bytes, u64::from(*attempt));
            put_duration(bytes, *delay);
            bytes.extend_from_slice(text.as_bytes());
        }
        Record::NodeEnded { node, outcome, text } => {
            put_node(bytes, *node);
            bytes.push(*outcome as u8);
            bytes.extend_from_slice(text.as_bytes());
        }
        Record::NodeSkipped { node, outcome, because, text } => {
            put_node(bytes, *node);
            bytes.push(*outcome as u8);
            put_varint(bytes, because.map_or(0, |node| 1 + node.index() as u64));
            bytes.extend_from_slice(text.as_bytes());
        }
        Record::PoolResized { pool, from, to } => {
            [pool.index() as u64, u64::from(*from), u64::from(*to)].into_iter().for_each(|n| put_varint(bytes, n));
        }
        Record::TimeUp { of, limit, phase } => {
            let (kind, number) = match of {
                Concern::Node(node) => (0, node.index()),
                Concern::Lease(lease) => (1, lease.index()),
                Concern::Run => (2, 0),
            };
            bytes.push(kind);
            put_varint(bytes, number as u64);
            bytes.extend([*limit as u8, *phase as u8]);
        }
        Record::StopRequested { phase } => bytes.push(*phase as u8),
        Record::RunEnded { counts } => in_order(*counts).into_iter().for_each(|count| put_varint(bytes, count as u64)),
        Record::Note(_) => {}
    }
}

fn kind(record: &Record) -> u8 {
    match record {
        Record::RunStarted { .. } => RUN_STARTED,
        Record::NodeStarted { .. } => NODE_STARTED,
        Record::NodeRetried { .. } => NODE_RETRIED,
        Record::NodeEnded { .. } => NODE_ENDED,
        Record::NodeSkipped { .. } => NODE_SKIPPED,
        Record::TimeUp { .. } => TIME_UP,
        Record::PoolResized { .. } => POOL_RESIZED,
        Record::StopRequested { .. } => STOP_REQUESTED,
        Record::RunEnded { .. } => RUN_ENDED,
        Record::Note(_) => NOTE,
    }
}

fn put_node(bytes: &mut Vec<u8>, node: NodeId) {
    put_varint(bytes, node.index() as u64);
}

fn in_order(counts: Counts) -> [usize; 6] {
    let Counts { succeeded, failed, skipped, cancelled, timed_out, bugs } = counts;
    [succeeded, failed, skipped, cancelled, timed_out, bugs]
}

/// Reads a record from exactly these bytes.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Duration, Record), &'static str> {
    let mut bytes = Bytes(bytes);
    let kind = bytes.byte().ok_or("it is empty")?;
    let at = bytes.duration().ok_or("it has no time")?;
    let record = decode_rest(kind, &mut bytes)?;
    if bytes.is_empty() { Ok((at, record)) } else { Err("it is longer than its kind") }
}

fn decode_rest(kind: u8, bytes: &mut Bytes<'_>) -> Result<Record, &'static str> {
    Ok(match kind {
        RUN_STARTED => Record::RunStarted { nodes: count(bytes)? },
        NODE_STARTED => Record::NodeStarted { node: node(bytes)?, attempt: small(bytes)? },
        NODE_RETRIED => Record::NodeRetried {
            node: node(bytes)?,
            attempt: small(bytes)?,
            delay: bytes.duration().ok_or("it has no delay")?,
            text: text(bytes)?,
        },
        NODE_ENDED => Record::NodeEnded { node: node(bytes)?, outcome: outcome(bytes)?, text: text(bytes)? },
        NODE_SKIPPED => Record::NodeSkipped {
            node: node(bytes)?,
            outcome: outcome(bytes)?,
            because: small(bytes)?.checked_sub(1).map(|index| NodeId::from_index(index as usize)),
            text: text(bytes)?,
        },
        POOL_RESIZED => Record::PoolResized {
            pool: PoolId::from_index(small(bytes)? as usize),
            from: small(bytes)?,
            to: small(bytes)?,
        },
        TIME_UP => Record::TimeUp {
            of: concern(bytes)?,
            limit: one_of(&LIMITS, bytes).ok_or("no such limit")?,
            phase: one_of(&PHASES, bytes).ok_or("no such phase")?,
        },
        STOP_REQUESTED => Record::StopRequested { phase: one_of(&PHASES, bytes).ok_or("no such phase")? },
        RUN_ENDED => Record::RunEnded {
            counts: Counts {
                succeeded: count(bytes)?,
                failed: count(bytes)?,
                skipped: count(bytes)?,
                cancelled: count(bytes)?,
                timed_out: count(bytes)?,
                bugs: count(bytes)?,
            },
        },
        NOTE => Record::Note(std::mem::take(&mut bytes.0).to_vec()),
        _ => return Err("no such kind of record"),
    })
}

fn count(bytes: &mut Bytes<'_>) -> Result<usize, &'static str> {
    bytes.varint().and_then(|value| value.try_into().ok()).ok_or("a number is missing or too large")
}

fn small(bytes: &mut Bytes<'_>) -> Result<u32, &'static str> {
    bytes.varint().and_then(|value| value.try_into().ok()).ok_or("a number is missing or too large")
}

fn node(bytes: &mut Bytes<'_>) -> Result<NodeId, &'static str> {
    small(bytes).map(|index| NodeId::from_index(index as usize))
}

fn concern(bytes: &mut Bytes<'_>) -> Result<Concern, &'static str> {
    let (kind, number) = (bytes.byte(), small(bytes)?);
    match kind {
        Some(0) => Ok(Concern::Node(NodeId::from_index(number as usize))),
        Some(1) => Ok(Concern::Lease(LeaseId::from_index(number as usize))),
        Some(2) => Ok(Concern::Run),
        _ => Err("nothing can be late like this"),
    }
}

fn outcome(bytes: &mut Bytes<'_>) -> Result<OutcomeKind, &'static str> {
    one_of(&OUTCOMES, bytes).ok_or("no such outcome")
}

fn one_of<T: Copy>(all: &[T], bytes: &mut Bytes<'_>) -> Option<T> {
    all.get(usize::from(bytes.byte()?)).copied()
}

fn text(bytes: &mut Bytes<'_>) -> Result<String, &'static str> {
    bytes.text().ok_or("its text is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_of_enums_are_their_positions() {
        assert!(LIMITS.iter().enumerate().all(|(at, limit)| *limit as usize == at));
        assert!(OUTCOMES.iter().enumerate().all(|(at, outcome)| *outcome as usize == at));
        assert!(PHASES.iter().enumerate().all(|(at, phase)| *phase as usize == at));
    }

    #[test]
    fn records_that_make_no_sense_are_refused() {
        for (bytes, expected) in [
            (&[][..], "it is empty"),
            (&[1], "it has no time"),
            (&[1, 0], "a number is missing or too large"),
            (&[1, 0, 3, 0], "it is longer than its kind"),
            (&[2, 0, 0x80, 0x80, 0x80, 0x80, 0x10, 1], "a number is missing or too large"),
            (&[4, 0, 0, 6], "no such outcome"),
            (&[4, 0, 0, 1, 0xff], "its text is not UTF-8"),
            (&[6, 0, 3], "no such phase"),
            (&[9, 0, 3, 0, 0, 0], "nothing can be late like this"),
            (&[9, 0, 2, 0, 5, 0], "no such limit"),
            (&[11, 0], "no such kind of record"),
        ] {
            assert_eq!(decode(bytes), Err(expected), "{bytes:?}");
        }
    }
}
