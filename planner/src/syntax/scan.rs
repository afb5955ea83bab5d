//! Text to tokens, for any text at all: what does not fit becomes [`TokenKind::Invalid`]. Linear, no recursion.
//!
//! Nothing is lost: between two tokens stand spaces and tabs only, and a token's text is the text as written. Tokens end
//! where those of the reference's scanner end, its oddities included, because the formatter's columns depend on it. Only
//! what counts as a letter follows a newer Unicode.

use hcl::edit::Ident;

use crate::syntax::token::{Token, TokenKind};

/// How the text starts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As the body of a file.
    Body,
    /// As an expression.
    Expression,
    /// As a template file.
    Template,
}

/// The tokens of `text` that the grammar knows: a comment that runs to the end of its line is that line end, any other
/// is left out. The last one is [`TokenKind::End`].
pub(super) fn scan(text: &str, mode: Mode) -> Vec<Token> {
    let mut all = Vec::with_capacity(tokens(text, mode).count() + 1);
    all.extend(tokens(text, mode).chain([end_of(text)]));
    all
}

/// The same one by one, so that they need no room, and without the last one.
pub(super) fn tokens(text: &str, mode: Mode) -> impl Iterator<Item = Token> {
    all_tokens(text, mode).filter_map(|token| match token.kind {
        TokenKind::Comment => line_end(token, text),
        _ => Some(token),
    })
}

/// The same with comments.
fn all_tokens(text: &str, mode: Mode) -> impl Iterator<Item = Token> {
    let mut scanner = Scanner::new(text, Scan::new(mode));
    let mut taken = 0;
    std::iter::from_fn(move || {
        while taken == scanner.tokens.len() {
            taken = 0;
            scanner.tokens.clear();
            if !scanner.step() {
                return None;
            }
        }
        taken += 1;
        Some(scanner.tokens[taken - 1])
    })
}

/// The line end of a comment, if it has one.
fn line_end(comment: Token, text: &str) -> Option<Token> {
    let written = comment.text(text);
    let len = if written.ends_with("\r\n") { 2 } else { 1 };
    written.ends_with('\n').then(|| Token::new(TokenKind::Newline, comment.end() - len..comment.end()))
}

fn end_of(text: &str) -> Token {
    Token::new(TokenKind::End, text.len()..text.len())
}

/// All tokens of `text`, comments included; the last one is [`TokenKind::End`]. A byte order mark is no token: take it
/// off before.
pub(crate) fn scan_all(text: &str, mode: Mode) -> Vec<Token> {
    // Counted first: a list that grows takes up to three times its room.
    let mut tokens = Vec::with_capacity(all_tokens(text, mode).count() + 1);
    tokens.extend(all_tokens(text, mode));
    tokens.push(end_of(text));
    tokens
}

/// How far a text has been scanned that is still being written: an expression, to begin with.
#[derive(Debug)]
pub(super) struct Scan {
    at: usize,
    frames: Vec<Frame>,
}

impl Scan {
    fn new(mode: Mode) -> Self {
        let outermost = match mode {
            Mode::Body | Mode::Expression => Frame::CODE,
            Mode::Template => Frame::File,
        };
        Self { at: 0, frames: vec![outermost] }
    }
}

impl Default for Scan {
    fn default() -> Self {
        Self::new(Mode::Expression)
    }
}

/// The tokens of what was added to `text` since `scan` last saw it, in whole lines.
pub(super) fn scan_on(text: &str, scan: &mut Scan) -> Vec<Token> {
    let mut scanner = Scanner::new(text, std::mem::take(scan));
    while scanner.step() {}
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
    /// What was found and not taken yet.
    tokens: Vec<Token>,
    /// The kind of the token found last.
    last: Option<TokenKind>,
}

impl<'t> Scanner<'t> {
    fn new(text: &'t str, scan: Scan) -> Self {
        let Scan { at, frames } = scan;
        let comments_end = text[at..].rfind("*/").map_or(0, |end| at + end);
        Self { text, at, comments_end, frames, tokens: Vec::new(), last: None }
    }

