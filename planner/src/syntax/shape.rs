//! The outline of a text by its brackets: its bodies, objects and tuples, and the pieces that each can be parsed in.
//!
//! The parser's tree takes up to a hundred times the room of its text. Parsed in pieces, a long text needs that room for
//! one piece at a time.

use std::ops::Range;

use crate::syntax::scan::{self, Mode};
use crate::syntax::token::{Token, TokenKind};

/// Items that stand side by side make one piece up to this many bytes.
const PIECE: usize = 512;
/// The parser compares all keys of an object with each other: as many can be in one piece.
const PIECE_KEYS: usize = 32;
/// What is nested deeper than this is left to the parser, which refuses it.
const MAX_DEPTH: usize = 64;
/// A text with deeper nesting than this is left to the parser as a whole, so that it counts the levels.
const MAX_GROUPED_DEPTH: usize = 32;

/// How items are put together to pieces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Neighbours together, up to a size that pays.
    Grouped,
    /// Each item on its own, and all objects, however short.
    Single,
}

/// The bodies, objects and tuples of a text.
pub(super) struct Shapes {
    /// The pieces of the text itself, where it is a body.
    pub(super) top: Parts,
    /// Everything in brackets that is to be taken apart, in the order of closing brackets.
    pub(super) inner: Vec<Shape>,
}

impl Shapes {
    /// `text` in one piece.
    pub(super) fn whole(text: &str) -> Self {
        let top = Parts { pieces: std::iter::once(0..text.len()).collect(), ..Parts::default() };
        Self { top, inner: Vec::new() }
    }
}

/// What a body, object or tuple can be parsed in.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) pieces: Vec<Range<usize>>,
    /// How many attributes or elements there are in all of them.
    pub(super) n_items: usize,
    /// How many blocks.
    pub(super) n_blocks: usize,
}

/// A body, object or tuple in brackets.
pub(super) struct Shape {
    /// The opening bracket.
    pub(super) open: usize,
    /// The closing one.
    pub(super) close: usize,
    pub(super) parts: Parts,
    is_object: bool,
}

impl Shape {
    /// Whether it is better not parsed as a whole.
    fn is_long(&self) -> bool {
        self.close - self.open > PIECE || self.is_object && self.parts.n_items > PIECE_KEYS
    }
}

/// The shapes of `text`. `None` when its brackets do not match.
pub(super) fn shapes(text: &str, mode: Mode, pieces: Pieces) -> Option<Shapes> {
    let outermost = if mode == Mode::Body { Kind::Body { assigned: false } } else { Kind::Other };
    let open = vec![Building::at(0, outermost)];
    let mut finder = Finder { text, pieces, open, too_deep: 0, deepest: 0, found: Vec::new() };
    for token in scan::tokens(text, mode) {
        finder.token(&token)?;
    }
    let mut top = finder.open.pop().filter(|_| finder.open.is_empty() && finder.too_deep == 0)?;
    top.finish_item(text.len(), pieces);
    if pieces == Pieces::Grouped && finder.deepest > MAX_GROUPED_DEPTH {
        return Some(Shapes::whole(text));
    }
    Some(Shapes { top: top.parts, inner: finder.found })
}

struct Finder<'t> {
    text: &'t str,
    pieces: Pieces,
    open: Vec<Building>,
    /// How many brackets are open that are too deep to be taken apart.
    too_deep: usize,
    deepest: usize,
    found: Vec<Shape>,
}

/// What a bracket opened.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A file or block; whether the current item has got its equals sign.
    Body {
        assigned: bool,
    },
    Object,
    Tuple,
    /// Anything else.
    Other,
}

struct Building {
    kind: Kind,
    open: usize,
    parts: Parts,
    /// Where the item that is read starts.
    start: Option<usize>,
    /// How many items the last piece has.
    n_grouped: usize,
    /// Where the last token ended; none at the start.
    previous: Option<usize>,
    /// Whether it may end an operand, so that a `[` would be an index.
    ends_operand: bool,
    /// `for` expressions and blocks on one line: nothing to take apart.
    whole: bool,
}

