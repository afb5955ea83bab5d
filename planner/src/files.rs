//! Owns the text of every template and variable file, and knows lines and columns.

use std::sync::Arc;

use crate::span::{FileId, Span};
use crate::value::graphemes;

/// One file's name and text.
#[derive(Clone, Debug)]
pub struct File {
    /// The path as shown to users.
    pub name: String,
    /// The text exactly as read.
    pub text: Arc<str>,
    line_starts: Vec<u32>,
    outline: Vec<(Span, String)>,
}

/// All files read together, named by [`FileId`].
#[derive(Clone, Debug, Default)]
pub struct Files {
    files: Vec<File>,
}

impl Files {
    /// No files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a file's text in.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let line_starts = std::iter::once(0)
            .chain(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at as u32 + 1))
            .collect();
        let id = FileId(self.files.len() as u32);
        self.files.push(File { name: name.into(), text, line_starts, outline: Vec::new() });
        id
    }

    /// The file called `id`.
    pub fn get(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// Records the header of each top-level block (`source "null" "a"`) with the span of the whole block, for the
    /// `in …:` part of diagnostics.
    pub fn set_outline(&mut self, id: FileId, outline: Vec<(Span, String)>) {
        self.files[id.0 as usize].outline = outline;
    }

    /// The header of the top-level block around the start of `span`.
    pub fn block_around(&self, span: Span) -> Option<&str> {
        let outline = &self.get(span.file).outline;
        let around = |block: &Span| (block.start..block.end).contains(&span.start);
        outline.iter().find(|(block, _)| around(block)).map(|(_, header)| header.as_str())
    }

    /// The 1-based line and column (in characters) of byte `offset`.
    pub fn line_column(&self, id: FileId, offset: u32) -> (usize, usize) {
        let file = self.get(id);
        let line = file.line_starts.partition_point(|start| *start <= offset);
        let start = file.line_starts[line - 1] as usize;
        let end = (offset as usize).min(file.text.len());
        let column = file.text.get(start..end).map_or(0, graphemes::count);
        (line, column + 1)
    }

    /// The byte offset at which 1-based `line` starts; none past the end.
    pub fn line_start(&self, id: FileId, line: usize) -> Option<u32> {
        self.get(id).line_starts.get(line.checked_sub(1)?).copied()
    }

    /// The text of 1-based `line` without its line end; empty past the end.
    pub fn line(&self, id: FileId, line: usize) -> &str {
        let file = self.get(id);
        let Some(start) = file.line_starts.get(line.wrapping_sub(1)) else { return "" };
        let end = file.line_starts.get(line).map_or(file.text.len(), |next| *next as usize);
        file.text[*start as usize..end].trim_end_matches(['\n', '\r'])
    }

    /// `file:line` of the start of `span`.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.get(span.file).name, self.line_column(span.file, span.start).0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut files = Files::new();
        let file = files.add("t", "é = 1\r\n\nlast");
        for (offset, place) in [(0, (1, 1)), (2, (1, 2)), (8, (2, 1)), (9, (3, 1)), (13, (3, 5)), (99, (3, 5))] {
            assert_eq!(files.line_column(file, offset), place, "{offset}");
        }
        for (line, text) in [(0, ""), (1, "é = 1"), (2, ""), (3, "last"), (4, "")] {
            assert_eq!(files.line(file, line), text, "{line}");
        }
        assert_eq!(files.line_start(file, 3), Some(9));
        assert_eq!((files.line_start(file, 0), files.line_start(file, 4)), (None, None));
    }

    #[test]
    fn a_block_ends_before_what_follows_it() {
        let mut files = Files::new();
        let file = files.add("t", "a {}b {}");
        let span = |start, end| Span { file, start, end };
        files.set_outline(file, vec![(span(0, 4), "a".to_owned()), (span(4, 8), "b".to_owned())]);
        for (at, header) in [(0, Some("a")), (3, Some("a")), (4, Some("b")), (8, None)] {
            assert_eq!(files.block_around(span(at, at)), header, "{at}");
        }
    }
}
