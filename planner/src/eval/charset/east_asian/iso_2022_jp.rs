//! ISO-2022-JP: codes of seven bits that mean what the last escape said.

use encoding_rs::EUC_JP;

use crate::eval::charset::coding::from_whatwg;
use crate::eval::charset::east_asian::japanese::{NARROW, SUPPLEMENT, code};

/// What bytes mean.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Ascii,
    /// Narrow katakana, a byte each.
    Katakana,
    /// Two bytes each.
    Kanji,
    /// Two bytes each, of JIS X 0212. It is read, but never written.
    Supplement,
}

const ESCAPES: [(&[u8], Mode); 6] = [
    (b"\x1b(B", Mode::Ascii),
    (b"\x1b(I", Mode::Katakana),
    (b"\x1b$B", Mode::Kanji),
    (b"\x1b(J", Mode::Ascii),
    (b"\x1b$@", Mode::Kanji),
    (b"\x1b$(D", Mode::Supplement),
];

/// The bytes of `text`.
pub(in crate::eval::charset) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut mode = Mode::Ascii;
    for character in text.chars() {
        let code = code(character)?;
        match code[..] {
            [NARROW, katakana] => {
                enter(Mode::Katakana, &mut mode, &mut bytes);
                bytes.push(katakana & 0x7f);
            }
            [row, cell] => {
                enter(Mode::Kanji, &mut mode, &mut bytes);
                bytes.extend([row & 0x7f, cell & 0x7f]);
            }
            ref ascii => {
                enter(Mode::Ascii, &mut mode, &mut bytes);
                bytes.extend(ascii);
            }
        }
    }
    enter(Mode::Ascii, &mut mode, &mut bytes);
    Some(bytes)
}

fn enter(next: Mode, mode: &mut Mode, bytes: &mut Vec<u8>) {
    if *mode == next {
        return;
    }
    *mode = next;
    let escape = ESCAPES.iter().find(|(_, mode)| *mode == next);
    bytes.extend(escape.map_or(&[][..], |(escape, _)| escape));
}

/// The text that `bytes` stand for, by way of EUC, where the same tables tell their codes apart by themselves.
pub(in crate::eval::charset) fn decode(mut bytes: &[u8]) -> Option<String> {
    let mut euc = Vec::with_capacity(bytes.len());
    let mut mode = Mode::Ascii;
    while let [first, rest @ ..] = bytes {
        if *first == 0x1b {
            let (escape, next) = ESCAPES.iter().find(|(escape, _)| bytes.starts_with(escape))?;
            mode = *next;
            bytes = &bytes[escape.len()..];
            continue;
        }
        bytes = rest;
        match mode {
            Mode::Ascii if first.is_ascii() => euc.push(*first),
            Mode::Katakana if (0x21..0x60).contains(first) => euc.extend([NARROW, first | 0x80]),
            // The end of a line ends the mode as well.
            Mode::Kanji | Mode::Supplement if *first == b'\n' => {
                mode = Mode::Ascii;
                euc.push(*first);
            }
            Mode::Kanji | Mode::Supplement => {
                let [second, after @ ..] = rest else { return None };
                bytes = after;
                let is_code = first.is_ascii_graphic() && second.is_ascii_graphic();
                let prefix = (mode == Mode::Supplement).then_some(SUPPLEMENT);
                euc.extend(prefix.into_iter().chain(is_code.then_some([first | 0x80, second | 0x80])?));
            }
            Mode::Ascii | Mode::Katakana => return None,
        }
    }
    from_whatwg(EUC_JP, &euc)
}
