//! Directives and tags.

use super::error::YamlError;
use super::scan::Scanner;
use super::token::{Kind, Token};

impl Scanner<'_> {
    /// `%YAML` or `%TAG`, to the end of the line.
    pub(super) fn directive(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        self.cursor.skip();
        let name = self.cursor.read_word();
        if name.is_empty() {
            return self.fault("could not find expected directive name");
        }
        if !self.cursor.is_space_or_end(0) {
            return self.fault("found unexpected non-alphabetical character");
        }
        let kind = match name.as_str() {
            "YAML" => self.version()?,
            "TAG" => self.tag_prefix()?,
            _ => return self.fault("found unknown directive name"),
        };
        let end = self.cursor.mark;
        self.cursor.skip_blanks();
        self.cursor.skip_comment();
        if !self.cursor.is_break_or_end(0) {
            return self.fault("did not find expected comment or line break");
        }
        self.cursor.skip_break();
        Ok(Token { kind, start, end })
    }

    fn version(&mut self) -> Result<Kind, YamlError> {
        self.cursor.skip_blanks();
        let major = self.version_number()?;
        if !self.cursor.is(b'.') {
            return self.fault("did not find expected digit or '.' character");
        }
        self.cursor.skip();
        let minor = self.version_number()?;
        Ok(Kind::Version { major, minor })
    }

    /// One digit, or two.
    fn version_number(&mut self) -> Result<u8, YamlError> {
        let mut number = None;
        while let digit @ b'0'..=b'9' = self.cursor.byte(0) {
            if number.is_some_and(|(_, length)| length == 2) {
                return self.fault("found extremely long version number");
            }
            let (value, length) = number.unwrap_or((0, 0));
            number = Some((value * 10 + (digit - b'0'), length + 1));
            self.cursor.skip();
        }
        match number {
            Some((value, _)) => Ok(value),
            None => self.fault("did not find expected version number"),
        }
    }

    fn tag_prefix(&mut self) -> Result<Kind, YamlError> {
        self.cursor.skip_blanks();
        let handle = self.tag_handle()?;
        if handle != "!" && !(handle.len() > 1 && handle.ends_with('!')) {
            return self.fault("did not find expected '!'");
        }
        if !self.cursor.is_blank(0) {
            return self.fault("did not find expected whitespace");
        }
        self.cursor.skip_blanks();
        let prefix = self.tag_uri("")?;
        if !self.cursor.is_space_or_end(0) {
            return self.fault("did not find expected whitespace or line break");
        }
        Ok(Kind::TagPrefix { handle, prefix })
    }

    /// `!`, `!!int`, `!local`, `!handle!suffix` or `!<tag>`.
    pub(super) fn tag(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        let (handle, suffix) = if self.cursor.byte(1) == b'<' {
            self.cursor.skip();
            self.cursor.skip();
            let suffix = self.tag_uri("")?;
            if !self.cursor.is(b'>') {
                return self.fault("did not find the expected '>'");
            }
            self.cursor.skip();
            (String::new(), suffix)
        } else {
            let handle = self.tag_handle()?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.tag_uri("")?;
                (handle, suffix)
            } else {
                match self.tag_uri(&handle)? {
                    none if none.is_empty() => (none, "!".to_owned()),
                    suffix => ("!".to_owned(), suffix),
                }
            }
        };
        if !self.cursor.is_space_or_end(0) {
            return self.fault("did not find expected whitespace or line break");
        }
        Ok(Token { kind: Kind::Tag(handle, suffix), start, end: self.cursor.mark })
    }

    /// `!`, and perhaps a word and another `!`.
    fn tag_handle(&mut self) -> Result<String, YamlError> {
        if !self.cursor.is(b'!') {
            return self.fault("did not find expected '!'");
        }
        let mut handle = String::new();
        self.cursor.read(&mut handle);
        handle.push_str(&self.cursor.read_word());
        if self.cursor.is(b'!') {
            self.cursor.read(&mut handle);
        }
        Ok(handle)
    }

    /// The rest of a tag of which `handle` was read, without its `!`; it may be empty if there is a handle.
    fn tag_uri(&mut self, handle: &str) -> Result<String, YamlError> {
        let mut bytes = handle.bytes().skip(1).collect::<Vec<u8>>();
        let mut found = !handle.is_empty();
        while self.cursor.is_word() || self.cursor.is_any_of(b";/?:@&=+$,.!~*'()[]%") {
            if self.cursor.is(b'%') {
                self.uri_escapes(&mut bytes)?;
            } else {
                bytes.push(self.cursor.byte(0));
                self.cursor.skip();
            }
            found = true;
        }
        if !found {
            return self.fault("did not find expected tag URI");
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The bytes of one character, each as `%` and two hexadecimal digits.
    fn uri_escapes(&mut self, bytes: &mut Vec<u8>) -> Result<(), YamlError> {
        let mut left = None;
        while left != Some(0) {
            let digit = |offset| char::from(self.cursor.byte(offset)).to_digit(16);
            let octet = match (self.cursor.byte(0), digit(1), digit(2)) {
                (b'%', Some(high), Some(low)) => (high * 16 + low) as u8,
                _ => return self.fault("did not find URI escaped octet"),
            };
            left = Some(match (left, octet) {
                (Some(left), 0x80..=0xbf) => left - 1,
                (Some(_), _) => return self.fault("found an incorrect trailing UTF-8 octet"),
                (None, 0x00..=0x7f) => 0,
                (None, 0xc0..=0xdf) => 1,
                (None, 0xe0..=0xef) => 2,
                (None, 0xf0..=0xf7) => 3,
                (None, _) => return self.fault("found an incorrect leading UTF-8 octet"),
            });
            bytes.push(octet);
            (0..3).for_each(|_| self.cursor.skip());
        }
        Ok(())
    }

    /// `&name` or `*name`.
    pub(super) fn anchor(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        let is_alias = self.cursor.is(b'*');
        self.cursor.skip();
        let name = self.cursor.read_word();
        let ends = self.cursor.is_space_or_end(0) || self.cursor.is_any_of(b"?:,]}%@`");
        if name.is_empty() || !ends {
            return self.fault("did not find expected alphabetic or numeric character");
        }
        let kind = if is_alias { Kind::Alias(name) } else { Kind::Anchor(name) };
        Ok(Token { kind, start, end: self.cursor.mark })
    }
}