impl Finder<'_> {
    /// Takes in the next token; `None` when it closes what nothing opened.
    fn token(&mut self, token: &Token) -> Option<()> {
        self.deepest = self.deepest.max(self.open.len());
        if self.too_deep > 0 {
            self.too_deep += usize::from(token.kind.opens());
            self.too_deep -= usize::from(token.kind.closes());
            if self.too_deep == 0 {
                self.open.last_mut()?.closed(token);
            }
            return Some(());
        }
        let around = self.open.last_mut()?;
        let kind = match (token.kind, around.kind) {
            (TokenKind::OpenBrace, Kind::Body { assigned: false }) => Kind::Body { assigned: false },
            (TokenKind::OpenBrace, _) => Kind::Object,
            (TokenKind::OpenBracket, _) if !around.ends_operand => Kind::Tuple,
            _ => Kind::Other,
        };
        around.token(token, self.text, self.pieces);
        if token.kind.opens() {
            match self.open.len() > MAX_DEPTH {
                true => self.too_deep = 1,
                false => self.open.push(Building::at(token.start(), kind)),
            }
        } else if token.kind.closes() {
            let closed = self.open.pop()?;
            self.open.last_mut()?.closed(token);
            self.found.extend(closed.close(token.start(), self.pieces));
        }
        Some(())
    }
}

impl Building {
    fn at(open: usize, kind: Kind) -> Self {
        Self {
            kind,
            open,
            parts: Parts::default(),
            start: None,
            n_grouped: 0,
            previous: None,
            ends_operand: false,
            whole: false,
        }
    }

    /// Takes in a token of its own, not of anything nested in it except for what opens that.
    fn token(&mut self, token: &Token, text: &str, pieces: Pieces) {
        match self.kind {
            Kind::Body { .. } => self.body_token(token, pieces),
            Kind::Object | Kind::Tuple => self.item_token(token, text, pieces),
            Kind::Other => {}
        }
        self.ends_operand = match token.kind {
            TokenKind::Ident => token.text(text) != "in",
            TokenKind::Number | TokenKind::Star => true,
            TokenKind::Newline => self.ends_operand,
            _ => false,
        };
        self.previous = Some(token.end());
    }

    /// Takes in the bracket that closes what was nested.
    fn closed(&mut self, bracket: &Token) {
        self.ends_operand = bracket.kind != TokenKind::CloseSequence;
        self.previous = Some(bracket.end());
    }

    fn body_token(&mut self, token: &Token, pieces: Pieces) {
        match token.kind {
            TokenKind::Newline => {
                self.finish_item(token.end(), pieces);
                self.kind = Kind::Body { assigned: false };
                return;
            }
            TokenKind::Assign => self.kind = Kind::Body { assigned: true },
            kind if kind.closes() => return,
            _ => {}
        }
        // A brace that does not end its line opens a block on one line.
        self.whole |= self.previous.is_none();
        self.start.get_or_insert(token.start());
    }

    fn item_token(&mut self, token: &Token, text: &str, pieces: Pieces) {
        let ends = match token.kind {
            TokenKind::Newline => self.kind == Kind::Object,
            TokenKind::Comma => true,
            kind => kind.closes(),
        };
        let is_blank = ends || token.kind == TokenKind::Newline;
        match self.start {
            Some(start) if ends => self.finish_item(self.previous.unwrap_or(start), pieces),
            None if !is_blank => {
                let is_word = token.kind == TokenKind::Ident && token.text(text) == "for";
                self.whole |= self.parts.pieces.is_empty() && is_word;
                self.start = Some(token.start());
            }
            _ => {}
        }
    }

    /// Ends the item that is read, if any, at `end`.
    fn finish_item(&mut self, end: usize, pieces: Pieces) {
        let Some(start) = self.start.take() else { return };
        match self.kind {
            Kind::Body { assigned: false } => self.parts.n_blocks += 1,
            _ => self.parts.n_items += 1,
        }
        let room = self.kind != Kind::Object || self.n_grouped < PIECE_KEYS;
        match self.parts.pieces.last_mut() {
            Some(last) if pieces == Pieces::Grouped && room && end - last.start <= PIECE => {
                last.end = end;
                self.n_grouped += 1;
            }
            _ => {
                self.parts.pieces.push(start..end);
                self.n_grouped = 1;
            }
        }
    }

    fn close(self, close: usize, pieces: Pieces) -> Option<Shape> {
        let apart = match self.kind {
            // The closing brace of a body stands on a line of its own.
            Kind::Body { .. } => self.start.is_none(),
            Kind::Object | Kind::Tuple => true,
            Kind::Other => false,
        };
        let is_object = self.kind == Kind::Object;
        let shape = Shape { open: self.open, close, parts: self.parts, is_object };
        let kept = apart && !self.whole && (shape.is_long() || is_object && pieces == Pieces::Single);
        kept.then_some(shape)
    }
}
