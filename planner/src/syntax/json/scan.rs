//! Text to tokens, one at a time. Lax about what is inside of strings, numbers and words: the parser knows better what
//! to say about those.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    /// No JSON, but people who think of the native syntax write it.
    Equals,
    Word,
    String,
    Number,
    End,
    /// Something that cannot start any token. The scanner goes no further.
    Invalid,
}

/// A token by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads tokens off a text.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
    stuck: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0, stuck: false }
    }

    /// The next token; [`TokenKind::End`] again and again at the end.
    pub(super) fn next(&mut self) -> Token {
        if !self.stuck {
            self.at += len_while(&self.text[self.at..], |byte| matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        }
        let rest = &self.text[self.at..];
        let Some(first) = rest.chars().next().filter(|_| !self.stuck) else {
            return Token { kind: TokenKind::End, start: self.at, end: self.at };
        };
        let (kind, len) = match first {
            '{' => (TokenKind::OpenBrace, 1),
            '}' => (TokenKind::CloseBrace, 1),
            '[' => (TokenKind::OpenBracket, 1),
            ']' => (TokenKind::CloseBracket, 1),
            ',' => (TokenKind::Comma, 1),
            ':' => (TokenKind::Colon, 1),
            '=' => (TokenKind::Equals, 1),
            '"' => (TokenKind::String, string_len(rest)),
            '-' | '+' | '.' | '0'..='9' => (TokenKind::Number, len_while(rest, is_number_part)),
            'a'..='z' | 'A'..='Z' => {
                (TokenKind::Word, len_while(rest, |byte| byte.is_ascii_alphabetic() || byte == b'_'))
            }
            other => {
                self.stuck = true;
                (TokenKind::Invalid, other.len_utf8())
            }
        };
        let start = self.at;
        self.at += len;
        Token { kind, start, end: self.at }
    }
}

fn len_while(text: &str, holds: impl Fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| holds(*byte)).count()
}

fn is_number_part(byte: u8) -> bool {
    matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9')
}

/// Up to the closing quote, or where there cannot be one any more: at a control character or the end.
fn string_len(text: &str) -> usize {
    let mut escaping = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaping => return at + 1,
            ..b' ' => return at,
            b'\\' => escaping = !escaping,
            _ => escaping = false,
        }
    }
    text.len()
}
