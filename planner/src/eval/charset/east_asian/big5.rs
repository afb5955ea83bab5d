//! Big5. Browsers write no characters that only Hong Kong has; the reference does.

use std::collections::BTreeMap;

use encoding_rs::BIG5;

use crate::eval::charset::coding::from_whatwg;

/// The bytes of `text`.
pub(in crate::eval::charset) fn encode(text: &str) -> Option<Vec<u8>> {
    if text.is_ascii() {
        return Some(text.as_bytes().to_vec());
    }
    let codes = codes();
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match u8::try_from(character) {
            Ok(byte) if byte.is_ascii() => bytes.push(byte),
            _ => bytes.extend(codes.get(&character)?),
        }
    }
    Some(bytes)
}

/// The code of each character, which is its last where it has several.
fn codes() -> BTreeMap<char, [u8; 2]> {
    let all = (0x81..=0xfe).flat_map(|first| (0x40..=0xfe).map(move |second| [first, second]));
    all.filter_map(|code| Some((alone(&from_whatwg(BIG5, &code)?)?, code))).collect()
}

/// The character that `text` is. A few codes stand for two.
fn alone(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}
