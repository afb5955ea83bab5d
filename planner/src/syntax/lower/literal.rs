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
        Self::new(text)
    }

    /// Text that is decoded already.
    pub(super) fn new(text: impl Into<Cow<'t, str>>) -> Self {
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

/// What text in quotes holds that it cannot.
pub(super) struct BadText {
    /// Where, in the text.
    pub(super) range: Range<usize>,
    pub(super) summary: &'static str,
    pub(super) detail: &'static str,
}

/// Text between the quotes and sequences of a string, its escape sequences decoded.
///
/// The parser's own decoding does not reach into directives, where it even takes a quote for text.
pub(super) fn decoded(raw: &str) -> Result<String, BadText> {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(found) = rest.find(['\\', '"', '$', '%']) {
        let (text, special) = rest.split_at(found);
        out.push_str(text);
        let at = raw.len() - special.len();
        let length = match special.as_bytes() {
            [b'\\', ..] => {
                let (character, length) = escape(special).ok_or_else(|| BadText {
                    range: at..at + special.chars().take(2).map(char::len_utf8).sum::<usize>(),
                    summary: "Invalid escape sequence",
                    detail: "An escape sequence is one of \\n, \\r, \\t, \\\", \\\\, or \\u and \\U with the 4 or 8 hexadecimal \
                             digits of a character.",
                })?;
                out.push(character);
                length
            }
            [b'"', ..] => {
                return Err(BadText {
                    range: at..at + 1,
                    summary: "Unexpected end of template",
                    detail: "The string ends inside of a directive that was opened in it.",
                });
            }
            [sign, next, b'{', ..] if sign == next => {
                out.push_str(&special[1..3]);
                3
            }
            _ => {
                out.push_str(&special[..1]);
                1
            }
        };
        rest = &special[length..];
    }
    out.push_str(rest);
    Ok(out)
}

/// The character that the escape sequence at the start of `text` stands for, and its length.
fn escape(text: &str) -> Option<(char, usize)> {
    let digits = |count: usize| {
        let digits = text.get(2..2 + count).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        Some((char::from_u32(u32::from_str_radix(digits, 16).ok()?)?, 2 + count))
    };
    match text.as_bytes().get(1)? {
        b'n' => Some(('\n', 2)),
        b'r' => Some(('\r', 2)),
        b't' => Some(('\t', 2)),
        b'"' => Some(('"', 2)),
        b'\\' => Some(('\\', 2)),
        b'u' => digits(4),
        b'U' => digits(8),
        _ => None,
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
    fn escape_sequences_are_decoded() {
        for (raw, text) in [
            (r#"a\\n\"\\\u00e9\U0001f600"#, "a\\n\"\\é😀"),
            (r"\n\r\t", "\n\r\t"),
            ("$${a} %%{b} $$ %% $ % $", "${a} %{b} $$ %% $ % $"),
            ("$$${", "$${"),
        ] {
            assert_eq!(decoded(raw).ok().as_deref(), Some(text), "{raw}");
        }
        for (raw, range) in
            [(r"a\q", 1..3), (r"\u12", 0..2), (r"\ud800", 0..2), (r"\é", 0..3), ("a\"b", 1..2), (r"\", 0..1)]
        {
            assert_eq!(decoded(raw).map_err(|bad| bad.range), Err(range), "{raw}");
        }
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
