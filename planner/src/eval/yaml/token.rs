//! The tokens that text is cut into.

/// A place in the text, all counted from zero, in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) index: usize,
    pub(super) line: usize,
    pub(super) column: usize,
}

/// A token, where it begins and where it ends.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

/// The kinds of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    StreamEnd,
    /// `%YAML 1.1`.
    Version {
        major: u8,
        minor: u8,
    },
    /// `%TAG !handle! prefix`.
    TagPrefix {
        handle: String,
        prefix: String,
    },
    DocumentStart,
    DocumentEnd,
    /// Where a deeper indentation begins.
    BlockSequenceStart,
    BlockMappingStart,
    /// Where an indentation ends.
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    /// `- `.
    BlockEntry,
    /// `,`.
    FlowEntry,
    /// `? `, or before a key that only its colon shows to be one.
    Key,
    /// `: `.
    Value,
    Alias(String),
    Anchor(String),
    /// Handle and suffix; no handle in front of a whole tag.
    Tag(String, String),
    Scalar(String, Style),
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    /// In single or double quotes.
    Quoted,
    /// Literal or folded.
    Block,
}
