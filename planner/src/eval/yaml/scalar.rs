//! Plain scalars and blocks of text.

use super::error::YamlError;
use super::scan::Scanner;
use super::token::{Kind, Mark, Style, Token};

/// White space within a scalar: blanks of one line, or line breaks and then blanks, which do not count.
#[derive(Debug, Default)]
pub(super) struct Breaks {
    /// Whether there was a break.
    is_behind_break: bool,
    blanks: String,
    first: String,
    others: String,
}

impl Breaks {
    /// Nothing yet, perhaps behind a break that does not count.
    pub(super) fn behind(is_behind_break: bool) -> Self {
        Self { is_behind_break, ..Self::default() }
    }

    /// Appends what it is folded to: a break alone is a blank, the first of several is nothing.
    pub(super) fn fold_into(&mut self, text: &mut String) {
        if !self.is_behind_break {
            text.push_str(&self.blanks);
            self.blanks.clear();
            return;
        }
        if !self.first.starts_with('\n') {
            text.push_str(&self.first);
            text.push_str(&self.others);
        } else if self.others.is_empty() {
            text.push(' ');
        } else {
            text.push_str(&self.others);
        }
        *self = Self::default();
    }
}

/// What becomes of the breaks at the end of a block of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomp {
    /// One stays.
    Clip,
    Strip,
    Keep,
}

impl Scanner<'_> {
    /// Reads white space and breaks. A tab is no indentation in front of a plain scalar's next line.
    pub(super) fn white_space(&mut self, breaks: &mut Breaks, style: Style) -> Result<(), YamlError> {
        while self.cursor.is_blank(0) || self.cursor.is_break(0) {
            match (self.cursor.is_blank(0), breaks.is_behind_break) {
                (true, true) if style == Style::Plain && self.cursor.is(b'\t') && self.is_outdented() => {
                    return self.fault("found a tab character that violates indentation");
                }
                (true, true) => self.cursor.skip(),
                (true, false) => self.cursor.read(&mut breaks.blanks),
                (false, true) => self.cursor.read_break(&mut breaks.others),
                (false, false) => {
                    self.cursor.read_break(&mut breaks.first);
                    breaks.is_behind_break = true;
                }
            }
        }
        Ok(())
    }

    /// A scalar without quotes. Lines are folded.
    pub(super) fn plain_scalar(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        let mut end = start;
        let mut text = String::new();
        let mut breaks = Breaks::default();
        loop {
            let is_mark = self.cursor.is_document_mark("---") || self.cursor.is_document_mark("...");
            if is_mark || self.cursor.is(b'#') {
                break;
            }
            while !self.cursor.is_space_or_end(0) && !self.ends_plain() {
                breaks.fold_into(&mut text);
                self.cursor.read(&mut text);
                end = self.cursor.mark;
            }
            if !self.cursor.is_blank(0) && !self.cursor.is_break(0) {
                break;
            }
            self.white_space(&mut breaks, Style::Plain)?;
            if !self.in_flow() && self.is_outdented() {
                break;
            }
        }
        if breaks.is_behind_break {
            self.allows_key = true;
        }
        Ok(Token { kind: Kind::Scalar(text, Style::Plain), start, end })
    }

    /// Whether a plain scalar ends here though the word goes on.
    fn ends_plain(&self) -> bool {
        self.cursor.is(b':') && self.cursor.is_space_or_end(1) || self.in_flow() && self.cursor.is_any_of(b",?[]{}")
    }

    /// Whether this column lies outside of the block.
    fn is_outdented(&self) -> bool {
        (self.cursor.mark.column as isize) < self.indent + 1
    }

    /// A block of text behind `|`, or behind `>`, which folds lines.
    pub(super) fn block_scalar(&mut self) -> Result<Token, YamlError> {
        let start = self.cursor.mark;
        let folds = self.cursor.is(b'>');
        self.cursor.skip();
        let (chomp, increment) = self.block_header()?;
        let mut indent = increment.map(|increment| self.indent.max(0) as usize + increment);
        let mut text = String::new();
        let (mut first, mut others) = (String::new(), String::new());
        let mut after_blank = false;
        let mut end = self.block_breaks(&mut indent, &mut others)?;
        while Some(self.cursor.mark.column) == indent && !self.cursor.is_end() {
            let before_blank = self.cursor.is_blank(0);
            if folds && !after_blank && !before_blank && first.starts_with('\n') {
                text.push_str(if others.is_empty() { " " } else { "" });
            } else {
                text.push_str(&first);
            }
            text.push_str(&others);
            first.clear();
            others.clear();
            after_blank = before_blank;
            while !self.cursor.is_break_or_end(0) {
                self.cursor.read(&mut text);
            }
            self.cursor.read_break(&mut first);
            end = self.block_breaks(&mut indent, &mut others)?;
        }
        if chomp != Chomp::Strip {
            text.push_str(&first);
        }
        if chomp == Chomp::Keep {
            text.push_str(&others);
        }
        Ok(Token { kind: Kind::Scalar(text, Style::Block), start, end })
    }

    /// `+`, `-`, and how deep the block is indented, in any order, to the end of the line.
    fn block_header(&mut self) -> Result<(Chomp, Option<usize>), YamlError> {
        let mut chomp = self.chomp();
        let increment = self.block_increment()?;
        if chomp.is_none() && increment.is_some() {
            chomp = self.chomp();
        }
        self.cursor.skip_blanks();
        self.cursor.skip_comment();
        if !self.cursor.is_break_or_end(0) {
            return self.fault("did not find expected comment or line break");
        }
        self.cursor.skip_break();
        Ok((chomp.unwrap_or(Chomp::Clip), increment))
    }

    fn chomp(&mut self) -> Option<Chomp> {
        let chomp = match self.cursor.byte(0) {
            b'+' => Chomp::Keep,
            b'-' => Chomp::Strip,
            _ => return None,
        };
        self.cursor.skip();
        Some(chomp)
    }

    fn block_increment(&mut self) -> Result<Option<usize>, YamlError> {
        match self.cursor.byte(0) {
            b'0' => self.fault("found an indentation indicator equal to 0"),
            digit @ b'1'..=b'9' => {
                self.cursor.skip();
                Ok(Some(usize::from(digit - b'0')))
            }
            _ => Ok(None),
        }
    }

    /// Reads empty lines, and the indentation of the line behind them. The first line with text in it, or the longest of
    /// blanks before it, tells the indentation if it is not known. Gives where the last break ended.
    fn block_breaks(&mut self, indent: &mut Option<usize>, breaks: &mut String) -> Result<Mark, YamlError> {
        let mut end = self.cursor.mark;
        let mut widest = 0;
        loop {
            let is_within = |column: usize| indent.is_none_or(|indent| column < indent);
            while is_within(self.cursor.mark.column) && self.cursor.is(b' ') {
                self.cursor.skip();
            }
            widest = widest.max(self.cursor.mark.column);
            if is_within(self.cursor.mark.column) && self.cursor.is(b'\t') {
                return self.fault("found a tab character where an indentation space is expected");
            }
            if !self.cursor.is_break(0) {
                break;
            }
            self.cursor.read_break(breaks);
            end = self.cursor.mark;
        }
        if indent.is_none() {
            *indent = Some(widest.max((self.indent + 1).max(1) as usize));
        }
        Ok(end)
    }
}
