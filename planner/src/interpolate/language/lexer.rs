//! Text to tokens, by the rules of Go's `text/template`.

use crate::interpolate::language::token::{Keyword, Kind, Token};
use crate::value::notation::{is_printable, quote};

const LEFT: &str = "{{";
const RIGHT: &str = "}}";
const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];
/// A dash and the space beside it.
const TRIM: usize = 2;

/// Reads tokens off a text.
pub(super) struct Lexer<'t> {
    text: &'t str,
    /// Where the next token starts.
    start: usize,
    /// How far the text was read.
    at: usize,
    line: usize,
    inside: bool,
    depth: usize,
    /// Nothing comes after an error.
    failed: bool,
}

impl<'t> Lexer<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, start: 0, at: 0, line: 1, inside: false, depth: 0, failed: false }
    }

    /// The next token; the end again and again at the end.
    pub(super) fn next(&mut self) -> Token {
        if self.failed {
            return Token { kind: Kind::End, text: String::new(), offset: self.at, line: self.line };
        }
        if self.inside { self.in_action() } else { self.in_text() }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// Reads on while characters fit.
    fn run(&mut self, fits: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|c| !fits(c)).unwrap_or(rest.len());
    }

    fn accept(&mut self, set: &str) -> bool {
        let found = self.peek().is_some_and(|next| set.contains(next));
        if found {
            self.bump();
        }
        found
    }

    /// The token that ends here.
    fn emit(&mut self, kind: Kind) -> Token {
        let text = &self.text[self.start..self.at];
        let token = Token { kind, text: text.to_owned(), offset: self.start, line: self.line };
        self.skip();
        token
    }

    /// Leaves out what was read.
    fn skip(&mut self) {
        self.line += self.text[self.start..self.at].matches('\n').count();
        self.start = self.at;
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.failed = true;
        Token { kind: Kind::Error, text: message.into(), offset: self.start, line: self.line }
    }

    fn in_text(&mut self) -> Token {
        loop {
            let Some(found) = self.rest().find(LEFT) else {
                self.at = self.text.len();
                return self.emit(if self.at > self.start { Kind::Text } else { Kind::End });
            };
            let delim = self.at + found;
            let before = &self.text[self.start..delim];
            let trims = trims_left(&self.text[delim + LEFT.len()..]);
            let kept = if trims { before.trim_end_matches(SPACES) } else { before };
            if !kept.is_empty() {
                self.at = self.start + kept.len();
                let token = self.emit(Kind::Text);
                self.at = delim;
                self.skip();
                return token;
            }
            self.at = delim;
            self.skip();
            let inside = delim + LEFT.len() + if trims { TRIM } else { 0 };
            if self.text[inside..].starts_with("/*") {
                self.at = inside;
                self.skip();
                match self.comment() {
                    Ok(()) => continue,
                    Err(message) => return self.fail(message),
                }
            }
            self.at = delim + LEFT.len();
            let token = self.emit(Kind::LeftDelim);
            self.at = inside;
            self.skip();
            (self.inside, self.depth) = (true, 0);
            return token;
        }
    }

    /// Skips a comment with its closing delimiter.
    fn comment(&mut self) -> Result<(), &'static str> {
        let end = self.rest()[2..].find("*/").ok_or("unclosed comment")?;
        self.at += 2 + end + 2;
        let (closes, trims) = self.at_right();
        if !closes {
            return Err("comment ends before closing delimiter");
        }
        self.at += RIGHT.len() + if trims { TRIM } else { 0 };
        if trims {
            self.run(is_space);
        }
        self.skip();
        Ok(())
    }

    /// Whether a closing delimiter comes next, and whether it takes away the spaces behind it.
    fn at_right(&self) -> (bool, bool) {
        let rest = self.rest();
        if trims_right(rest) && rest[TRIM..].starts_with(RIGHT) {
            return (true, true);
        }
        (rest.starts_with(RIGHT), false)
    }

    fn right_delim(&mut self, trims: bool) -> Token {
        if trims {
            self.at += TRIM;
            self.skip();
        }
        self.at += RIGHT.len();
        let token = self.emit(Kind::RightDelim);
        if trims {
            self.run(is_space);
            self.skip();
        }
        self.inside = false;
        token
    }

    fn in_action(&mut self) -> Token {
        if let (true, trims) = self.at_right() {
            return if self.depth == 0 { self.right_delim(trims) } else { self.fail("unclosed left paren") };
        }
        let Some(first) = self.bump() else { return self.fail("unclosed action") };
        match first {
            space if is_space(space) => self.spaces(),
            '=' => self.emit(Kind::Assign),
            ':' if self.accept("=") => self.emit(Kind::Declare),
            ':' => self.fail("expected :="),
            '|' => self.emit(Kind::Pipe),
            '"' => self.quoted('"', Kind::String, "unterminated quoted string"),
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant"),
            '`' => {
                self.run(|c| c != '`');
                if self.accept("`") { self.emit(Kind::RawString) } else { self.fail("unterminated raw quoted string") }
            }
            '$' => self.field_or_variable(Kind::Variable),
            '.' if self.peek().is_some_and(|next| !next.is_ascii_digit()) => self.field_or_variable(Kind::Field),
            '.' | '+' | '-' | '0'..='9' => self.number(),
            word if is_alphanumeric(word) => self.word(),
            '(' => {
                self.depth += 1;
                self.emit(Kind::LeftParen)
            }
            ')' if self.depth == 0 => self.fail("unexpected right paren"),
            ')' => {
                self.depth -= 1;
                self.emit(Kind::RightParen)
            }
            ' '..='~' => self.emit(Kind::Char),
            other => self.fail(format!("unrecognized character in action: {}", with_code(Some(other)))),
        }
    }

    /// A run of spaces; the last of them may belong to the closing delimiter.
    fn spaces(&mut self) -> Token {
        self.run(is_space);
        let last = self.at - 1;
        let tail = &self.text[last..];
        if trims_right(tail) && tail[TRIM..].starts_with(RIGHT) {
            self.at = last;
            if self.at == self.start {
                return self.right_delim(true);
            }
        }
        self.emit(Kind::Space)
    }

    fn quoted(&mut self, quote: char, kind: Kind, unterminated: &str) -> Token {
        loop {
            match self.bump() {
                Some('\\') if self.peek().is_some_and(|next| next != '\n') => drop(self.bump()),
                Some('\\' | '\n') | None => return self.fail(unterminated),
                Some(end) if end == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    /// `.name` or `$name`; the first character was read.
    fn field_or_variable(&mut self, kind: Kind) -> Token {
        if self.at_terminator() {
            return self.emit(if kind == Kind::Field { Kind::Dot } else { kind });
        }
        self.run(is_alphanumeric);
        if self.at_terminator() { self.emit(kind) } else { self.bad_character() }
    }

    fn word(&mut self) -> Token {
        self.run(is_alphanumeric);
        if !self.at_terminator() {
            return self.bad_character();
        }
        let word = &self.text[self.start..self.at];
        let kind = match Keyword::of(word) {
            Some(keyword) => Kind::Keyword(keyword),
            None if matches!(word, "true" | "false") => Kind::Bool,
            None => Kind::Identifier,
        };
        self.emit(kind)
    }

    fn bad_character(&mut self) -> Token {
        let next = self.peek();
        self.fail(format!("bad character {}", with_code(next)))
    }

    /// Whether what comes next may follow a word.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(next) => is_space(next) || self.rest().starts_with(RIGHT),
        }
    }

    fn number(&mut self) -> Token {
        self.at = self.start;
        let mut is_whole = self.scan_number();
        let mut kind = Kind::Number;
        if is_whole && self.peek().is_some_and(|next| matches!(next, '+' | '-')) {
            is_whole = self.scan_number() && self.text[..self.at].ends_with('i');
            kind = Kind::Complex;
        }
        if is_whole {
            return self.emit(kind);
        }
        let found = quote(&self.text[self.start..self.at]);
        self.fail(format!("bad number syntax: {found}"))
    }

    /// Reads what could be a number; whether nothing clings to it.
    fn scan_number(&mut self) -> bool {
        self.accept("+-");
        let mut digits = "0123456789_";
        if self.accept("0") {
            if self.accept("xX") {
                digits = "0123456789abcdefABCDEF_";
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        self.run(|c| digits.contains(c));
        if self.accept(".") {
            self.run(|c| digits.contains(c));
        }
        let exponent = match digits.len() {
            11 => "eE",
            23 => "pP",
            _ => "",
        };
        if self.accept(exponent) {
            self.accept("+-");
            self.run(|c| "0123456789_".contains(c));
        }
        self.accept("i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }
}

fn is_space(c: char) -> bool {
    SPACES.contains(&c)
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphabetic() || c.is_numeric()
}

/// Whether a dash behind an opening delimiter takes away the spaces before it.
fn trims_left(inside: &str) -> bool {
    let mut chars = inside.chars();
    chars.next() == Some('-') && chars.next().is_some_and(is_space)
}

/// Whether a space and a dash come next, as before a closing delimiter that takes away the spaces behind it.
fn trims_right(rest: &str) -> bool {
    let mut chars = rest.chars();
    chars.next().is_some_and(is_space) && chars.next() == Some('-')
}

/// A character with its number, as Go's `%#U` shows it.
fn with_code(c: Option<char>) -> String {
    match c {
        // What Go's scanner takes for the end of the text.
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if !is_printable(c) => format!("U+{:04X}", u32::from(c)),
        Some(c) => format!("U+{:04X} '{c}'", u32::from(c)),
    }
}
