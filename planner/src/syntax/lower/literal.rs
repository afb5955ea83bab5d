//! The text between the sequences of a template: line by line, because strip markers and indentation work on lines.

use std::borrow::Cow;
use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// One line of a heredoc or template file, or the part of it between two sequences; the whole text between two
/// sequences of a quoted string.
pub(super) struct Line<'t> {
    text: Cow<'t, str>,
    /// What is left of `text`.
    keep: Range<usize>,
}

impl<'t> Line<'t> {
    /// Text as it is in the source, escape sequences of template sequences not decoded yet.
    pub(super) fn raw(text: &'t str) -> Self {
        let text = if text.contains("$${") || text.contains("%%{") {
            Cow::Owned(text.replace("$${", "${").replace("%%{", "%{"))
        } else {
            Cow::Borrowed(text)
        };
        Self::decoded(text)
    }

    /// Text that is decoded already.
    pub(super) fn decoded(text: impl Into<Cow<'t, str>>) -> Self {
        let text = text.into();
        Self { keep: 0..text.len(), text }
    }

    /// What is left of it.
    pub(super) fn text(&self) -> &str {
        &self.text[self.keep.clone()]
    }

    fn trim_start(&mut self) {
        self.keep.start = self.keep.end - self.text().trim_start().len();
    }

    fn trim_end(&mut self) {
        self.keep.end = self.keep.start + self.text().trim_end().len();
    }

    /// How far it is indented, in characters as people count them; none for a line that is blank.
    fn indent(&self) -> Option<usize> {
        let text = self.text();
        let content = text.trim_start();
        let blank = content.is_empty() && text.ends_with('\n');
        (!blank).then(|| text[..text.len() - content.len()].graphemes(true).count())
    }

    fn remove(&mut self, characters: usize) {
        let removed: usize = self.text().graphemes(true).take(characters).map(str::len).sum();
        self.keep.start += removed;
    }
}

/// A flattened template, in source order.
pub(super) enum Piece<'t> {
    /// Text. `literal` numbers the parser's literal that it is a line of.
    Line { line: Line<'t>, literal: usize },
    /// `${…}` or a single `%{…}`, with its strip markers.
    Sequence { strip_before: bool, strip_after: bool },
}

/// Applies the `~` markers: each trims the line that touches it, and no other.
pub(super) fn strip(pieces: &mut [Piece<'_>]) {
    for at in 0..pieces.len() {
        let Piece::Sequence { strip_before, strip_after } = pieces[at] else { continue };
        if strip_before
            && at > 0
            && let Piece::Line { line, .. } = &mut pieces[at - 1]
        {
            line.trim_end();
        }
        if strip_after && let Some(Piece::Line { line, .. }) = pieces.get_mut(at + 1) {
            line.trim_start();
        }
    }
}

/// Removes from each line the indentation that all lines of a `<<-` heredoc have, after [`strip`].
///
/// A sequence at the start of a line counts as a line without indentation. Blank lines neither count nor change.
pub(super) fn dedent(pieces: &mut [Piece<'_>]) {
    let mut common = usize::MAX;
    let mut indented = Vec::new();
    let mut at_line_start = true;
    for (at, piece) in pieces.iter().enumerate() {
        let indent = match piece {
            Piece::Line { line, .. } => line.indent(),
            Piece::Sequence { .. } => Some(0),
        };
        if at_line_start && let Some(indent) = indent {
            common = common.min(indent);
            indented.push(at);
        }
        // A sequence does not end the line that it is on.
        at_line_start = matches!(piece, Piece::Line { line, .. } if line.text().ends_with('\n'));
    }
    for at in indented {
        if let Piece::Line { line, .. } = &mut pieces[at] {
            line.remove(common);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dedented(lines: &[&str]) -> Vec<String> {
        let mut pieces: Vec<Piece<'_>> =
            lines.iter().map(|line| Piece::Line { line: Line::raw(line), literal: 0 }).collect();
        dedent(&mut pieces);
        pieces
            .iter()
            .filter_map(|piece| if let Piece::Line { line, .. } = piece { Some(line.text().to_owned()) } else { None })
            .collect()
    }

    #[test]
    fn blank_lines_do_not_count_for_the_indent() {
        for (lines, expected) in [
            (&["  a\n", "    b\n"][..], &["a\n", "  b\n"][..]),
            (&["    a\n", "  \n", "    b\n"], &["a\n", "  \n", "b\n"]),
            (&["- a\n", "  b\n"], &["- a\n", "  b\n"]),
            (&["\t a\r\n", "\t\tb\r\n"], &["a\r\n", "b\r\n"]),
            (&["\n"], &["\n"]),
        ] {
            assert_eq!(dedented(lines), expected, "{lines:?}");
        }
    }
}
