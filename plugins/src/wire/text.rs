//! Text as Go programs send it: any bytes, or nothing.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// A text; bytes that are no UTF-8 are replaced, nothing is the empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

/// A list of texts; nothing is the empty list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(pub Vec<String>);

/// Reads a text into a field of another structure.
///
/// # Errors
///
/// When it is no text at all.
pub fn lossy<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    Text::deserialize(source).map(|text| text.0)
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(TextVisitor)
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_any(TextsVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Text, E> {
        Ok(Text(String::from_utf8_lossy(bytes).into_owned()))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text::default())
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
        let mut texts = Vec::new();
        while let Some(Text(text)) = items.next_element()? {
            texts.push(text);
        }
        Ok(Texts(texts))
    }

    fn visit_unit<E: Error>(self) -> Result<Texts, E> {
        Ok(Texts::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_are_text() {
        let text = |bytes: &[u8]| rmp_serde::from_slice::<Text>(bytes).map(|text| text.0).ok();
        for (bytes, expected) in [
            (&[0xa1, b'a'][..], Some("a")),
            (&[0xa2, b'a', 0xff], Some("a\u{fffd}")),
            (&[0xc4, 2, b'a', 0xff], Some("a\u{fffd}")),
            (&[0xc0], Some("")),
            (&[0x01], None),
        ] {
            assert_eq!(text(bytes).as_deref(), expected, "{bytes:x?}");
        }
        let texts = |bytes: &[u8]| rmp_serde::from_slice::<Texts>(bytes).map(|texts| texts.0).ok();
        assert_eq!(texts(&[0xc0]), Some(vec![]));
        assert_eq!(texts(&[0x92, 0xa1, b'a', 0xc0]), Some(vec!["a".to_owned(), String::new()]));
        assert_eq!(texts(&[0x91, 0x01]), None);
    }
}
