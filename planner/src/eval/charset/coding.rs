//! The ways to code characters: how each goes, there and back.

use encoding_rs::Encoding;

use crate::eval::charset::east_asian::{big5, gbk, hz, iso_2022_jp, japanese};
use crate::eval::charset::single_byte::SingleByte;

/// How characters become bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Coding {
    /// The first 128 characters, a byte each.
    Ascii,
    /// UTF-8.
    Utf8,
    /// UTF-16.
    Utf16(ByteOrder),
    /// A byte each, by a table.
    SingleByte(SingleByte),
    /// As browsers do it.
    Whatwg(&'static Encoding),
    /// Big5 with the characters of Hong Kong.
    Big5,
    /// EUC for Japanese.
    EucJp,
    /// Shift_JIS.
    ShiftJis,
    /// ISO-2022 for Japanese.
    Iso2022Jp,
    /// GBK.
    Gbk,
    /// HZ.
    Hz,
}

/// Which byte of a unit of UTF-16 is first.
#[derive(Clone, Copy, Debug)]
pub(super) enum ByteOrder {
    /// The more significant.
    Big,
    /// The less significant.
    Little,
    /// The one that a mark tells; without one the more significant.
    Marked,
}

impl Coding {
    /// The bytes of `text`; none when it has a character that cannot be coded.
    pub(super) fn encode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
            Self::Utf8 => Some(text.as_bytes().to_vec()),
            Self::Utf16(order) => Some(utf_16(text, order)),
            Self::SingleByte(table) => table.encode(text),
            Self::Whatwg(encoding) => whatwg(encoding, text),
            Self::Big5 => big5::encode(text),
            Self::EucJp => japanese::euc(text),
            Self::ShiftJis => japanese::shift_jis(text),
            Self::Iso2022Jp => iso_2022_jp::encode(text),
            Self::Gbk => gbk::encode(text),
            Self::Hz => hz::encode(text),
        }
    }

    /// The text that `bytes` stand for; none when some stand for nothing.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        let text = match self {
            Self::Ascii => bytes.is_ascii().then(|| bytes.iter().copied().map(char::from).collect()),
            Self::Utf8 => String::from_utf8(bytes.to_vec()).ok(),
            Self::Utf16(order) => from_utf_16(bytes, order),
            Self::SingleByte(table) => table.decode(bytes),
            Self::Whatwg(encoding) => from_whatwg(encoding, bytes),
            Self::Big5 => from_whatwg(encoding_rs::BIG5, bytes),
            Self::EucJp => from_whatwg(encoding_rs::EUC_JP, bytes),
            Self::ShiftJis => japanese::from_shift_jis(bytes),
            Self::Iso2022Jp => iso_2022_jp::decode(bytes),
            Self::Gbk => gbk::decode(bytes),
            Self::Hz => hz::decode(bytes),
        };
        // What stands for a character that got lost is as good as lost.
        text.filter(|text| !text.contains(char::REPLACEMENT_CHARACTER))
    }
}

/// `text` as browsers code it.
pub(super) fn whatwg(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let (bytes, _, is_lossy) = encoding.encode(text);
    (!is_lossy).then(|| bytes.into_owned())
}

/// `bytes` as browsers understand them.
pub(super) fn from_whatwg(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

fn utf_16(text: &str, order: ByteOrder) -> Vec<u8> {
    let mark = matches!(order, ByteOrder::Marked).then_some(0xfeff);
    let units = mark.into_iter().chain(text.encode_utf16());
    match order {
        ByteOrder::Little => units.flat_map(u16::to_le_bytes).collect(),
        ByteOrder::Big | ByteOrder::Marked => units.flat_map(u16::to_be_bytes).collect(),
    }
}

fn from_utf_16(bytes: &[u8], order: ByteOrder) -> Option<String> {
    let (bytes, is_little) = match (order, bytes) {
        (ByteOrder::Marked, [0xff, 0xfe, rest @ ..]) => (rest, true),
        (ByteOrder::Marked, [0xfe, 0xff, rest @ ..]) => (rest, false),
        _ => (bytes, matches!(order, ByteOrder::Little)),
    };
    let (units, []) = bytes.as_chunks() else { return None };
    let unit = if is_little { u16::from_le_bytes } else { u16::from_be_bytes };
    char::decode_utf16(units.iter().copied().map(unit)).collect::<Result<String, _>>().ok()
}
