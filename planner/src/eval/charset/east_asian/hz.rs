//! HZ: the codes of GB 2312 in seven bits, between `~{` and `~}`.

use encoding_rs::GB18030;

use crate::eval::charset::coding::whatwg;
use crate::eval::charset::east_asian::gbk;
use crate::eval::charset::east_asian::private_use::has_private_use;

/// The bytes of `text`. As the reference has it, the end ends what is open, and a tilde is the same inside.
pub(in crate::eval::charset) fn encode(text: &str) -> Option<Vec<u8>> {
    if has_private_use(text) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut is_open = false;
    for character in text.chars() {
        if character == '~' {
            bytes.extend(b"~~");
            continue;
        }
        let code = whatwg(GB18030, character.encode_utf8(&mut [0; 4]))?;
        if is_open == code.is_ascii() {
            is_open = !is_open;
            bytes.extend(if is_open { b"~{" } else { b"~}" });
        }
        match code[..] {
            [ascii] => bytes.push(ascii),
            [first @ 0xa1..=0xfd, second @ 0xa1..=0xfe] => bytes.extend([first & 0x7f, second & 0x7f]),
            _ => return None,
        }
    }
    Some(bytes)
}

/// The text that `bytes` stand for, by way of GBK, which has the same codes with the eighth bit.
pub(in crate::eval::charset) fn decode(mut bytes: &[u8]) -> Option<String> {
    let mut codes = Vec::with_capacity(bytes.len());
    let mut is_open = false;
    loop {
        bytes = match bytes {
            [] => return gbk::decode(&codes),
            [b'~', b'{', rest @ ..] => {
                is_open = true;
                rest
            }
            [b'~', b'}', rest @ ..] => {
                is_open = false;
                rest
            }
            [b'~', b'\n', rest @ ..] => rest,
            [b'~', b'~', rest @ ..] => {
                codes.push(b'~');
                rest
            }
            [b'~' | 0x80.., ..] => return None,
            [ascii, rest @ ..] if !is_open => {
                codes.push(*ascii);
                rest
            }
            [first @ 0x21..=0x7d, second @ 0x21..=0x7e, rest @ ..] => {
                codes.extend([first | 0x80, second | 0x80]);
                rest
            }
            _ => return None,
        };
    }
}
