//! Reading a journal back: what is good, where the good part ends, and whether that is how its writer left it.

use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use crate::journal::error::JournalError;
use crate::journal::frame::{FRAME_LEN, HEADER_LEN, VERSION, open, read_header};
use crate::journal::record::{Record, decode};
use crate::journal::wire::Bytes;

/// What a journal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The version of its format.
    pub version: u32,
    /// All records in the order they were written, with the time since the journal began.
    pub records: Vec<(Duration, Record)>,
    /// How it ends.
    pub tail: Tail,
    /// Where the last good frame ends: where one that goes on with this journal has to begin.
    pub end: u64,
}

/// How a journal ends. That does not say whether the run did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// After a frame. What follows, if anything, is room that was never used.
    Clean,
    /// In the middle of a frame that was never durable, so that nothing was done because of it.
    Torn {
        /// Where that frame begins.
        offset: u64,
    },
}

/// Reads a journal.
///
/// # Errors
/// If the bytes cannot be had, are no journal, are one of a newer version, or are not what was written.
pub fn read(source: impl Read) -> Result<Recording, JournalError> {
    let (recording, damages) = salvage(source)?;
    damages.into_iter().next().map_or(Ok(recording), Err)
}

/// Reads a journal as far as it can be read: frames that are damaged are left out, and each is told of.
///
/// # Errors
/// If the bytes cannot be had, are no journal, or are one of a newer version.
pub fn salvage(mut source: impl Read) -> Result<(Recording, Vec<JournalError>), JournalError> {
    let mut file = Vec::new();
    source.read_to_end(&mut file).map_err(|error| JournalError::Read(Arc::new(error)))?;
    match read_header(&file)? {
        Some(found) if found > VERSION => Err(JournalError::Newer { found, known: VERSION }),
        Some(version) => Ok(read_frames(&file, version)),
        None => {
            let tail = Tail::Torn { offset: 0 };
            Ok((Recording { version: VERSION, records: Vec::new(), tail, end: 0 }, Vec::new()))
        }
    }
}

fn read_frames(file: &[u8], version: u32) -> (Recording, Vec<JournalError>) {
    let (mut records, mut damages) = (Vec::new(), Vec::new());
    let used = HEADER_LEN + file[HEADER_LEN..].iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let mut at = HEADER_LEN;
    let tail = loop {
        if at >= used {
            break Tail::Clean;
        }
        if let Some(payload) = open(file, at) {
            let offset = at as u64;
            let bad = read_records(payload, &mut records).err();
            damages.extend(bad.map(|what| JournalError::Nonsense { offset, what }));
            at += FRAME_LEN + payload.len();
        } else if let Some(next) = (at + 1..used).find(|&next| open(file, next).is_some()) {
            damages.push(JournalError::Damaged { offset: at as u64, next: next as u64 });
            at = next;
        } else {
            break Tail::Torn { offset: at as u64 };
        }
    };
    (Recording { version, records, tail, end: at as u64 }, damages)
}

fn read_records(payload: &[u8], records: &mut Vec<(Duration, Record)>) -> Result<(), &'static str> {
    let mut bytes = Bytes(payload);
    while !bytes.is_empty() {
        let length = bytes.varint().and_then(|length| length.try_into().ok());
        let record = length.and_then(|length| bytes.take(length)).ok_or("it is longer than its frame")?;
        records.push(decode(record)?);
    }
    Ok(())
}
