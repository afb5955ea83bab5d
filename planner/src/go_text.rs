//! Text as Go's standard library changes it: case, a character for a character, and the escapes of URLs.

/// A text in upper case.
pub(crate) fn upper_case(text: &str) -> String {
    text.chars().map(upper).collect()
}

/// A text in lower case.
pub(crate) fn lower_case(text: &str) -> String {
    text.chars().map(|character| character.to_lowercase().next().unwrap_or(character)).collect()
}

/// The one character that is the upper case of another; `ß` has none and stays.
fn upper(character: char) -> char {
    // Greek letters with iota subscript have a single upper case, which the standard library spells out as two.
    match character as u32 {
        code @ 0x1f80..=0x1faf if code & 8 == 0 => char::from_u32(code + 8).unwrap_or(character),
        code @ (0x1fb3 | 0x1fc3 | 0x1ff3) => char::from_u32(code + 9).unwrap_or(character),
        _ => {
            let mut mapped = character.to_uppercase();
            match (mapped.next(), mapped.next()) {
                (Some(single), None) => single,
                _ => character,
            }
        }
    }
}

/// As [`upper`], but of a digraph only its first letter, and none for Georgian, which has no capitals within words.
pub(crate) fn title_case(character: char) -> char {
    match character {
        'Ǆ'..='ǆ' => 'ǅ',
        'Ǉ'..='ǉ' => 'ǈ',
        'Ǌ'..='ǌ' => 'ǋ',
        'Ǳ'..='ǳ' => 'ǲ',
        '\u{10d0}'..='\u{10ff}' => character,
        _ => upper(character),
    }
}

/// A text inside the query of a URL.
pub(crate) fn url_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases() {
        for (text, up, low) in [("aÄß", "AÄß", "aäß"), ("İΣ", "İΣ", "iσ"), ("ǆ", "Ǆ", "ǆ"), ("ᾳ", "ᾼ", "ᾳ")]
        {
            assert_eq!((upper_case(text).as_str(), lower_case(text).as_str()), (up, low), "{text}");
        }
    }
}
