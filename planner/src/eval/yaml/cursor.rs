//! A place in the text that moves on, and what stands there.

use super::token::Mark;

/// A place in the text that moves on.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'t> {
    rest: &'t str,
    pub(super) mark: Mark,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { rest: text, mark: Mark::default() }
    }

    /// The byte at `offset` from here; zero behind the end.
    pub(super) fn byte(&self, offset: usize) -> u8 {
        self.rest.as_bytes().get(offset).copied().unwrap_or(0)
    }

    pub(super) fn is(&self, byte: u8) -> bool {
        self.byte(0) == byte
    }

    pub(super) fn is_any_of(&self, bytes: &[u8]) -> bool {
        bytes.contains(&self.byte(0))
    }

    pub(super) fn is_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// A blank or a tab, so many bytes from here.
    pub(super) fn is_blank(&self, offset: usize) -> bool {
        matches!(self.byte(offset), b' ' | b'\t')
    }

    /// A line break, so many bytes from here.
    pub(super) fn is_break(&self, offset: usize) -> bool {
        let Some(rest) = self.rest.as_bytes().get(offset..) else { return false };
        matches!(rest, [b'\r' | b'\n', ..] | [0xc2, 0x85, ..] | [0xe2, 0x80, 0xa8 | 0xa9, ..])
    }

    pub(super) fn is_break_or_end(&self, offset: usize) -> bool {
        offset >= self.rest.len() || self.is_break(offset)
    }

    /// White space, a line break, or the end.
    pub(super) fn is_space_or_end(&self, offset: usize) -> bool {
        self.is_blank(offset) || self.is_break_or_end(offset)
    }

    /// A letter, a digit, `_` or `-`.
    pub(super) fn is_word(&self) -> bool {
        matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    /// `---` or `...` on a line of its own, or in front of white space.
    pub(super) fn is_document_mark(&self, sign: &str) -> bool {
        self.mark.column == 0 && self.rest.starts_with(sign) && self.is_space_or_end(sign.len())
    }

    /// Moves on by one character of a line.
    pub(super) fn skip(&mut self) {
        let mut chars = self.rest.chars();
        if chars.next().is_some() {
            self.rest = chars.as_str();
            self.mark.index += 1;
            self.mark.column += 1;
        }
    }

    /// Moves on by one character of a line and appends it to `out`.
    pub(super) fn read(&mut self, out: &mut String) {
        out.extend(self.rest.chars().next());
        self.skip();
    }

    /// Moves on while there are word characters, and gives them.
    pub(super) fn read_word(&mut self) -> String {
        let mut word = String::new();
        while self.is_word() {
            self.read(&mut word);
        }
        word
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.is_blank(0) {
            self.skip();
        }
    }

    /// Moves on to the end of the line if a comment begins here.
    pub(super) fn skip_comment(&mut self) {
        if self.is(b'#') {
            while !self.is_break_or_end(0) {
                self.skip();
            }
        }
    }

    /// Moves on behind a line break, if there is one.
    pub(super) fn skip_break(&mut self) {
        self.read_break(&mut String::new());
    }

    /// Moves on behind a line break, if there is one, and appends it to `out`: as a line feed, unless it is one of the
    /// two that Unicode has for lines and paragraphs.
    pub(super) fn read_break(&mut self, out: &mut String) {
        let Some(first) = self.rest.chars().next().filter(|_| self.is_break(0)) else { return };
        let is_pair = self.rest.starts_with("\r\n");
        let length = if is_pair { 2 } else { first.len_utf8() };
        self.rest = &self.rest[length..];
        out.push(if matches!(first, '\u{2028}' | '\u{2029}') { first } else { '\n' });
        self.mark = Mark { index: self.mark.index + 1 + usize::from(is_pair), line: self.mark.line + 1, column: 0 };
    }
}
