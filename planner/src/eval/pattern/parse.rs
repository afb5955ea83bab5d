//! Reads patterns.

use super::class::{bracketed, escaped_class};
use super::error::{Fault, PatternError};
use super::escape::{escape, next};
use super::node::{Class, Kind, Node};

/// No counted repetition may have more copies than this.
const MAX_COUNT: u32 = 1000;

/// A pattern, read.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) root: Node,
    /// The names of its groups, in order; none for those without.
    pub(super) groups: Vec<Option<String>>,
}

/// Reads `pattern`.
pub(super) fn parse(pattern: &str) -> Result<Parsed, PatternError> {
    Parser {
        pattern,
        rest: pattern,
        flags: Flags::default(),
        open: Vec::new(),
        inner: Level::default(),
        groups: Vec::new(),
    }
    .parse()
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    /// Case does not matter: `i`.
    fold: bool,
    /// `^` and `$` match at lines: `m`.
    lines: bool,
    /// `.` matches line feeds: `s`.
    dot_all: bool,
    /// Repetitions are lazy, and greedy with a `?`: `U`.
    lazy: bool,
}

/// What stands between two parentheses, as far as it is read.
#[derive(Debug, Default)]
struct Level {
    alternatives: Vec<Node>,
    items: Vec<Node>,
}

/// A level around the one that is being read.
#[derive(Debug)]
struct Outer {
    level: Level,
    captures: bool,
    flags: Flags,
}

struct Parser<'p> {
    pattern: &'p str,
    rest: &'p str,
    flags: Flags,
    open: Vec<Outer>,
    inner: Level,
    groups: Vec<Option<String>>,
}

impl<'p> Parser<'p> {
    fn parse(mut self) -> Result<Parsed, PatternError> {
        // Where the repetition operator just read began, if that was the last thing read.
        let mut repeated = None;
        while !self.rest.is_empty() {
            repeated = self.step(repeated)?;
        }
        if !self.open.is_empty() {
            return Err(Fault::MissingParen.at(self.pattern));
        }
        let root = self.close_level()?;
        Ok(Parsed { root, groups: self.groups })
    }

    fn step(&mut self, repeated: Option<&'p str>) -> Result<Option<&'p str>, PatternError> {
        let before = self.rest;
        let Some(character) = next(&mut self.rest) else { return Ok(None) };
        match character {
            '(' if self.rest.starts_with('?') => self.special_group(before)?,
            '(' => self.open_group(Some(None)),
            '|' => self.next_alternative()?,
            ')' => self.close_group()?,
            '^' => self.leaf(if self.flags.lines { Kind::LineStart } else { Kind::TextStart }),
            '$' => self.leaf(if self.flags.lines { Kind::LineEnd } else { Kind::TextEnd }),
            '.' => self.leaf(if self.flags.dot_all { Kind::Any } else { Kind::AnyOfLine }),
            '[' => {
                let (class, rest) = bracketed(before, self.flags.fold)?;
                self.rest = rest;
                self.leaf(Kind::Class(class));
            }
            '*' => return self.repeat(before, (0, None), repeated),
            '+' => return self.repeat(before, (1, None), repeated),
            '?' => return self.repeat(before, (0, Some(1)), repeated),
            '{' => match counts(self.rest) {
                Some((counts, rest)) => {
                    self.rest = rest;
                    let counts = counts.ok_or_else(|| self.fault(Fault::RepeatCount, before))?;
                    return self.repeat(before, counts, repeated);
                }
                None => self.char(character.into()),
            },
            '\\' => self.escaped(before)?,
            _ => self.char(character.into()),
        }
        Ok(None)
    }

    fn leaf(&mut self, kind: Kind) {
        self.inner.items.push(Node::leaf(kind));
    }

    fn char(&mut self, code: u32) {
        self.leaf(Kind::Char { code, fold: self.flags.fold });
    }

    /// The fault of what was read since `before`.
    fn fault(&self, fault: Fault, before: &str) -> PatternError {
        fault.at(&before[..before.len() - self.rest.len()])
    }

    /// A limit that the pattern as a whole breaks.
    fn limit(&self) -> impl Fn(Fault) -> PatternError + use<'p> {
        let pattern = self.pattern;
        move |fault| fault.at(pattern)
    }

