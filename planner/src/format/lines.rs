//! Tokens to lines, and lines to cells.

use std::ops::Range;

use crate::syntax::token::{Token, TokenKind};

/// A line of up to three cells, as places in the tokens. Heredocs and comments over several lines are part of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    start: usize,
    assign: usize,
    comment: usize,
    end: usize,
}

impl Line {
    /// What comes first; never empty.
    pub(super) fn lead(&self) -> Range<usize> {
        self.start..self.assign
    }

    /// From the equals sign on, when a whole expression stands behind it. Empty otherwise.
    pub(super) fn assign(&self) -> Range<usize> {
        self.assign..self.comment
    }

    /// The comment at the end, unless there is nothing else. Empty otherwise.
    pub(super) fn comment(&self) -> Range<usize> {
        self.comment..self.end
    }

    /// The lead and the assignment.
    pub(super) fn code(&self) -> Range<usize> {
        self.start..self.comment
    }

    fn new(tokens: &[Token], start: usize, end: usize) -> Self {
        let commented = end - start > 1 && tokens[end - 1].kind == TokenKind::Comment;
        let comment = if commented { end - 1 } else { end };
        let equals = (start + 1..comment).find(|at| tokens[*at].kind == TokenKind::Assign);
        let whole =
            equals.filter(|at| tokens[*at..comment].iter().map(|token| nesting(token.kind)).sum::<isize>() == 0);
        Self { start, assign: whole.unwrap_or(comment), comment, end }
    }
}

/// The lines of `tokens`.
pub(super) fn lines(tokens: &[Token], text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        let ends_line = match token.kind {
            TokenKind::Newline => true,
            TokenKind::Comment => token.text(text).ends_with('\n'),
            _ => false,
        };
        if ends_line || at + 1 == tokens.len() {
            lines.push(Line::new(tokens, start, at + 1));
            start = at + 1;
        }
    }
    lines
}

/// How many brackets it opens, less those that it closes. Quotes and heredocs are none.
pub(super) fn nesting(kind: TokenKind) -> isize {
    use TokenKind::*;
    match kind {
        OpenBrace | OpenBracket | OpenParen | OpenInterpolation | OpenDirective => 1,
        CloseBrace | CloseBracket | CloseParen | CloseSequence => -1,
        _ => 0,
    }
}
