//! A pattern as a tree, and the limits that Go sets to it.

use super::error::Fault;
use super::group::Ranges;
use super::property::Property;

/// Deeper trees are refused, so that walks over them need little stack.
const MAX_HEIGHT: u16 = 1000;
/// Counted repetitions within each other must not ask for more copies than this.
const MAX_COPIES: u32 = 1000;

/// A part of a pattern.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    height: u16,
    /// How many copies of its innermost part its repetitions ask for.
    copies: u32,
}

/// The kinds of parts.
#[derive(Debug)]
pub(super) enum Kind {
    /// A character; perhaps one that text cannot hold.
    Char {
        code: u32,
        fold: bool,
    },
    Class(Class),
    /// Any character.
    Any,
    /// Any character but a line feed.
    AnyOfLine,
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
    Capture(Box<Node>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: Option<u32>,
        greedy: bool,
    },
    Concat(Vec<Node>),
    Alternate(Vec<Node>),
}

/// A class of characters.
#[derive(Debug, Default)]
pub(super) struct Class {
    pub(super) items: Vec<ClassItem>,
    pub(super) negated: bool,
    /// Whether case does not matter.
    pub(super) fold: bool,
}

/// What a class is made of.
#[derive(Debug)]
pub(super) enum ClassItem {
    /// From the first to the last; perhaps over codes that text cannot hold.
    Range(u32, u32),
    Named {
        ranges: Ranges,
        negated: bool,
    },
    Property {
        property: Property,
        negated: bool,
    },
}

impl Node {
    /// A part without parts.
    pub(super) fn leaf(kind: Kind) -> Self {
        Self { kind, height: 1, copies: 1 }
    }

    pub(super) fn capture(node: Self) -> Result<Self, Fault> {
        let (height, copies) = (node.height, node.copies);
        Self { kind: Kind::Capture(Box::new(node)), height, copies }.raised()
    }

    pub(super) fn repeat(node: Self, min: u32, max: Option<u32>, greedy: bool) -> Result<Self, Fault> {
        let height = node.height;
        let copies = match max {
            Some(0) => 1,
            _ => max.unwrap_or(min).max(1).saturating_mul(node.copies),
        };
        let repeat = Kind::Repeat { node: Box::new(node), min, max, greedy };
        Self { kind: repeat, height, copies }.raised()
    }

    /// Whether its repetitions are few enough.
    pub(super) fn is_countable(&self) -> bool {
        self.copies <= MAX_COPIES
    }

    /// Parts one after the other.
    pub(super) fn concat(parts: Vec<Self>) -> Result<Self, Fault> {
        Self::of_many(parts, Kind::Concat)
    }

    /// One of several parts.
    pub(super) fn alternate(parts: Vec<Self>) -> Result<Self, Fault> {
        Self::of_many(parts, Kind::Alternate)
    }

    fn of_many(mut parts: Vec<Self>, kind: fn(Vec<Self>) -> Kind) -> Result<Self, Fault> {
        if parts.len() == 1
            && let Some(only) = parts.pop()
        {
            return Ok(only);
        }
        let height = parts.iter().map(|part| part.height).max().unwrap_or(0);
        let copies = parts.iter().map(|part| part.copies).max().unwrap_or(1);
        Self { kind: kind(parts), height, copies }.raised()
    }

    /// One level higher than its parts.
    fn raised(mut self) -> Result<Self, Fault> {
        self.height += 1;
        if self.height > MAX_HEIGHT { Err(Fault::TooDeep) } else { Ok(self) }
    }
}