    /// The last item, repeated; a `?` behind it changes how eagerly. Gives where the operator began.
    fn repeat(
        &mut self,
        before: &'p str,
        (min, max): (u32, Option<u32>),
        repeated: Option<&'p str>,
    ) -> Result<Option<&'p str>, PatternError> {
        let mut lazy = self.flags.lazy;
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            lazy = !lazy;
        }
        if let Some(first) = repeated {
            return Err(self.fault(Fault::RepeatOperator, first));
        }
        let Some(item) = self.inner.items.pop() else {
            return Err(self.fault(Fault::MissingRepeatArgument, before));
        };
        let node = Node::repeat(item, min, max, !lazy).map_err(self.limit())?;
        if (min >= 2 || max.is_some_and(|max| max >= 2)) && !node.is_countable() {
            return Err(self.fault(Fault::RepeatCount, before));
        }
        self.inner.items.push(node);
        Ok(Some(before))
    }

    /// `group` is none for one that does not capture, else its name.
    fn open_group(&mut self, group: Option<Option<String>>) {
        let level = std::mem::take(&mut self.inner);
        self.open.push(Outer { level, captures: group.is_some(), flags: self.flags });
        self.groups.extend(group);
    }

    fn close_group(&mut self) -> Result<(), PatternError> {
        let node = self.close_level()?;
        let Some(outer) = self.open.pop() else { return Err(Fault::UnexpectedParen.at(self.pattern)) };
        self.flags = outer.flags;
        self.inner = outer.level;
        let node = if outer.captures { Node::capture(node).map_err(self.limit())? } else { node };
        self.inner.items.push(node);
        Ok(())
    }

    fn next_alternative(&mut self) -> Result<(), PatternError> {
        let items = std::mem::take(&mut self.inner.items);
        self.inner.alternatives.push(Node::concat(items).map_err(self.limit())?);
        Ok(())
    }

    fn close_level(&mut self) -> Result<Node, PatternError> {
        self.next_alternative()?;
        Node::alternate(std::mem::take(&mut self.inner.alternatives)).map_err(self.limit())
    }

    /// What begins with `(?`, of which the parenthesis is read.
    fn special_group(&mut self, before: &'p str) -> Result<(), PatternError> {
        if let Some(named) = self.rest.strip_prefix("?P<").or_else(|| self.rest.strip_prefix("?<"))
            && !named.is_empty()
        {
            let Some((name, rest)) = named.split_once('>') else { return Err(Fault::NamedCapture.at(before)) };
            self.rest = rest;
            if name.is_empty() || !name.bytes().all(|byte| byte == b'_' || byte.is_ascii_alphanumeric()) {
                return Err(self.fault(Fault::NamedCapture, before));
            }
            self.open_group(Some(Some(name.to_owned())));
            return Ok(());
        }
        self.rest = &self.rest[1..];
        let mut flags = self.flags;
        let mut on = true;
        let mut said = false;
        while let Some(character) = next(&mut self.rest) {
            match character {
                'i' => flags.fold = on,
                'm' => flags.lines = on,
                's' => flags.dot_all = on,
                'U' => flags.lazy = on,
                '-' if on => on = false,
                ':' | ')' if on || said => {
                    if character == ':' {
                        self.open_group(None);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            said = character != '-';
        }
        Err(self.fault(Fault::PerlSyntax, before))
    }

    /// What begins with a backslash, which is read.
    fn escaped(&mut self, before: &'p str) -> Result<(), PatternError> {
        let mut rest = self.rest;
        let assertion = match next(&mut rest) {
            Some('A') => Kind::TextStart,
            Some('z') => Kind::TextEnd,
            Some('b') => Kind::WordBoundary,
            Some('B') => Kind::NoWordBoundary,
            Some('Q') => {
                let (text, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
                text.chars().for_each(|character| self.char(character.into()));
                self.rest = rest;
                return Ok(());
            }
            _ => return self.escaped_chars(before),
        };
        self.rest = rest;
        self.leaf(assertion);
        Ok(())
    }

    fn escaped_chars(&mut self, before: &'p str) -> Result<(), PatternError> {
        if let Some((item, rest)) = escaped_class(before)? {
            self.rest = rest;
            let class = Class { items: vec![item], negated: false, fold: self.flags.fold };
            self.leaf(Kind::Class(class));
            return Ok(());
        }
        let (code, rest) = escape(before)?;
        self.rest = rest;
        self.char(code);
        Ok(())
    }
}

/// The least and the most copies; no most for any number of them.
type Counts = (u32, Option<u32>);

/// The counts at the start of `text`, behind the opening brace, and what follows the closing one; none when the brace
/// is just a brace. No counts when they are too large or the wrong way round.
fn counts(text: &str) -> Option<(Option<Counts>, &str)> {
    let (min, rest) = number(text)?;
    let (max, rest) = match rest.strip_prefix(',') {
        None => (min.map(Some), rest),
        Some(rest) if rest.starts_with('}') => (Some(None), rest),
        Some(rest) => number(rest).map(|(max, rest)| (max.map(Some), rest))?,
    };
    let rest = rest.strip_prefix('}')?;
    let counts = min.zip(max).filter(|(min, max)| max.is_none_or(|max| *min <= max));
    Some((counts, rest))
}

/// A number without leading zeros, if `text` begins with one; no value when it is too large.
fn number(text: &str) -> Option<(Option<u32>, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().ok().filter(|value| *value <= MAX_COUNT), rest))
}
