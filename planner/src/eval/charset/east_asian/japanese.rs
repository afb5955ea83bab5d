//! The codes of Japanese characters: EUC, and Shift_JIS, which is the same table folded.
//!
//! Browsers write no characters of JIS X 0212, and three others by others that look alike; the reference does neither.

use std::collections::BTreeMap;

use encoding_rs::{EUC_JP, SHIFT_JIS};

use crate::eval::charset::coding::{from_whatwg, whatwg};
use crate::eval::charset::east_asian::private_use::has_private_use;

/// What precedes a narrow katakana in EUC.
pub(super) const NARROW: u8 = 0x8e;
/// What precedes a character of JIS X 0212 in EUC.
pub(super) const SUPPLEMENT: u8 = 0x8f;

/// The code of a character in EUC: one byte for ASCII, two otherwise.
pub(super) fn code(character: char) -> Option<Vec<u8>> {
    // A yen, a line above and a minus, which become a backslash, a tilde and a wide minus elsewhere.
    let is_replaced = matches!(character, '¥' | '‾' | '−');
    if is_replaced { None } else { whatwg(EUC_JP, character.encode_utf8(&mut [0; 4])) }
}

/// The bytes of `text` in EUC.
pub(in crate::eval::charset) fn euc(text: &str) -> Option<Vec<u8>> {
    let mut supplement = None;
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match code(character) {
            Some(code) => bytes.extend(code),
            None => bytes.extend(supplement.get_or_insert_with(supplement_codes).get(&character)?),
        }
    }
    Some(bytes)
}

/// The codes of JIS X 0212.
fn supplement_codes() -> BTreeMap<char, [u8; 3]> {
    let all = (0xa1..=0xfe).flat_map(|row| (0xa1..=0xfe).map(move |cell| [SUPPLEMENT, row, cell]));
    all.filter_map(|code| Some((from_whatwg(EUC_JP, &code)?.chars().next()?, code))).collect()
}

/// The bytes of `text` in Shift_JIS.
pub(in crate::eval::charset) fn shift_jis(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    for character in text.chars() {
        match code(character)?[..] {
            [NARROW, katakana] => bytes.push(katakana),
            [row, cell] => bytes.extend(folded(row - 0xa1, cell - 0xa1)),
            ref ascii => bytes.extend(ascii),
        }
    }
    Some(bytes)
}

/// Two rows of 94 cells are one of 188, without the byte that deletes and around the narrow katakana.
fn folded(row: u8, cell: u8) -> [u8; 2] {
    let first = row / 2 + if row < 62 { 0x81 } else { 0xc1 };
    let second = if row.is_multiple_of(2) { cell + 0x40 + u8::from(cell >= 63) } else { cell + 0x9f };
    [first, second]
}

/// The text that `bytes` stand for in Shift_JIS.
pub(in crate::eval::charset) fn from_shift_jis(bytes: &[u8]) -> Option<String> {
    from_whatwg(SHIFT_JIS, bytes).filter(|text| !has_private_use(text))
}
