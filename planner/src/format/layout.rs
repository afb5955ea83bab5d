//! Indents lines, aligns their cells, and writes it all down.

use std::ops::Range;

use crate::format::lines::{Line, lines, nesting};
use crate::format::spacing::space;
use crate::format::width::columns;
use crate::syntax::scan::{Mode, scan_all};
use crate::syntax::token::{Token, TokenKind};

/// Blanks per level.
const INDENT: usize = 2;

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// `text`, the body of a file, in canonical layout. A byte order mark is taken off; line ends, comments and the content
/// of strings stay as they are, as does a missing line end at the end.
///
/// Takes any text. The result grows with the indentation: brackets nested `n` levels deep over `n` lines make some `n²`
/// blanks, so text that is too deep for the parser had better be refused first.
pub fn format(text: &str) -> String {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut tokens = scan_all(text, Mode::Body);
    tokens.pop_if(|last| last.kind == TokenKind::End);
    let mut sheet = Sheet { text, blanks: vec![0; tokens.len()], tokens };
    let lines = lines(&sheet.tokens, text);
    sheet.indent(&lines);
    sheet.keep_inner_mark();
    for line in &lines {
        space(&sheet.tokens, text, line.lead(), &mut sheet.blanks);
        space(&sheet.tokens, text, line.assign(), &mut sheet.blanks);
    }
    sheet.align(&lines, |line| (!line.assign().is_empty()).then(|| line.lead()));
    sheet.align(&lines, |line| (!line.comment().is_empty()).then(|| line.code()));
    sheet.write()
}

/// The tokens of `text` as the layout knows them, comments and line ends included: what [`format`] never changes.
pub fn tokens(text: &str) -> impl Iterator<Item = &str> {
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    scan_all(text, Mode::Body).into_iter().map(|token| token.text(text))
}

/// The tokens and how many blanks stand in front of each.
struct Sheet<'t> {
    text: &'t str,
    tokens: Vec<Token>,
    // As long as a text can be, and one for each token.
    blanks: Vec<u32>,
}

impl Sheet<'_> {
    /// Sets the blanks in front of each line. A line is one level deeper for each line before it that opened more
    /// brackets than it closed, however many.
    fn indent(&mut self, lines: &[Line]) {
        let mut levels: Vec<usize> = Vec::new();
        for line in lines {
            let first = line.lead().start;
            if self.tokens[first].kind == TokenKind::Newline {
                continue;
            }
            let net = self.nesting(line);
            if net < 0 {
                close(&mut levels, net.unsigned_abs());
            }
            self.blanks[first] = (INDENT * levels.len()) as u32;
            if net > 0 {
                levels.push(net.unsigned_abs());
            }
        }
    }

    /// A mark that is not what the file starts with is a token. It must not become what the file starts with.
    fn keep_inner_mark(&mut self) {
        if self.tokens.first().is_some_and(|first| first.text(self.text).starts_with(BYTE_ORDER_MARK)) {
            self.blanks[0] = 1;
        }
    }

    /// How many brackets a line opens, less those that it closes. What a heredoc holds does not count.
    fn nesting(&self, line: &Line) -> isize {
        let lead = &self.tokens[line.lead()];
        let heredoc = lead.iter().position(|token| token.kind == TokenKind::OpenHeredoc).unwrap_or(lead.len());
        let counted = lead[..heredoc].iter().chain(&self.tokens[line.assign()]);
        counted.map(|token| nesting(token.kind)).sum()
    }

    /// Aligns what stands behind `cells` in runs of lines that have one.
    fn align(&mut self, lines: &[Line], cell: impl Fn(&Line) -> Option<Range<usize>>) {
        for run in lines.chunk_by(|line, next| cell(line).is_some() && cell(next).is_some()) {
            let ends: Vec<(usize, usize)> =
                run.iter().filter_map(&cell).map(|cell| (cell.end, self.columns(cell))).collect();
            let widest = ends.iter().map(|(_, columns)| *columns).max().unwrap_or(0);
            for (end, columns) in ends {
                self.blanks[end] = (widest - columns + 1) as u32;
            }
        }
    }

    fn columns(&self, cell: Range<usize>) -> usize {
        cell.map(|at| self.blanks[at] as usize + columns(self.tokens[at].text(self.text))).sum()
    }

    fn write(&self) -> String {
        let mut out = String::with_capacity(self.text.len() + self.text.len() / 8);
        let indent = |out: &mut String, n: usize| out.extend(std::iter::repeat_n(' ', n));
        for (token, blanks) in self.tokens.iter().zip(&self.blanks) {
            indent(&mut out, *blanks as usize);
            out.push_str(token.text(self.text));
        }
        // Nothing follows that would tell how many belong there.
        let end = self.tokens.last().map_or(0, |last| last.end());
        indent(&mut out, self.text.len() - end);
        out
    }
}

/// Takes away the levels that so many closing brackets end.
fn close(levels: &mut Vec<usize>, mut brackets: usize) {
    while let Some(level) = levels.last_mut() {
        if *level > brackets {
            *level -= brackets;
            return;
        }
        brackets -= *level;
        levels.pop();
        if brackets == 0 {
            return;
        }
    }
}
