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
    outline: Vec<Section>,
}

/// A part of a file that has a name, for the `in …:` part of diagnostics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// The whole part.
    pub span: Span,
    /// What it is called, inside of what is around it.
    pub name: String,
    /// The position in the outline of the section around it.
    pub within: Option<usize>,
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

    /// All files read so far.
    pub fn all(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// The file called `id`.
    pub fn get(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// Records the sections of a file, sorted by where they start.
    pub fn set_outline(&mut self, id: FileId, outline: Vec<Section>) {
        self.files[id.0 as usize].outline = outline;
    }

    /// The name of the innermost section around the start of `span`, behind the names of those around it.
    pub fn section_around(&self, span: Span) -> Option<String> {
        let outline = &self.get(span.file).outline;
        let mut at = outline.partition_point(|section| section.span.start <= span.start).checked_sub(1)?;
        while span.start >= outline[at].span.end {
            at = outline[at].within?;
        }
        let mut names = vec![outline[at].name.as_str()];
        while let Some(outer) = outline[at].within {
            names.push(&outline[outer].name);
            at = outer;
        }
        names.reverse();
        Some(names.concat())
    }

    /// The 1-based line and column (in characters as people count them) of byte `offset`.
    pub fn line_column(&self, id: FileId, offset: u32) -> (usize, usize) {
        let file = self.get(id);
        let line = self.line_at(id, offset);
        let start = file.line_starts[line - 1] as usize;
        let end = (offset as usize).min(file.text.len());
        let column = file.text.get(start..end).map_or(0, graphemes::count);
        (line, column + 1)
    }

    /// The 1-based line of byte `offset`. Unlike [`Files::line_column`] this does not look at the line, which may be long.
    pub fn line_at(&self, id: FileId, offset: u32) -> usize {
        self.get(id).line_starts.partition_point(|start| *start <= offset)
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

    /// `file:line,column-column` of `span`, or `file:line,column-line,column` when it runs over several lines.
    pub fn range(&self, span: Span) -> String {
        let (line, column) = self.line_column(span.file, span.start);
        let (end_line, end_column) = self.line_column(span.file, span.end);
        let end = if end_line == line { end_column.to_string() } else { format!("{end_line},{end_column}") };
        format!("{}:{line},{column}-{end}", self.get(span.file).name)
    }

    /// `file:line` of the start of `span`.
    pub fn place(&self, span: Span) -> String {
        format!("{}:{}", self.get(span.file).name, self.line_at(span.file, span.start))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_from_one() {
        let mut files = Files::new();
        let file = files.add("t", "é = 1\r\n\nlast");
        let marked = files.add("m", "e\u{301}👨‍👩‍👧x");
        assert_eq!(files.line_column(marked, 21), (1, 3));
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
    fn a_section_ends_before_what_follows_it() {
        let mut files = Files::new();
        let file = files.add("t", "a {b {}}c {}");
        let span = |start, end| Span { file, start, end };
        let section =
            |start, end, name: &str, within| Section { span: span(start, end), name: name.to_owned(), within };
        files
            .set_outline(file, vec![section(0, 8, "a", None), section(3, 7, ".b", Some(0)), section(8, 12, "c", None)]);
        for (at, name) in
            [(0, Some("a")), (3, Some("a.b")), (6, Some("a.b")), (7, Some("a")), (8, Some("c")), (12, None)]
        {
            assert_eq!(files.section_around(span(at, at)).as_deref(), name, "{at}");
        }
    }
}
