//! Text of other programs, which need not be UTF-8: Go's strings are any bytes.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};

/// Reads a string, with a replacement character for what is no text. For what is shown to people; anything else is
/// better refused than changed.
///
/// # Errors
///
/// When it is no string at all.
pub fn lossy<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    deserializer.deserialize_str(Lossy)
}

struct Lossy;

impl Visitor<'_> for Lossy {
    type Value = String;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<String, E> {
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}
