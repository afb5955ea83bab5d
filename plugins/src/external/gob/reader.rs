//! The smallest parts of an encoding: numbers, bytes and texts.

use crate::external::gob::model::GobFault;

/// Reads forward through an encoding.
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes are left.
    pub(super) fn remaining(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// A complaint about what was read last.
    pub(super) fn corrupt<T>(&self, what: &'static str) -> Result<T, GobFault> {
        Err(GobFault::Corrupt { what, at: self.at })
    }

    /// A number without a sign: one byte up to 127, or else how many bytes follow, negated, and those.
    pub(super) fn uint(&mut self) -> Result<u64, GobFault> {
        let [first] = *self.take(1)? else { return Err(GobFault::Ended) };
        if first < 0x80 {
            return Ok(first.into());
        }
        let len = usize::from(first.wrapping_neg());
        if len > size_of::<u64>() {
            return self.corrupt("a number of too many bytes");
        }
        Ok(self.take(len)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// A number with a sign, which is the lowest bit.
    pub(super) fn int(&mut self) -> Result<i64, GobFault> {
        let bits = self.uint()?;
        let magnitude = (bits >> 1).cast_signed();
        Ok(if bits & 1 == 0 { magnitude } else { !magnitude })
    }

    /// A number with a fraction: its bytes are turned around, as the last ones are zero most often.
    pub(super) fn float(&mut self) -> Result<f64, GobFault> {
        Ok(f64::from_bits(self.uint()?.swap_bytes()))
    }

    /// How many elements follow. Each takes a byte at least, so that nobody makes room for what cannot come.
    pub(super) fn count(&mut self) -> Result<usize, GobFault> {
        match usize::try_from(self.uint()?) {
            Ok(count) if count <= self.remaining() => Ok(count),
            _ => Err(GobFault::Ended),
        }
    }

    /// Bytes behind their number.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], GobFault> {
        let len = self.count()?;
        self.take(len)
    }

    /// Text behind the number of its bytes.
    pub(super) fn text(&mut self) -> Result<&'a str, GobFault> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).or_else(|_| self.corrupt("a string that is not UTF-8"))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], GobFault> {
        let taken = self.bytes[self.at..].get(..len).ok_or(GobFault::Ended)?;
        self.at += len;
        Ok(taken)
    }
}
