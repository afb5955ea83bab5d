//! GBK without the codes of four bytes that browsers read, and without those for private use.

use encoding_rs::GBK;

use crate::eval::charset::coding::{from_whatwg, whatwg};
use crate::eval::charset::east_asian::private_use::has_private_use;

/// The bytes of `text`.
pub(in crate::eval::charset) fn encode(text: &str) -> Option<Vec<u8>> {
    if has_private_use(text) { None } else { whatwg(GBK, text) }
}

/// The text that `bytes` stand for. What has a code of four bytes has none of two, so it cannot be written again.
pub(in crate::eval::charset) fn decode(bytes: &[u8]) -> Option<String> {
    from_whatwg(GBK, bytes).filter(|text| encode(text).is_some())
}
