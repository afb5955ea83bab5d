//! `base64gzip`, as Go's writer does it that is flushed and then closed.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use crate::eval::functions::error::CallError;
use crate::eval::functions::function::{Call, Function, Param, Takes, returns};
use crate::value::Value;

pub(super) const FUNCTIONS: &[Function] =
    &[Function::new("base64gzip", &[Param::new("str", Takes::String)], returns::string, base64_gzip)];

/// Deflated, no flags, no time, no hint how, on an unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// A stored block without content that says that it is the last. A closed stream that was flushed ends with one, where
/// zlib would write an empty block of another kind: hence the bytes are put together here.
const LAST_BLOCK: [u8; 5] = [1, 0, 0, 0xff, 0xff];

fn base64_gzip(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0).as_bytes();
    let mut crc = Crc::new();
    crc.update(text);
    let blocks = deflate(text).map_err(|error| CallError::Failed(error.to_string()))?;
    let [sum, amount] = [crc.sum(), crc.amount()].map(u32::to_le_bytes);
    Ok(Value::string(BASE64_STANDARD.encode([&HEADER[..], &blocks, &LAST_BLOCK, &sum, &amount].concat())))
}

/// `text`, compressed and flushed, with no block that says that it is the last.
fn deflate(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut deflater = DeflateEncoder::new(Vec::new(), Compression::default());
    deflater.write_all(text)?;
    deflater.flush()?;
    Ok(deflater.get_ref().clone())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::eval::functions::tests::run_with;
    use crate::eval::{Functions, Host};

    #[test]
    fn gunzip_reads_it() {
        let digits = (0..50_000).map(|n: u32| n.to_string()).collect();
        for text in [String::new(), "é".to_owned(), "some text ".repeat(10_000), digits] {
            let shown = run_with(&format!("base64gzip(\"{text}\")"), &Functions::standard(), &Host::empty());
            let zipped = shown.strip_prefix('"').and_then(|shown| shown.strip_suffix("\" string")).unwrap();
            let bytes = BASE64_STANDARD.decode(zipped).unwrap();
            let mut unzipped = String::new();
            GzDecoder::new(&bytes[..]).read_to_string(&mut unzipped).unwrap();
            assert_eq!(unzipped, text);
        }
    }
}
