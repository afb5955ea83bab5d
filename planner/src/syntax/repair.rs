//! What the parser refuses or is slow at, though it is valid, is hidden from it by text of the same length, so that
//! all offsets stay right; lowering takes what was hidden from the text as written.
//!
//! * Long bodies, objects and tuples, for which it takes much room or time, and all objects of a text that it refused,
//!   because it refuses those with the same key twice: their content is blanked, and parsed piece by piece.
//! * Numbers beyond the range of a double, a line end after an operator sign in brackets, heredoc lines that only
//!   start with the end marker, and empty heredocs.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::syntax::scan::{self, Mode};
use crate::syntax::shape::{Parts, Pieces, Shape, Shapes, shapes};
use crate::syntax::token::TokenKind;

/// A text shorter than this holds nothing that is worth taking apart.
const LONG_TEXT: usize = 1024;

/// A text and what is hidden of it.
pub(super) struct Repair<'t> {
    text: &'t str,
    /// `text` with single tokens masked, when any are.
    patched: Option<String>,
    /// The pieces of the text itself, if it is long and the body of a file.
    top: Option<Parts>,
    /// What is hidden, by where its bracket opens.
    hidden: BTreeMap<usize, Shape>,
}

impl<'t> Repair<'t> {
    /// Only what is long is hidden. `None` when brackets do not match.
    pub(super) fn for_speed(text: &'t str, mode: Mode) -> Option<Self> {
        if text.len() <= LONG_TEXT {
            return Some(Self { text, patched: None, top: None, hidden: BTreeMap::new() });
        }
        let found = shapes(text, mode, Pieces::Grouped)?;
        Some(Self::new(text, None, mode, found))
    }

    /// Everything hidden that the parser is known to refuse.
    pub(super) fn for_refusal(text: &'t str, mode: Mode) -> Self {
        let patched = patched(text, mode);
        let found = shapes(text, mode, Pieces::Single).unwrap_or_else(|| Shapes::whole(text));
        Self::new(text, patched, mode, found)
    }

    fn new(text: &'t str, patched: Option<String>, mode: Mode, found: Shapes) -> Self {
        let top = (mode == Mode::Body && text.len() > LONG_TEXT).then_some(found.top);
        let hidden = found.inner.into_iter().map(|shape| (shape.open, shape)).collect();
        Self { text, patched, top, hidden }
    }

    /// The text as written.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// What to parse the text itself in, which is the body of a file; none if it is parsed as a whole.
    pub(super) fn top(&self) -> Option<&Parts> {
        self.top.as_ref()
    }

    /// What to parse the body, object or tuple in whose bracket opens at `offset`, if its content is hidden.
    pub(super) fn parts(&self, offset: usize) -> Option<&Parts> {
        self.hidden.get(&offset).map(|shape| &shape.parts)
    }

    /// The text in `range` for the parser, between `before` and `after`.
    pub(super) fn masked(&self, before: &str, range: Range<usize>, after: &str) -> String {
        let text = self.patched.as_deref().unwrap_or(self.text);
        let mut masked = String::with_capacity(before.len() + range.len() + after.len());
        masked.push_str(before);
        let mut at = range.start;
        for (open, shape) in self.hidden.range(range.clone()) {
            let close = shape.close;
            if *open >= at && close < range.end {
                masked.push_str(&text[at..=*open]);
                masked.extend(std::iter::repeat_n(' ', close - open - 1));
                at = close;
            }
        }
        masked.push_str(&text[at..range.end]);
        masked.push_str(after);
        masked
    }
}

/// `text` with single tokens masked that the parser cannot read; `None` when there are none.
fn patched(text: &str, mode: Mode) -> Option<String> {
    let tokens = scan::scan(text, mode);
    let mut patches: Vec<(Range<usize>, char)> = Vec::new();
    let mut markers: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Number if token.text(text).parse().is_ok_and(f64::is_infinite) => {
                patches.push((token.start()..token.end(), '0'));
            }
            TokenKind::Minus | TokenKind::Bang => {
                let next = tokens[at + 1..].iter().find(|next| next.kind != TokenKind::Newline);
                let breaks = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Newline);
                if let Some(next) = next.filter(|_| breaks) {
                    patches.push((token.end()..next.start(), ' '));
                }
            }
            TokenKind::OpenHeredoc if tokens[at + 1].kind == TokenKind::CloseHeredoc => {
                markers.push("");
                patches.push((token.start()..token.start() + 2, '"'));
                patches.push((token.start() + 2..tokens[at + 1].end(), ' '));
            }
            TokenKind::OpenHeredoc => markers.push(token.text(text).trim_start_matches(['<', '-']).trim_end()),
            TokenKind::CloseHeredoc => {
                markers.pop();
            }
            TokenKind::LineLiteral => {
                let line = token.text(text);
                let content = line.trim_start();
                if let Some(marker) = markers.last()
                    && text[..token.start()].ends_with('\n')
                    && content.starts_with(marker)
                {
                    let start = token.start() + line.len() - content.len();
                    patches.push((start..start + marker.len(), '.'));
                }
            }
            _ => {}
        }
    }
    let mut patched = String::with_capacity(text.len());
    let mut written = 0;
    for (range, with) in &patches {
        patched.push_str(&text[written..range.start]);
        patched.extend(std::iter::repeat_n(*with, range.len()));
        written = range.end;
    }
    patched.push_str(&text[written..]);
    (!patches.is_empty()).then_some(patched)
}
