//! Text to tokens, for any text at all: what does not fit becomes [`TokenKind::Invalid`]. Linear, no recursion.

use hcl::edit::Ident;

use crate::syntax::token::{Token, TokenKind};

/// How the text starts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As the body of a file.
    Body,
    /// As an expression.
    Expression,
    /// As a template file.
    Template,
}

/// The tokens of `text`; the last one is [`TokenKind::End`].
pub(super) fn scan(text: &str, mode: Mode) -> Vec<Token> {
    let first = match mode {
        Mode::Body | Mode::Expression => Frame::CODE,
        Mode::Template => Frame::File,
    };
    let mut scan = Scan { at: 0, frames: vec![first] };
    let mut tokens = scan_on(text, &mut scan);
    tokens.push(Token { kind: TokenKind::End, start: text.len(), end: text.len() });
    tokens
}

/// How far a text has been scanned that is still being written: an expression, to begin with.
#[derive(Debug)]
pub(super) struct Scan {
    at: usize,
    frames: Vec<Frame>,
}

impl Default for Scan {
    fn default() -> Self {
        Self { at: 0, frames: vec![Frame::CODE] }
    }
}

/// The tokens of what was added to `text` since `scan` last saw it, in whole lines.
pub(super) fn scan_on(text: &str, scan: &mut Scan) -> Vec<Token> {
    let comments_end = text[scan.at..].rfind("*/").map_or(0, |end| scan.at + end);
    let mut scanner =
        Scanner { text, at: scan.at, comments_end, frames: std::mem::take(&mut scan.frames), tokens: Vec::new() };
    while scanner.at < text.len() {
        match scanner.frames.last().copied() {
            Some(Frame::Quoted) => scanner.quoted(),
            Some(Frame::Heredoc { marker: (start, end) }) => scanner.lines(Some((start, end))),
            Some(Frame::File) => scanner.lines(None),
            Some(Frame::Code { .. }) | None => scanner.code(),
        }
    }
    *scan = Scan { at: text.len(), frames: scanner.frames };
    scanner.tokens
}

/// Whether `c` may start a name.
pub(super) fn is_name_start(c: char) -> bool {
    c == '_' || c.is_ascii_alphabetic() || (!c.is_ascii() && Ident::try_new(c.to_string()).is_ok())
}

/// Whether `c` may stand inside a name.
pub(super) fn is_name_part(c: char) -> bool {
    matches!(c, '_' | '-') || c.is_ascii_alphanumeric() || (!c.is_ascii() && Ident::try_new(format!("a{c}")).is_ok())
}

/// What surrounds the place that is scanned.
#[derive(Clone, Copy, Debug)]
enum Frame {
    /// Body or expression; `sequence` when a `${` or `%{` opened it, which the `}` outside of `braces` closes.
    Code { sequence: bool, braces: usize },
    /// Between quotes.
    Quoted,
    /// Between `<<MARKER` and `MARKER`.
    Heredoc { marker: (usize, usize) },
    /// Outside of all sequences of a template file.
    File,
}

impl Frame {
    /// Outside of everything.
    const CODE: Self = Self::Code { sequence: false, braces: 0 };
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    /// Where the last `*/` stands, so that a text full of `/*` is not searched again and again.
    comments_end: usize,
    frames: Vec<Frame>,
    tokens: Vec<Token>,
}

