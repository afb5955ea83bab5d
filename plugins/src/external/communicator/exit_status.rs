//! How a command ended, as Go's `gob` has it: `CommandFinished{ExitStatus int}`. Messages behind their lengths: what such
//! a value consists of, then the value.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::external::gob::decode::decode;
use crate::external::gob::model::Gob;

/// More than the description and the value ever take.
const LIMIT: u64 = 4 << 10;
/// The description, which says that this is type 64.
const DESCRIPTION: &[u8] =
    b"+\x7f\x03\x01\x01\x0fCommandFinished\x01\xff\x80\x00\x01\x01\x01\nExitStatus\x01\x04\x00\x00\x00";
/// The type of a value that follows the description.
const TYPE: &[u8] = b"\xff\x80";

/// Tells the status, and that nothing more comes.
pub(super) async fn write(status: i64, sink: &mut (impl AsyncWrite + Unpin)) -> io::Result<()> {
    let mut value = TYPE.to_vec();
    // A field that is zero is left out.
    if status != 0 {
        value.push(1);
        value.extend(uint((status << 1 ^ status >> 63).cast_unsigned()));
    }
    value.push(0);
    sink.write_all(&[DESCRIPTION, &uint(value.len() as u64), &value].concat()).await?;
    sink.shutdown().await
}

/// Waits for the status, and for the end of `source`.
pub(super) async fn read(source: impl AsyncRead + Unpin) -> io::Result<i64> {
    let mut bytes = Vec::new();
    source.take(LIMIT).read_to_end(&mut bytes).await?;
    match decode(&bytes).map_err(io::Error::other)? {
        Gob::Struct(fields) => match fields[..] {
            [] => Ok(0),
            [("ExitStatus", Gob::Int(status))] => Ok(status),
            _ => Err(io::Error::other("this is no exit status")),
        },
        other => Err(io::Error::other(format!("{} is no exit status", other.kind()))),
    }
}

/// A number without a sign: one byte up to 127, or else how many bytes follow, negated, and those.
fn uint(number: u64) -> Vec<u8> {
    let bytes = number.to_be_bytes();
    let used = &bytes[number.leading_zeros() as usize / 8..];
    match used {
        [] => vec![0],
        [byte @ ..=0x7f] => vec![*byte],
        _ => [&[(used.len() as u8).wrapping_neg()], used].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn statuses_are_written_and_read_as_go_does() {
        for (status, value) in [
            (0, &b"\x03\xff\x80\x00"[..]),
            (1, b"\x05\xff\x80\x01\x02\x00"),
            (-1, b"\x05\xff\x80\x01\x01\x00"),
            (127, b"\x06\xff\x80\x01\xff\xfe\x00"),
            (128, b"\x07\xff\x80\x01\xfe\x01\x00\x00"),
            (2_300_218, b"\x08\xff\x80\x01\xfdF2t\x00"),
            (0xc000_0005, b"\n\xff\x80\x01\xfb\x01\x80\x00\x00\n\x00"),
            (i64::MAX, b"\r\xff\x80\x01\xf8\xff\xff\xff\xff\xff\xff\xff\xfe\x00"),
            (i64::MIN, b"\r\xff\x80\x01\xf8\xff\xff\xff\xff\xff\xff\xff\xff\x00"),
        ] {
            let mut bytes = Vec::new();
            write(status, &mut bytes).await.unwrap();
            assert_eq!(bytes, [DESCRIPTION, value].concat());
            assert_eq!(read(&bytes[..]).await.unwrap(), status);
            for len in 0..bytes.len() {
                assert!(read(&bytes[..len]).await.is_err());
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_status_is_refused() {
        for bytes in [&b"no gob at all"[..], &[0xff; 64], &[0xfc, 0x7f, 0xff, 0xff, 0xff], &[0; 16], &[2, 0x80, 3]] {
            assert!(read(bytes).await.is_err(), "{bytes:x?}");
        }
    }
}
