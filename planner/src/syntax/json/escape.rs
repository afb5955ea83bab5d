//! The escapes of strings: what they stand for, and how far they move the text behind them.

/// A fault in a string: what is wrong, from which byte to which.
pub(super) struct Fault {
    pub(super) detail: &'static str,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The text of a string token, opening quote included. Lone surrogates become replacement characters.
pub(super) fn decode(token: &str) -> Result<String, Fault> {
    let mut text = String::with_capacity(token.len());
    let closed = walk(token, |piece| match piece {
        Piece::Plain(plain) => text.push_str(plain),
        Piece::Escape { decoded, .. } => text.push(decoded),
    })?;
    if closed {
        return Ok(text);
    }
    let detail = "The closing quote is missing; a line end or another control character must be written as an escape.";
    Err(Fault { detail, start: 0, end: token.len() })
}

/// Leads from places in the decoded text of a string back to the token that it was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offsets {
    /// Behind each escape: the place in the decoded text, and in the token.
    behind: Vec<(u32, u32)>,
}

impl Offsets {
    /// Of a string token as it stands in the text, opening quote included.
    pub fn new(token: &str) -> Self {
        let mut behind = Vec::new();
        let mut at = 0;
        // A token with a fault in it never becomes a string.
        let _ = walk(token, |piece| match piece {
            Piece::Plain(plain) => at += plain.len(),
            Piece::Escape { decoded, end } => {
                at += decoded.len_utf8();
                behind.push((at as u32, end as u32));
            }
        });
        Self { behind }
    }

    /// The place in the token of byte `at` of the decoded text.
    pub fn in_token(&self, at: usize) -> usize {
        let before = self.behind.partition_point(|(decoded, _)| *decoded as usize <= at);
        match before.checked_sub(1).map(|last| self.behind[last]) {
            Some((decoded, token)) => token as usize + (at - decoded as usize),
            None => at + 1,
        }
    }
}

enum Piece<'t> {
    Plain(&'t str),
    Escape { decoded: char, end: usize },
}

/// Visits the pieces of a string token; whether it has a closing quote.
fn walk<'t>(token: &'t str, mut visit: impl FnMut(Piece<'t>)) -> Result<bool, Fault> {
    let mut at = 1;
    loop {
        let rest = &token[at..];
        let plain = rest.find(['"', '\\']).unwrap_or(rest.len());
        if plain > 0 {
            visit(Piece::Plain(&rest[..plain]));
        }
        at += plain;
        match rest.as_bytes().get(plain) {
            None => return Ok(false),
            Some(b'"') => return Ok(true),
            Some(_) => {
                let (decoded, len) =
                    escape(&token[at..]).map_err(|(detail, len)| Fault { detail, start: at, end: at + len })?;
                at += len;
                visit(Piece::Escape { decoded, end: at });
            }
        }
    }
}

/// What the escape at the start of `text` stands for, and how long it is.
fn escape(text: &str) -> Result<(char, usize), (&'static str, usize)> {
    let decoded = match text.as_bytes().get(1) {
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(text),
        _ => {
            let len = 1 + text[1..].chars().next().map_or(0, char::len_utf8);
            return Err((r#"There is no such escape; there are \", \\, \/, \b, \f, \n, \r, \t and \uNNNN."#, len));
        }
    };
    Ok((decoded, 2))
}

/// `\uNNNN`, and a second one behind it when the two are a surrogate pair.
fn unicode(text: &str) -> Result<(char, usize), (&'static str, usize)> {
    let Some(first) = hex(text) else {
        let len = text.char_indices().nth(6).map_or(text.len(), |(at, _)| at).min(text.find('"').unwrap_or(text.len()));
        return Err((r"\u must be followed by four hexadecimal digits.", len));
    };
    if (0xd800..0xdc00).contains(&first)
        && let Some(second) = text[6..].strip_prefix("\\u").and_then(|_| hex(&text[6..]))
        && (0xdc00..0xe000).contains(&second)
    {
        let combined = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
        return Ok((char::from_u32(combined).unwrap_or(char::REPLACEMENT_CHARACTER), 12));
    }
    Ok((char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), 6))
}

fn hex(escape: &str) -> Option<u32> {
    let digits = escape.get(2..6).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_stand_for_characters() {
        for (token, expected) in [
            (r#""""#, ""),
            (r#""aé""#, "aé"),
            (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r#""\u00e9\u2028""#, "é\u{2028}"),
            (r#""\ud83d\ude00!""#, "😀!"),
            (r#""\ud83dx""#, "\u{fffd}x"),
            (r#""\ud83d\u0041""#, "\u{fffd}A"),
            (r#""\ude00""#, "\u{fffd}"),
        ] {
            assert_eq!(decode(token).ok().as_deref(), Some(expected), "{token}");
        }
    }

    #[test]
    fn faults_say_where_they_are() {
        for (token, place) in [
            (r#""a\x""#, (2, 4)),
            (r#""\é""#, (1, 4)),
            (r#""\u12"}"#, (1, 5)),
            (r#""\u12g4""#, (1, 7)),
            (r#""\"#, (1, 2)),
            (r#""abc"#, (0, 4)),
        ] {
            let fault = decode(token).err().map(|fault| (fault.start, fault.end));
            assert_eq!(fault, Some(place), "{token}");
        }
    }

    #[test]
    fn places_lead_back_into_the_token() {
        let token = r#""a\nb\u00e9\ud83d\ude00z""#;
        let offsets = Offsets::new(token);
        for (at, found) in ["a", "\\n", "b", "\\u00e9", "\\ud83d", "z", "\""].iter().enumerate() {
            let decoded = "a\nbé😀z".char_indices().nth(at).map_or(10, |(at, _)| at);
            assert!(token[offsets.in_token(decoded)..].starts_with(found), "{at}");
        }
        assert_eq!(Offsets::new(r#""plain""#).in_token(3), 4);
    }
}