    /// Goes on by a few tokens or a blank; false at the end of the text.
    fn step(&mut self) -> bool {
        if self.at >= self.text.len() {
            return false;
        }
        match self.frames.last().copied() {
            Some(Frame::Quoted) => self.quoted(),
            Some(Frame::Heredoc { marker }) => self.lines(Some(marker)),
            Some(Frame::File) => self.lines(None),
            Some(Frame::Code { .. }) | None => self.code(),
        }
        true
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: TokenKind, len: usize) {
        self.tokens.push(Token::new(kind, self.at..self.at + len));
        self.last = Some(kind);
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
                    return self.push(TokenKind::InvalidLiteral, 1);
                }
                b'\\' => end += 1 + self.text[end + 1..].chars().next().map_or(0, char::len_utf8),
                b'\n' | b'\r' => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    let len = self.rest().bytes().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                    return self.push(TokenKind::QuotedNewline, len);
                }
                b'$' | b'%' => {
                    self.push_until(TokenKind::QuotedLiteral, end);
                    return self.sign(TokenKind::QuotedLiteral);
                }
                _ => end += 1,
            }
        }
        self.push_until(TokenKind::QuotedLiteral, end);
    }

    /// One line, or the stretch up to a `$` or `%`, of a heredoc or template file.
    fn lines(&mut self, marker: Option<(usize, usize)>) {
        let bytes = self.text.as_bytes();
        let stop = self.rest().find(['\n', '\r', '$', '%']).map_or(self.text.len(), |len| self.at + len);
        match &bytes[stop..] {
            [b'\n', ..] | [b'\r', b'\n', ..] => {
                let end = stop + if bytes[stop] == b'\r' { 2 } else { 1 };
                match marker {
                    Some((from, to))
                        if self.at_line_start() && self.text[self.at..stop].trim() == &self.text[from..to] =>
                    {
                        self.push(TokenKind::CloseHeredoc, stop - self.at);
                        self.frames.pop();
                    }
                    _ => self.push_until(TokenKind::LineLiteral, end),
                }
            }
            // The reference reads nothing behind a carriage return on its own.
            [b'\r', ..] => {
                self.push_until(TokenKind::LineLiteral, stop);
                match marker {
                    Some(_) => self.push_until(TokenKind::InvalidLiteral, self.text.len()),
                    None => self.push(TokenKind::LineLiteral, 1),
                }
            }
            [b'$' | b'%', ..] => {
                self.push_until(TokenKind::LineLiteral, stop);
                self.sign(TokenKind::LineLiteral);
            }
            _ => self.push_until(TokenKind::LineLiteral, stop),
        }
    }

    /// What a `$` or `%` starts: a sequence, the escape of one, or a literal.
    fn sign(&mut self, literal: TokenKind) {
        let rest = self.rest().as_bytes();
        let ends_line = |at: usize| matches!(rest.get(at), Some(b'\n' | b'\r'));
        match rest {
            [sign, b'{', ..] => {
                let kind = if *sign == b'$' { TokenKind::OpenInterpolation } else { TokenKind::OpenDirective };
                let strip = rest.get(2) == Some(&b'~');
                self.push(kind, 2 + usize::from(strip));
                self.frames.push(Frame::Code { sequence: true, braces: 0 });
            }
            [sign, again, b'{', ..] if sign == again => {
                let len = 3 + usize::from(rest.get(3) == Some(&b'~'));
                let line_end = match &rest[len..] {
                    [b'\n', ..] => 1,
                    [b'\r', b'\n', ..] => 2,
                    _ => 0,
                };
                self.push(literal, if literal == TokenKind::LineLiteral { len + line_end } else { len });
            }
            // Whatever its length: it is cut off in front of a line end.
            [_, _, ..] => self.push(literal, if literal == TokenKind::LineLiteral && ends_line(2) { 2 } else { 1 }),
            _ if matches!(self.frames.last(), Some(Frame::File)) => self.push(literal, 1),
            _ => self.push(TokenKind::InvalidLiteral, 1),
        }
    }

    fn at_line_start(&self) -> bool {
        self.last.is_none_or(|last| {
            matches!(last, TokenKind::OpenHeredoc | TokenKind::LineLiteral) && self.text[..self.at].ends_with('\n')
        })
    }

    /// One token outside of strings, or a blank before it.
    fn code(&mut self) {
        let rest = self.rest();
        let c = rest.chars().next().unwrap_or(' ');
        match c {
            ' ' | '\t' => self.at += 1,
            '\r' if rest.starts_with("\r\n") => self.push(TokenKind::Newline, 2),
            '\n' => self.push(TokenKind::Newline, 1),
            '#' => self.push(TokenKind::Comment, rest.find('\n').map_or(rest.len(), |len| len + 1)),
            '/' if rest.starts_with("//") => {
                self.push(TokenKind::Comment, rest.find('\n').map_or(rest.len(), |len| len + 1));
            }
            '/' if rest.starts_with("/*") && self.at + 2 <= self.comments_end => {
                self.push(TokenKind::Comment, 4 + rest[2..].find("*/").unwrap_or(0));
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

/// The length of the number literal that `text` starts with: digits, dots and exponents in any order, up to the last
/// that is no dot. Whether that is a number is for the grammar to say.
fn number_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let (mut at, mut len) = (0, 0);
    loop {
        at += match bytes.get(at) {
            Some(b'0'..=b'9') => 1,
            Some(b'e' | b'E') if is_digit(at + 1) => 2,
            Some(b'e' | b'E') if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && is_digit(at + 2) => 3,
            Some(b'.') => {
                at += 1;
                continue;
            }
            _ => return len,
        };
        len = at;
    }
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
            ("\"$${a}\"", vec![OpenQuote, QuotedLiteral, QuotedLiteral, CloseQuote, End]),
            ("\"\\", vec![OpenQuote, InvalidLiteral, End]),
            ("a << b", vec![Ident, Operator, Operator, Ident, End]),
            ("1e5 1.5e-3 1. 1e", vec![Number, Number, Number, Dot, Number, Ident, End]),
        ] {
            assert_eq!(kinds(text), expected, "{text:?}");
        }
    }

    #[test]
    fn nothing_is_lost_but_blanks() {
        for (text, expected) in [
            (" a\t= 1 # c\r\n", vec!["a", "=", "1", "# c\r\n"]),
            ("/* a\n */b//c", vec!["/* a\n */", "b", "//c"]),
            ("\r\n\r\n\r", vec!["\r\n", "\r\n", "\r"]),
            ("1.2.3.e 1e5.", vec!["1.2.3", ".", "e", "1e5", "."]),
            ("\"a$b%${c}$$${d}\"", vec!["\"", "a", "$", "b", "%", "${", "c", "}", "$", "$${", "d}", "\""]),
            ("\"a\r\n\n\\\n", vec!["\"", "a", "\r\n\n", "\\", "\n"]),
            ("<<-E\n $x$\n%%{\n E \r\n", vec!["<<-E\n", " ", "$", "x", "$", "\n", "%%{\n", " E ", "\r\n"]),
            // The marker needs a line end, and nothing comes after a carriage return on its own.
            ("<<E\na\nE", vec!["<<E\n", "a\n", "E"]),
            ("<<E\na\rb ${c}\nE\n", vec!["<<E\n", "a", "\rb ${c}\nE\n"]),
            ("{~}", vec!["{", "~}"]),
        ] {
            let tokens: Vec<&str> = scan_all(text, Mode::Body).iter().map(|token| token.text(text)).collect();
            assert_eq!(tokens[..tokens.len() - 1], expected, "{text:?}");
        }
    }
}
