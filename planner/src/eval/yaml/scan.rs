//! Cuts text into tokens: indentation becomes tokens too, and a key is one when its colon comes.

use std::collections::VecDeque;

use super::cursor::Cursor;
use super::error::YamlError;
use super::token::{Kind, Mark, Token};

/// A key without a `?` ends on its line, and this many characters on at the latest.
const MAX_KEY: usize = 1024;

/// Cuts text into tokens.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    pub(super) cursor: Cursor<'t>,
    tokens: VecDeque<Token>,
    /// Tokens that were taken.
    taken: usize,
    /// The column of the block around, -1 outside of any.
    pub(super) indent: isize,
    indents: Vec<isize>,
    /// What may turn out to be a key, for each open bracket and for what is around them all.
    keys: Vec<Option<PossibleKey>>,
    /// Whether a key may begin here.
    pub(super) allows_key: bool,
}

/// What may turn out to be a key.
#[derive(Clone, Copy, Debug)]
struct PossibleKey {
    /// Whether it must be one: it begins in the column of a block.
    required: bool,
    /// The number of its first token.
    token: usize,
    mark: Mark,
}

/// What is required of a key and did not come.
const NO_COLON: &str = "could not find expected ':'";

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            cursor: Cursor::new(text),
            tokens: VecDeque::new(),
            taken: 0,
            indent: -1,
            indents: Vec::new(),
            keys: vec![None],
            allows_key: true,
        }
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Result<&Token, YamlError> {
        while self.needs_more()? {
            self.fetch()?;
        }
        self.tokens.front().ok_or_else(|| YamlError::new("unexpected end of stream"))
    }

    /// Takes the next token.
    pub(super) fn take(&mut self) -> Result<Token, YamlError> {
        self.peek()?;
        self.taken += 1;
        self.tokens.pop_front().ok_or_else(|| YamlError::new("unexpected end of stream"))
    }

    /// Whether the next token is not known yet: there is none, or it may turn out that a key begins before it.
    fn needs_more(&mut self) -> Result<bool, YamlError> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        self.drop_stale_keys()?;
        Ok(self.keys.iter().flatten().any(|key| key.token == self.taken))
    }

    pub(super) fn in_flow(&self) -> bool {
        self.keys.len() > 1
    }

    /// A fault at the cursor.
    pub(super) fn fault<T>(&self, why: &str) -> Result<T, YamlError> {
        Err(YamlError::of_token(why, self.cursor.mark))
    }

    fn fetch(&mut self) -> Result<(), YamlError> {
        self.skip_to_token();
        self.drop_stale_keys()?;
        self.unroll(self.cursor.mark.column as isize);
        if self.cursor.is_end() {
            return self.fetch_end();
        }
        if self.cursor.mark.column == 0 && self.cursor.is(b'%') {
            self.leave_blocks()?;
            let token = self.directive()?;
            self.tokens.push_back(token);
            return Ok(());
        }
        if self.cursor.is_document_mark("---") {
            return self.fetch_document_mark(Kind::DocumentStart);
        }
        if self.cursor.is_document_mark("...") {
            return self.fetch_document_mark(Kind::DocumentEnd);
        }
        let in_flow = self.in_flow();
        let ends_word = self.cursor.is_space_or_end(1);
        match self.cursor.byte(0) {
            b'[' => self.open_flow(Kind::FlowSequenceStart),
            b'{' => self.open_flow(Kind::FlowMappingStart),
            b']' => self.close_flow(Kind::FlowSequenceEnd),
            b'}' => self.close_flow(Kind::FlowMappingEnd),
            b',' => {
                self.drop_key()?;
                self.allows_key = true;
                self.push_sign(Kind::FlowEntry);
                Ok(())
            }
            b'-' if ends_word => self.fetch_block_entry(),
            b'?' if in_flow || ends_word => self.fetch_key(),
            b':' if in_flow || ends_word => self.fetch_value(),
            b'*' | b'&' => self.fetch_with(Self::anchor),
            b'!' => self.fetch_with(Self::tag),
            b'|' | b'>' if !in_flow => {
                self.drop_key()?;
                self.allows_key = true;
                let token = self.block_scalar()?;
                self.tokens.push_back(token);
                Ok(())
            }
            b'\'' | b'"' => self.fetch_with(Self::quoted_scalar),
            first if begins_plain(first, in_flow, self.cursor.is_blank(1), ends_word) => {
                self.fetch_with(Self::plain_scalar)
            }
            _ => self.fault("found character that cannot start any token"),
        }
    }

    /// What may be a key, or part of one.
    fn fetch_with(&mut self, scan: fn(&mut Self) -> Result<Token, YamlError>) -> Result<(), YamlError> {
        self.save_key()?;
        self.allows_key = false;
        let token = scan(self)?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn skip_to_token(&mut self) {
        loop {
            let tabs = self.in_flow() || !self.allows_key;
            while self.cursor.is(b' ') || tabs && self.cursor.is(b'\t') {
                self.cursor.skip();
            }
            self.cursor.skip_comment();
            if !self.cursor.is_break(0) {
                return;
            }
            self.cursor.skip_break();
            if !self.in_flow() {
                self.allows_key = true;
            }
        }
    }

    /// A token of one character, which is skipped.
    fn push_sign(&mut self, kind: Kind) {
        let start = self.cursor.mark;
        self.cursor.skip();
        self.tokens.push_back(Token { kind, start, end: self.cursor.mark });
    }

    fn fetch_end(&mut self) -> Result<(), YamlError> {
        if self.cursor.mark.column != 0 {
            self.cursor.mark.column = 0;
            self.cursor.mark.line += 1;
        }
        self.leave_blocks()?;
        let mark = self.cursor.mark;
        self.tokens.push_back(Token { kind: Kind::StreamEnd, start: mark, end: mark });
        Ok(())
    }

    fn fetch_document_mark(&mut self, kind: Kind) -> Result<(), YamlError> {
        self.leave_blocks()?;
        let start = self.cursor.mark;
        (0..3).for_each(|_| self.cursor.skip());
        self.tokens.push_back(Token { kind, start, end: self.cursor.mark });
        Ok(())
    }

    fn leave_blocks(&mut self) -> Result<(), YamlError> {
        self.unroll(-1);
        self.drop_key()?;
        self.allows_key = false;
        Ok(())
    }

    fn open_flow(&mut self, kind: Kind) -> Result<(), YamlError> {
        self.save_key()?;
        self.keys.push(None);
        self.allows_key = true;
        self.push_sign(kind);
        Ok(())
    }

    fn close_flow(&mut self, kind: Kind) -> Result<(), YamlError> {
        self.drop_key()?;
        if self.in_flow() {
            self.keys.pop();
        }
        self.allows_key = false;
        self.push_sign(kind);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Result<(), YamlError> {
        if !self.in_flow() {
            if !self.allows_key {
                return self.fault("block sequence entries are not allowed in this context");
            }
            self.roll(self.cursor.mark, None, Kind::BlockSequenceStart);
        }
        self.drop_key()?;
        self.allows_key = true;
        self.push_sign(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Result<(), YamlError> {
        if !self.in_flow() {
            if !self.allows_key {
                return self.fault("mapping keys are not allowed in this context");
            }
            self.roll(self.cursor.mark, None, Kind::BlockMappingStart);
        }
        self.drop_key()?;
        self.allows_key = !self.in_flow();
        self.push_sign(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Result<(), YamlError> {
        match self.keys.last_mut().and_then(Option::take) {
            Some(PossibleKey { token, mark, .. }) => {
                self.tokens.insert(token - self.taken, Token { kind: Kind::Key, start: mark, end: mark });
                self.roll(mark, Some(token), Kind::BlockMappingStart);
                self.allows_key = false;
            }
            None => {
                if !self.in_flow() {
                    if !self.allows_key {
                        return self.fault("mapping values are not allowed in this context");
                    }
                    self.roll(self.cursor.mark, None, Kind::BlockMappingStart);
                }
                self.allows_key = !self.in_flow();
            }
        }
        self.push_sign(Kind::Value);
        Ok(())
    }

    /// A block begins at `mark` if that is deeper than the one around; its token has this number, or is the next.
    fn roll(&mut self, mark: Mark, number: Option<usize>, kind: Kind) {
        let column = mark.column as isize;
        if self.in_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let at = number.map_or(self.tokens.len(), |number| number - self.taken);
        self.tokens.insert(at, Token { kind, start: mark, end: mark });
    }

    /// Blocks deeper than `column` end here.
    fn unroll(&mut self, column: isize) {
        if self.in_flow() {
            return;
        }
        while self.indent > column {
            let mark = self.cursor.mark;
            self.tokens.push_back(Token { kind: Kind::BlockEnd, start: mark, end: mark });
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    /// The next token may be a key.
    fn save_key(&mut self) -> Result<(), YamlError> {
        if !self.allows_key {
            return Ok(());
        }
        let mark = self.cursor.mark;
        let required = !self.in_flow() && self.indent == mark.column as isize;
        self.drop_key()?;
        let key = PossibleKey { required, token: self.taken + self.tokens.len(), mark };
        if let Some(last) = self.keys.last_mut() {
            *last = Some(key);
        }
        Ok(())
    }

    /// What might have been a key is none.
    fn drop_key(&mut self) -> Result<(), YamlError> {
        match self.keys.last_mut().and_then(Option::take) {
            Some(PossibleKey { required: true, .. }) => self.fault(NO_COLON),
            _ => Ok(()),
        }
    }

    /// A key is none when its line has ended or it is too long.
    fn drop_stale_keys(&mut self) -> Result<(), YamlError> {
        let now = self.cursor.mark;
        let is_stale = |key: &PossibleKey| key.mark.line < now.line || key.mark.index + MAX_KEY < now.index;
        for key in &mut self.keys {
            if let Some(stale) = key.take_if(|key| is_stale(key))
                && stale.required
            {
                return Err(YamlError::of_token(NO_COLON, now));
            }
        }
        Ok(())
    }
}

/// Whether a plain scalar may begin with this byte, given what follows it.
fn begins_plain(first: u8, in_flow: bool, before_blank: bool, ends_word: bool) -> bool {
    match first {
        b'-' => !before_blank,
        b'?' | b':' => !in_flow && !ends_word,
        b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`' | b' ' | b'\t' => false,
        _ => true,
    }
}
