//! A stream as a sequence of MessagePack values: finds where each one ends without a look at what it holds.

use std::io;

use bytes::{Bytes, BytesMut};
use rmp::Marker;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The largest value that is read. Artifacts can carry a lot of state, but no plugin has a gigabyte to tell.
const MAX_VALUE: usize = 1 << 30;
/// So much is asked for at a time, at least.
const CHUNK: usize = 16 << 10;

/// Reads values one by one.
pub(super) struct Values<R> {
    source: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Values<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: BytesMut::new() }
    }

    /// The bytes of the next value; none when the stream ended before it.
    ///
    /// # Errors
    ///
    /// When reading fails, the stream ends within a value, or what comes is no MessagePack or too long. Nothing can be
    /// read any more then.
    pub(super) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut walk = Walk::default();
        loop {
            if walk.on(&self.buffer)? {
                return Ok(Some(self.buffer.split_to(walk.at).freeze()));
            }
            if self.buffer.len() > MAX_VALUE {
                return Err(invalid("a value is longer than a gibibyte"));
            }
            self.buffer.reserve(CHUNK);
            if self.source.read_buf(&mut self.buffer).await? == 0 {
                return match self.buffer.is_empty() {
                    true => Ok(None),
                    false => Err(io::ErrorKind::UnexpectedEof.into()),
                };
            }
        }
    }
}

/// How far a value has been gone through. It goes on where it stopped when more has come.
struct Walk {
    at: usize,
    /// How many values are still to come, nested ones included.
    left: u64,
}

impl Default for Walk {
    fn default() -> Self {
        Self { at: 0, left: 1 }
    }
}

impl Walk {
    /// Goes on through `bytes`; whether the value is complete.
    fn on(&mut self, bytes: &[u8]) -> io::Result<bool> {
        while self.left > 0 {
            let Some(rest) = bytes.get(self.at..).filter(|rest| !rest.is_empty()) else { return Ok(false) };
            let Some((len, inner)) = head(rest) else { return Ok(false) };
            if len > MAX_VALUE {
                return Err(invalid("a value is longer than a gibibyte"));
            }
            if rest.len() < len {
                return Ok(false);
            }
            self.at += len;
            self.left = (self.left - 1).saturating_add(inner);
        }
        Ok(true)
    }
}

/// The length of what `bytes`, which are not empty, start with, and how many values are in it; none when its length has
/// not come yet. Those values are not part of the length.
fn head(bytes: &[u8]) -> Option<(usize, u64)> {
    let number = |at: usize, len: usize| -> Option<u64> {
        let digits = bytes.get(at..at + len)?;
        Some(digits.iter().fold(0, |number, digit| number << 8 | u64::from(*digit)))
    };
    // The marker, a length of so many bytes, as many bytes of content and so many bytes more.
    let content = |width: usize, more: usize| Some((1 + width + more + usize::try_from(number(1, width)?).ok()?, 0));
    let plain = |len: usize| Some((1 + len, 0));
    match Marker::from_u8(bytes[0]) {
        Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False | Marker::Reserved => {
            plain(0)
        }
        Marker::U8 | Marker::I8 => plain(1),
        Marker::U16 | Marker::I16 => plain(2),
        Marker::U32 | Marker::I32 | Marker::F32 => plain(4),
        Marker::U64 | Marker::I64 | Marker::F64 => plain(8),
        Marker::FixStr(len) => plain(len.into()),
        Marker::Str8 | Marker::Bin8 => content(1, 0),
        Marker::Str16 | Marker::Bin16 => content(2, 0),
        Marker::Str32 | Marker::Bin32 => content(4, 0),
        Marker::FixExt1 => plain(2),
        Marker::FixExt2 => plain(3),
        Marker::FixExt4 => plain(5),
        Marker::FixExt8 => plain(9),
        Marker::FixExt16 => plain(17),
        Marker::Ext8 => content(1, 1),
        Marker::Ext16 => content(2, 1),
        Marker::Ext32 => content(4, 1),
        Marker::FixArray(len) => Some((1, len.into())),
        Marker::Array16 => Some((3, number(1, 2)?)),
        Marker::Array32 => Some((5, number(1, 4)?)),
        Marker::FixMap(len) => Some((1, 2 * u64::from(len))),
        Marker::Map16 => Some((3, 2 * number(1, 2)?)),
        Marker::Map32 => Some((5, 2 * number(1, 4)?)),
    }
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use proptest::prelude::*;
    use rmpv::Value;
    use tokio::io::ReadBuf;

    use super::*;

    /// Gives at most `cut` bytes at a time.
    struct Pieces<'b> {
        rest: &'b [u8],
        cut: usize,
    }

    impl AsyncRead for Pieces<'_> {
        fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            let len = self.cut.min(self.rest.len()).min(into.remaining());
            let (piece, rest) = self.rest.split_at(len);
            into.put_slice(piece);
            self.rest = rest;
            Poll::Ready(Ok(()))
        }
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
    }

    fn encoded(value: &Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        rmpv::encode::write_value(&mut bytes, value).unwrap();
        bytes
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            (0..70_000_usize).prop_map(|len| Value::from("é".repeat(len / 100))),
            proptest::collection::vec(any::<u8>(), 0..300).prop_map(Value::from),
            (any::<i8>(), 0..300_usize).prop_map(|(kind, len)| Value::Ext(kind, vec![7; len])),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..20).prop_map(Value::Array),
                proptest::collection::vec((inner.clone(), inner), 0..20).prop_map(Value::Map),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_come_out_as_they_went_in(values in proptest::collection::vec(value(), 1..5), cut in 1..50_usize) {
            let written: Vec<Vec<u8>> = values.iter().map(encoded).collect();
            let all = written.concat();
            let mut read = Values::new(Pieces { rest: &all, cut });
            for expected in &written {
                prop_assert_eq!(&block_on(read.next()).unwrap().unwrap()[..], &expected[..]);
            }
            prop_assert!(block_on(read.next()).unwrap().is_none());
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (bytes, expected) in [
            (&[0xda, 0x00][..], io::ErrorKind::UnexpectedEof),
            (&[0x92, 0x01], io::ErrorKind::UnexpectedEof),
            (&[0xc6, 0xff, 0xff, 0xff, 0xff], io::ErrorKind::InvalidData),
        ] {
            let error = block_on(Values::new(bytes).next()).unwrap_err();
            assert_eq!(error.kind(), expected, "{bytes:x?}");
        }
    }
}
