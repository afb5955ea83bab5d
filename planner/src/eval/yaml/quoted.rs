//! Scalars in quotes.

use super::error::YamlError;
use super::scalar::Breaks;
use super::scan::Scanner;
use super::token::{Kind, Style, Token};

impl Scanner<'_> {
    /// A scalar in single or double quotes. Lines are folded.
    pub(super) fn quoted_scalar(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        let quote = self.cursor.byte(0);
        self.cursor.skip();
        let mut text = String::new();
        loop {
            if self.cursor.is_document_mark("---") || self.cursor.is_document_mark("...") {
                return self.fault("found unexpected document indicator");
            }
            if self.cursor.is_end() {
                return self.fault("found unexpected end of stream");
            }
            let joined = self.quoted_word(quote, &mut text)?;
            if self.cursor.is(quote) {
                break;
            }
            let mut breaks = Breaks::behind(joined);
            self.white_space(&mut breaks, Style::Quoted)?;
            breaks.fold_into(&mut text);
        }
        self.cursor.skip();
        Ok(Token { kind: Kind::Scalar(text, Style::Quoted), start, end: self.cursor.mark })
    }

    /// What stands up to white space or the closing quote. Whether it ended with a break that was escaped.
    fn quoted_word(&mut self, quote: u8, text: &mut String) -> Result<bool, YamlError> {
        while !self.cursor.is_space_or_end(0) {
            if self.cursor.is(quote) {
                if quote == b'"' || self.cursor.byte(1) != b'\'' {
                    break;
                }
                self.cursor.skip();
                self.cursor.read(text);
            } else if quote == b'"' && self.cursor.is(b'\\') {
                if self.cursor.is_break(1) {
                    self.cursor.skip();
                    self.cursor.skip_break();
                    return Ok(true);
                }
                let escaped = self.escape()?;
                text.push(escaped);
            } else {
                self.cursor.read(text);
            }
        }
        Ok(false)
    }

    /// What a backslash and what follows it stand for.
    fn escape(&mut self) -> Result<char, YamlError> {
        let (plain, n_digits) = match self.cursor.byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\u{7}', 0),
            b'b' => ('\u{8}', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\u{b}', 0),
            b'f' => ('\u{c}', 0),
            b'r' => ('\r', 0),
            b'e' => ('\u{1b}', 0),
            sign @ (b' ' | b'"' | b'\'' | b'\\') => (char::from(sign), 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{a0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => (' ', 2),
            b'u' => (' ', 4),
            b'U' => (' ', 8),
            _ => return self.fault("found unknown escape character"),
        };
        self.cursor.skip();
        self.cursor.skip();
        if n_digits == 0 {
            return Ok(plain);
        }
        let mut code: u32 = 0;
        for offset in 0..n_digits {
            let Some(digit) = char::from(self.cursor.byte(offset)).to_digit(16) else {
                return self.fault("did not find expected hexdecimal number");
            };
            code = code << 4 | digit;
        }
        let Some(character) = char::from_u32(code) else {
            return self.fault("found invalid Unicode character escape code");
        };
        (0..n_digits).for_each(|_| self.cursor.skip());
        Ok(character)
    }
}