impl<'t> Scanner<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: TokenKind, len: usize) {
        self.tokens.push(Token { kind, start: self.at, end: self.at + len });
        self.at += len;
    }

    /// The text from where the scanner stands up to `end`, if there is any.
    fn push_until(&mut self, kind: TokenKind, end: usize) {
        if end > self.at {
            self.push(kind, end - self.at);
        }
    }

    /// One stretch of a quoted string: a literal and what ends it.
    fn quoted(&mut self) {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        while end < bytes.len() {
            match bytes[end] {
                b'"' => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    self.push(TokenKind::CloseQuote, 1);
                    self.frames.pop();
                    return;
                }
                b'\\' if matches!(bytes.get(end + 1), None | Some(b'\n' | b'\r')) => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    return self.push(TokenKind::Invalid, 1);
                }
                b'\\' => end += 1 + self.text[end + 1..].chars().next().map_or(0, char::len_utf8),
                b'\n' => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    return self.push(TokenKind::QuotedNewline, 1);
                }
                b'$' | b'%' if self.escapes_at(end) => end += 3,
                b'$' | b'%' if bytes.get(end + 1) == Some(&b'{') => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    return self.open_sequence();
                }
                _ => end += 1,
            }
        }
        self.push_until(TokenKind::QuotedLiteral, end);
    }

    /// One line, or the stretch up to a sequence, of a heredoc or template file.
    fn lines(&mut self, marker: Option<(usize, usize)>) {
        let bytes = self.text.as_bytes();
        if let Some((start, end)) = marker
            && self.at_line_start()
        {
            // A marker that is not followed by a line end closes nothing.
            let line_end = self.rest().find('\n').map(|len| self.at + len);
            if let Some(line_end) = line_end
                && self.text[self.at..line_end].trim() == &self.text[start..end]
            {
                let line_end = line_end - usize::from(bytes[..line_end].ends_with(b"\r"));
                self.push(TokenKind::CloseHeredoc, line_end - self.at);
                self.frames.pop();
                return;
            }
        }
        let mut end = self.at;
        while end < bytes.len() {
            match bytes[end] {
                b'\n' => return self.push_until(TokenKind::LineLiteral, end + 1),
                b'$' | b'%' if self.escapes_at(end) => end += 3,
                b'$' | b'%' if bytes.get(end + 1) == Some(&b'{') => {
                    self.push_until(TokenKind::LineLiteral, end);
                    return self.open_sequence();
                }
                _ => end += 1,
            }
        }
        self.push_until(TokenKind::LineLiteral, end);
    }

    fn at_line_start(&self) -> bool {
        self.tokens.last().is_none_or(|last| {
            matches!(last.kind, TokenKind::OpenHeredoc | TokenKind::LineLiteral) && self.text[..self.at].ends_with('\n')
        })
    }

    /// Whether `$${` or `%%{` stands at `at`.
    fn escapes_at(&self, at: usize) -> bool {
        let rest = &self.text.as_bytes()[at..];
        rest.starts_with(b"$${") || rest.starts_with(b"%%{")
    }

    fn open_sequence(&mut self) {
        let kind = if self.rest().starts_with('$') { TokenKind::OpenInterpolation } else { TokenKind::OpenDirective };
        let strip = self.rest().as_bytes().get(2) == Some(&b'~');
        self.push(kind, 2 + usize::from(strip));
        self.frames.push(Frame::Code { sequence: true, braces: 0 });
    }

    /// One token outside of strings, or the blank or comment before it.
    fn code(&mut self) {
        let rest = self.rest();
        let c = rest.chars().next().unwrap_or(' ');
        match c {
            ' ' | '\t' => self.at += 1,
            '\r' if rest.starts_with("\r\n") => self.at += 1,
            '\n' => self.push(TokenKind::Newline, 1),
            '#' => self.at += rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => self.at += rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") && self.at + 2 <= self.comments_end => {
                self.at += 4 + rest[2..].find("*/").unwrap_or(0);
            }
            '"' => {
                self.push(TokenKind::OpenQuote, 1);
                self.frames.push(Frame::Quoted);
            }
            '<' if self.heredoc() => {}
            '0'..='9' => self.push(TokenKind::Number, number_len(rest)),
            c if is_name_start(c) => {
                let len = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
                self.push(TokenKind::Ident, len);
            }
            '{' | '}' | '~' => self.brace(c),
            _ => self.symbol(c),
        }
    }

    /// A brace, or the `~` that may belong to one.
    fn brace(&mut self, c: char) {
        let strip = usize::from(c == '~');
        let closes = self.rest()[strip..].starts_with('}');
        if c == '~' && !closes {
            return self.push(TokenKind::Invalid, 1);
        }
        let Some(Frame::Code { sequence, braces }) = self.frames.last_mut() else {
            return self.push(TokenKind::Invalid, 1);
        };
        if closes && *sequence && *braces == 0 {
            self.push(TokenKind::CloseSequence, 1 + strip);
            self.frames.pop();
            return;
        }
        *braces = if closes { braces.saturating_sub(1) } else { *braces + 1 };
        let kind = match c {
            '{' => TokenKind::OpenBrace,
            '}' => TokenKind::CloseBrace,
            // Closes a brace that is not of a sequence; the grammar says so.
            _ => TokenKind::CloseSequence,
        };
        self.push(kind, 1 + strip);
    }

    /// Takes `<<MARKER` and its line end, if that stands here.
    fn heredoc(&mut self) -> bool {
        let rest = self.rest();
        let Some(after) = rest.strip_prefix("<<") else { return false };
        let after = after.strip_prefix('-').unwrap_or(after);
        let len = after.find(|c| !is_name_part(c)).unwrap_or(after.len());
        let ends = after[len..].starts_with('\n') || after[len..].starts_with("\r\n");
        if !ends || !after.starts_with(is_name_start) {
            return false;
        }
        let marker = self.at + rest.len() - after.len();
        let line_end = rest.find('\n').map_or(rest.len(), |len| len + 1);
        self.push(TokenKind::OpenHeredoc, line_end);
        self.frames.push(Frame::Heredoc { marker: (marker, marker + len) });
        true
    }

    fn symbol(&mut self, c: char) {
        const LONG: [(&str, TokenKind); 10] = [
            ("...", TokenKind::Ellipsis),
            ("::", TokenKind::DoubleColon),
            ("=>", TokenKind::Arrow),
            ("==", TokenKind::Operator),
            ("!=", TokenKind::Operator),
            ("<=", TokenKind::Operator),
            (">=", TokenKind::Operator),
            ("&&", TokenKind::Operator),
            ("||", TokenKind::Operator),
            ("=", TokenKind::Assign),
        ];
        if let Some((symbol, kind)) = LONG.iter().find(|(symbol, _)| self.rest().starts_with(symbol)) {
            return self.push(*kind, symbol.len());
        }
        let kind = match c {
            '[' => TokenKind::OpenBracket,
            ']' => TokenKind::CloseBracket,
            '(' => TokenKind::OpenParen,
            ')' => TokenKind::CloseParen,
            '.' => TokenKind::Dot,
            ',' => TokenKind::Comma,
            ':' => TokenKind::Colon,
            '?' => TokenKind::Question,
            '*' => TokenKind::Star,
            '-' => TokenKind::Minus,
            '!' => TokenKind::Bang,
            '+' | '/' | '%' | '<' | '>' => TokenKind::Operator,
            _ => TokenKind::Invalid,
        };
        self.push(kind, c.len_utf8());
    }
}

