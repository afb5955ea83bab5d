//! The bytes around records: header of the file, header of a frame. See the room's documentation.

use crate::journal::error::JournalError;
use crate::journal::record::is_kind;
use crate::journal::wire::Bytes;

/// The version of the format that is written.
pub const VERSION: u32 = 1;

/// Bytes before the first frame.
pub(crate) const HEADER_LEN: usize = 16;

/// Bytes of a frame before its payload.
pub(crate) const FRAME_LEN: usize = 8;

const MAGIC: [u8; 8] = *b"\x89JRNL\r\n\x1a";

/// The header of a new file.
pub(crate) fn header() -> [u8; HEADER_LEN] {
    header_of(VERSION)
}

fn header_of(version: u32) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&version.to_le_bytes());
    let crc = crc32fast::hash(&header[..12]);
    header[12..].copy_from_slice(&crc.to_le_bytes());
    header
}

/// The version a file says it has; `None` if it ends (or turns to zeros) inside the header, which means that its writer
/// did not get to write anything.
///
/// # Errors
/// If it is no journal, or one whose header is damaged.
pub(crate) fn read_header(file: &[u8]) -> Result<Option<u32>, JournalError> {
    let begin = &file[..file.len().min(HEADER_LEN)];
    let n_written = begin.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    if n_written <= MAGIC.len() && MAGIC.starts_with(&begin[..n_written]) && n_written < MAGIC.len() {
        return Ok(None);
    }
    if !begin.starts_with(&MAGIC) {
        return Err(JournalError::NotAJournal);
    }
    let Some(version) = begin.get(8..12).map(number) else { return Ok(None) };
    if *begin == header_of(version) {
        return Ok(Some(version));
    }
    // Cut off, unless something follows.
    let is_cut = header_of(version).starts_with(&begin[..n_written.max(MAGIC.len())]);
    let is_last = file[begin.len()..].iter().all(|&byte| byte == 0);
    let damage = JournalError::Damaged { offset: 0, next: HEADER_LEN as u64 };
    if is_cut && is_last { Ok(None) } else { Err(damage) }
}

/// Writes the header of a frame into its first bytes; the payload is the rest. Returns `false` if that is too long.
pub(crate) fn seal(frame: &mut [u8], offset: u64) -> bool {
    let Ok(length) = u32::try_from(frame.len() - FRAME_LEN) else { return false };
    let crc = checksum(offset, length, &frame[FRAME_LEN..]);
    frame[..4].copy_from_slice(&length.to_le_bytes());
    frame[4..FRAME_LEN].copy_from_slice(&crc.to_le_bytes());
    true
}

/// The payload of the frame that begins at `offset`, if a good one does.
pub(crate) fn open(file: &[u8], offset: usize) -> Option<&[u8]> {
    let mut bytes = Bytes(file.get(offset..)?);
    let length = number(bytes.take(4)?);
    let crc = number(bytes.take(4)?);
    let payload = bytes.take(length as usize)?;
    let is_good = is_likely(payload) && checksum(offset as u64, length, payload) == crc;
    is_good.then_some(payload)
}

/// Whether a payload could begin like this. Spares most checksums where a frame is looked for.
fn is_likely(payload: &[u8]) -> bool {
    let mut bytes = Bytes(payload);
    let length = bytes.varint();
    length.is_some_and(|length| length <= bytes.0.len() as u64) && bytes.byte().is_some_and(is_kind)
}

/// The offset makes a frame good in its own place only, not where a copy of it lies inside a note.
fn checksum(offset: u64, length: u32, payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&offset.to_le_bytes());
    hasher.update(&length.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_say_their_version_or_that_they_were_never_finished() {
        let newer = header_of(7);
        assert_eq!(read_header(&newer).unwrap(), Some(7));
        for n_bytes in 0..HEADER_LEN {
            assert_eq!(read_header(&newer[..n_bytes]).unwrap(), None, "cut at {n_bytes}");
            let mut zeroed = newer.to_vec();
            zeroed[n_bytes..].fill(0);
            zeroed.extend([0; 100]);
            assert_eq!(read_header(&zeroed).unwrap(), None, "zeros from {n_bytes}");
        }
        assert!(matches!(read_header(b"{}"), Err(JournalError::NotAJournal)));
        assert!(matches!(read_header(b"not a journal at all"), Err(JournalError::NotAJournal)));
    }

    #[test]
    fn a_frame_is_good_in_its_own_place_only() {
        let mut frame = vec![0; FRAME_LEN];
        frame.extend([3, 1, 0, 5]);
        assert!(seal(&mut frame, 16));
        let mut file = header().to_vec();
        file.extend_from_slice(&frame);
        file.extend_from_slice(&frame);
        assert_eq!(open(&file, 16), Some(&[3, 1, 0, 5][..]));
        assert_eq!(open(&file, 28), None);
    }
}
