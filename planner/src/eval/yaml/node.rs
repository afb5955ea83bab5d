//! How a node begins: its anchor and tag, and what kind it is.

use super::error::YamlError;
use super::scan::Scanner;
use super::token::{Kind, Mark, Style};

/// What stands before a node: both empty when they are not there.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) mark: Mark,
    pub(super) anchor: String,
    pub(super) tag: String,
}

impl Head {
    /// Nothing before a node at `mark`.
    pub(super) fn at(mark: Mark) -> Self {
        Self { mark, ..Self::default() }
    }
}

/// The beginning of a node. Scalars and aliases are taken whole, collections not at all.
#[derive(Clone, Debug)]
pub(super) enum Start {
    Alias(String),
    Scalar { text: String, style: Style },
    Sequence(Shape),
    Mapping(Shape),
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Block,
    /// A sequence in the column of the mapping that it is a value of.
    Indentless,
    Flow,
    /// A mapping of one key within brackets.
    Pair,
}

impl Shape {
    /// Whether the key or value of an entry is missing when this comes.
    pub(super) fn ends_entry(self, kind: &Kind) -> bool {
        match self {
            Self::Block | Self::Indentless => matches!(kind, Kind::Key | Kind::Value | Kind::BlockEnd),
            Self::Flow => matches!(kind, Kind::FlowEntry | Kind::FlowMappingEnd),
            Self::Pair => matches!(kind, Kind::FlowEntry | Kind::FlowSequenceEnd),
        }
    }
}

/// Where a node stands, which decides what it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// On lines of its own.
    Block,
    /// In a mapping on lines of its own: a sequence in it need not be indented.
    BlockMapping,
    /// In brackets.
    Flow,
}

/// What the short forms of tags stand for: those of the document, and two that always are.
#[derive(Clone, Debug, Default)]
pub(super) struct TagPrefixes(Vec<(String, String)>);

impl TagPrefixes {
    /// Adds one; not when there is one for that handle.
    pub(super) fn add(&mut self, handle: String, prefix: String) -> bool {
        let is_new = self.0.iter().all(|(known, _)| *known != handle);
        if is_new {
            self.0.push((handle, prefix));
        }
        is_new
    }

    /// The whole tag; none when the handle stands for nothing.
    fn resolve(&self, handle: &str, suffix: &str) -> Option<String> {
        if handle.is_empty() {
            return Some(suffix.to_owned());
        }
        let (_, prefix) = self.0.iter().find(|(known, _)| known == handle)?;
        Some(format!("{prefix}{suffix}")).filter(|tag| !tag.is_empty())
    }
}

/// The next node's beginning.
pub(super) fn start(
    tokens: &mut Scanner<'_>,
    prefixes: &TagPrefixes,
    place: Place,
) -> Result<(Head, Start), YamlError> {
    let mut head = Head::at(tokens.peek()?.start);
    if let Kind::Alias(name) = &tokens.peek()?.kind {
        let name = name.clone();
        tokens.take()?;
        return Ok((head, Start::Alias(name)));
    }
    // One of each, in any order.
    let mut tag = None;
    for _ in 0..2 {
        let token = tokens.peek()?;
        match &token.kind {
            Kind::Anchor(name) if head.anchor.is_empty() => head.anchor.clone_from(name),
            Kind::Tag(handle, suffix) if tag.is_none() => tag = Some((handle.clone(), suffix.clone(), token.start)),
            _ => break,
        }
        tokens.take()?;
    }
    if let Some((handle, suffix, mark)) = tag {
        let undefined = || YamlError::new("found undefined tag handle").at(mark);
        head.tag = prefixes.resolve(&handle, &suffix).ok_or_else(undefined)?;
    }
    let token = tokens.peek()?;
    let mark = token.start;
    let start = match (&token.kind, place) {
        (Kind::BlockEntry, Place::BlockMapping) => Start::Sequence(Shape::Indentless),
        (Kind::Scalar(text, style), _) => {
            let start = Start::Scalar { text: text.clone(), style: *style };
            tokens.take()?;
            start
        }
        (Kind::FlowSequenceStart, _) => Start::Sequence(Shape::Flow),
        (Kind::FlowMappingStart, _) => Start::Mapping(Shape::Flow),
        (Kind::BlockSequenceStart, Place::Block | Place::BlockMapping) => Start::Sequence(Shape::Block),
        (Kind::BlockMappingStart, Place::Block | Place::BlockMapping) => Start::Mapping(Shape::Block),
        _ if !head.anchor.is_empty() || !head.tag.is_empty() => empty(),
        _ => return Err(YamlError::new("did not find expected node content").at(mark)),
    };
    Ok((head, start))
}

/// A scalar that is not there.
pub(super) fn empty() -> Start {
    Start::Scalar { text: String::new(), style: Style::Plain }
}