/// The length of the number literal that `text` starts with.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let mut len = digits(0);
    if bytes.get(len) == Some(&b'.') && digits(len + 1) > 0 {
        len += 1 + digits(len + 1);
    }
    if matches!(bytes.get(len), Some(b'e' | b'E')) {
        let signed = len + 1 + usize::from(matches!(bytes.get(len + 1), Some(b'+' | b'-')));
        if signed <= bytes.len() && digits(signed) > 0 {
            len = signed + digits(signed);
        }
    }
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<TokenKind> {
        scan(text, Mode::Body).into_iter().map(|token| token.kind).collect()
    }

    #[test]
    fn tokens_tile_the_text_that_matters() {
        use TokenKind::*;
        for (text, expected) in [
            ("a = 1 # c\n", vec![Ident, Assign, Number, Newline, End]),
            ("a.0.1", vec![Ident, Dot, Number, End]),
            (
                "x=\"a${b}\"",
                vec![Ident, Assign, OpenQuote, QuotedLiteral, OpenInterpolation, Ident, CloseSequence, CloseQuote, End],
            ),
            ("<<E\na\n E\n", vec![OpenHeredoc, LineLiteral, CloseHeredoc, Newline, End]),
            (
                "<<E\n${a}E\nE\n",
                vec![OpenHeredoc, OpenInterpolation, Ident, CloseSequence, LineLiteral, CloseHeredoc, Newline, End],
            ),
            ("\"${{}}\"", vec![OpenQuote, OpenInterpolation, OpenBrace, CloseBrace, CloseSequence, CloseQuote, End]),
            ("/* x", vec![Operator, Star, Ident, End]),
            ("\"$${a}\"", vec![OpenQuote, QuotedLiteral, CloseQuote, End]),
            ("\"\\", vec![OpenQuote, Invalid, End]),
            ("a << b", vec![Ident, Operator, Operator, Ident, End]),
            ("1e5 1.5e-3 1. 1e", vec![Number, Number, Number, Dot, Number, Ident, End]),
        ] {
            assert_eq!(kinds(text), expected, "{text:?}");
        }
    }
}
