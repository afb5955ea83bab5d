//! Where a text comes from: leads from its bytes to places in a file.

use std::ops::Range;

use crate::span::{FileId, Span};
use crate::syntax::json::Offsets;

/// Where a text stands in its file.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// The file.
    pub(super) file: FileId,
    /// Bytes before the text, or before the string token that it was read from.
    pub(super) base: usize,
    /// The escapes of that token.
    escapes: Option<Offsets>,
}

impl Origin {
    /// Of text that starts at byte `base`.
    pub(super) fn plain(file: FileId, base: usize) -> Self {
        Self { file, base, escapes: None }
    }

    /// Of the text of the JSON string at `span` of `document`.
    pub(super) fn json_string(document: &str, span: Span) -> Self {
        let token = &document[span.start as usize..span.end as usize];
        let base = span.start as usize;
        match token.contains('\\') {
            true => Self { file: span.file, base, escapes: Some(Offsets::new(token)) },
            false => Self { file: span.file, base: base + 1, escapes: None },
        }
    }

    /// The range of the text that `span` is, where the text stands in the file as it is.
    pub(super) fn in_text(&self, span: Span) -> Range<usize> {
        span.start as usize - self.base..span.end as usize - self.base
    }

    /// A range of the text as a span of the file.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let place = |at: usize| {
            let within = self.escapes.as_ref().map_or(at, |escapes| escapes.in_token(at));
            (self.base + within) as u32
        };
        Span { file: self.file, start: place(start), end: place(end) }
    }
}
