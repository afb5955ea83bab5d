//! Base64 as Go reads it: the standard alphabet, padded, line breaks anywhere, whatever bits are left over at the end.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

const ENGINE: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What `text` stands for, or the offset that Go blames when it is no base64.
pub(in crate::eval) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let digits: Vec<(usize, u8)> =
        text.bytes().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n')).collect();
    if let Some(at) = fault(&digits, text.len()) {
        return Err(at);
    }
    let digits: Vec<u8> = digits.into_iter().map(|(_, digit)| digit).collect();
    ENGINE.decode(digits).map_err(|_| text.len())
}

/// Where the digits, with their offsets, go wrong. `end` is the offset behind everything.
fn fault(digits: &[(usize, u8)], end: usize) -> Option<usize> {
    let n_good =
        digits.iter().take_while(|(_, digit)| digit.is_ascii_alphanumeric() || matches!(digit, b'+' | b'/')).count();
    let start = n_good - n_good % 4;
    match digits[n_good..] {
        [] if start == n_good => None,
        // Too short by this much, which Go counts back over line breaks too.
        [] => Some(end - n_good % 4),
        [(at, digit), ref rest @ ..] => match (n_good % 4, rest) {
            (2, [(_, b'='), garbage @ ..]) | (3, garbage) if digit == b'=' => garbage.first().map(|(at, _)| *at),
            (2, []) if digit == b'=' => Some(end),
            (2, [(next, _), ..]) if digit == b'=' => Some(next - 1),
            _ => Some(at),
        },
    }
}
