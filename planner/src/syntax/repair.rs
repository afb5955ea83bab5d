//! What the parser refuses or is slow at, though it is valid, is hidden from it by text of the same length, so that
//! all offsets stay right; lowering takes what was hidden from the text as written.
//!
//! * Objects with the same key twice, which it refuses, and with very many keys, which it compares each with each:
//!   their content is blanked, and their items are parsed one by one.
//! * Numbers beyond the range of a double, a line end after an operator sign in brackets, heredoc lines that only
//!   start with the end marker, and empty heredocs.

use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use crate::syntax::scan::{self, Mode};
use crate::syntax::token::{Token, TokenKind};

/// Objects with more items than this are parsed item by item.
const MANY_ITEMS: usize = 256;
/// Objects nested deeper than this are left to the parser, which refuses them.
const MAX_DEPTH: usize = 64;
/// A text shorter than this holds no object that is slow to parse.
const LONG_TEXT: usize = 4096;

/// A text and what is hidden of it.
pub(super) struct Repair<'t> {
    text: &'t str,
    /// `text` with single tokens masked, when any are.
    patched: Option<String>,
    objects: Vec<ObjectShape>,
    /// The objects that are hidden: where the brace opens, and which of `objects` it is.
    hidden: BTreeMap<usize, usize>,
}

impl<'t> Repair<'t> {
    /// Nothing hidden, except objects with very many keys.
    pub(super) fn for_speed(text: &'t str, mode: Mode) -> Self {
        let mut repair = Self::none(text);
        if text.len() > LONG_TEXT {
            repair.objects = objects(&scan::scan(text, mode), text, mode);
            repair.hide(|object| object.items.len() > MANY_ITEMS);
        }
        repair
    }

    /// Nothing hidden.
    pub(super) fn none(text: &'t str) -> Self {
        Self { text, patched: None, objects: Vec::new(), hidden: BTreeMap::new() }
    }

    /// Everything hidden that the parser is known to refuse.
    pub(super) fn for_refusal(text: &'t str, mode: Mode) -> Self {
        let tokens = scan::scan(text, mode);
        let mut repair = Self { patched: patched(&tokens, text), ..Self::none(text) };
        repair.objects = objects(&tokens, text, mode);
        repair.hide(|object| object.repeats || object.items.len() > MANY_ITEMS);
        repair
    }

    /// Hides the object with an item at `offset`, too. Whether there is one that was not hidden yet, nor is too deep.
    pub(super) fn hide_around(&mut self, offset: usize) -> bool {
        let around = |object: &ObjectShape| object.items.iter().any(|item| item.start == offset);
        let before = self.hidden.len();
        self.hide(around);
        self.hidden.len() > before
    }

    /// The text as written.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    /// The items of the object that opens at `offset`, if it is hidden.
    pub(super) fn items(&self, offset: usize) -> Option<&[Range<usize>]> {
        self.hidden.get(&offset).map(|object| self.objects[*object].items.as_slice())
    }

    /// The text in `range` for the parser.
    pub(super) fn masked(&self, range: Range<usize>) -> String {
        let text = self.patched.as_deref().unwrap_or(self.text);
        let mut masked = String::with_capacity(range.len());
        let mut at = range.start;
        for (open, object) in self.hidden.range(range.clone()) {
            let close = self.objects[*object].close;
            if *open >= at && close < range.end {
                masked.push_str(&text[at..=*open]);
                masked.extend(std::iter::repeat_n(' ', close - open - 1));
                at = close;
            }
        }
        masked.push_str(&text[at..range.end]);
        masked
    }

    fn hide(&mut self, which: impl Fn(&ObjectShape) -> bool) {
        let hidden = self.objects.iter().enumerate().filter(|(_, object)| object.depth <= MAX_DEPTH && which(object));
        self.hidden.extend(hidden.map(|(at, object)| (object.open, at)));
    }
}

/// An object constructor.
struct ObjectShape {
    open: usize,
    close: usize,
    items: Vec<Range<usize>>,
    /// Whether two keys are written alike.
    repeats: bool,
    /// How many brackets and blocks surround it.
    depth: usize,
}

/// What a bracket opened.
enum Open {
    /// A file or block; whether the current item has got its equals sign.
    Body { assigned: bool },
    /// An object, its first token's kind still to be seen if `start` is where the brace is.
    Object(Building),
    /// Anything else.
    Other,
}

struct Building {
    open: usize,
    items: Vec<Range<usize>>,
    /// The item that is read.
    start: Option<usize>,
    keyed: bool,
    keys: HashSet<String>,
    repeats: bool,
    /// `{ for …`: no items to tell apart.
    comprehension: bool,
}

/// All object constructors of a text, `for` expressions left out. Brackets that do not match end the search.
fn objects(tokens: &[Token], text: &str, mode: Mode) -> Vec<ObjectShape> {
    let mut found = Vec::new();
    let mut open = vec![if mode == Mode::Body { Open::Body { assigned: false } } else { Open::Other }];
    let mut previous_end = 0;
    for token in tokens {
        if let Some(Open::Object(object)) = open.last_mut() {
            object.token(token, previous_end, text);
        }
        match (token.kind, open.last_mut()) {
            (TokenKind::OpenBrace, Some(Open::Body { assigned: false })) => open.push(Open::Body { assigned: false }),
            (TokenKind::OpenBrace, _) => open.push(Open::Object(Building::at(token.start))),
            (TokenKind::Assign, Some(Open::Body { assigned })) => *assigned = true,
            (TokenKind::Newline, Some(Open::Body { assigned })) => *assigned = false,
            (kind, _) if kind.opens() => open.push(Open::Other),
            (kind, _) if kind.closes() => match open.pop() {
                Some(Open::Object(object)) if !object.comprehension => {
                    found.push(object.close(token.start, open.len()));
                }
                Some(_) => {}
                None => break,
            },
            _ => {}
        }
        previous_end = token.end;
    }
    found
}

impl Building {
    fn at(open: usize) -> Self {
        Self {
            open,
            items: Vec::new(),
            start: None,
            keyed: false,
            keys: HashSet::new(),
            repeats: false,
            comprehension: false,
        }
    }

    /// Takes in a token of the object itself, not of anything nested in it except for what opens that.
    fn token(&mut self, token: &Token, previous_end: usize, text: &str) {
        match (token.kind, self.start) {
            (TokenKind::Newline | TokenKind::Comma | TokenKind::CloseBrace, Some(start)) => {
                self.items.push(start..previous_end);
                self.start = None;
            }
            (TokenKind::Newline | TokenKind::Comma | TokenKind::CloseBrace, None) => {}
            (kind, None) => {
                self.comprehension |= self.items.is_empty() && kind == TokenKind::Ident && token.text(text) == "for";
                self.start = Some(token.start);
                self.keyed = false;
            }
            (TokenKind::Assign | TokenKind::Colon, Some(start)) if !self.keyed => {
                self.keyed = true;
                self.repeats |= !self.keys.insert(text[start..previous_end].to_owned());
            }
            _ => {}
        }
    }

    fn close(self, close: usize, depth: usize) -> ObjectShape {
        ObjectShape { open: self.open, close, items: self.items, repeats: self.repeats, depth }
    }
}

/// `text` with single tokens masked that the parser cannot read; `None` when there are none.
fn patched(tokens: &[Token], text: &str) -> Option<String> {
    let mut patches: Vec<(Range<usize>, char)> = Vec::new();
    let mut markers: Vec<&str> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Number if token.text(text).parse().is_ok_and(f64::is_infinite) => {
                patches.push((token.start..token.end, '0'));
            }
            TokenKind::Minus | TokenKind::Bang => {
                let next = tokens[at + 1..].iter().find(|next| next.kind != TokenKind::Newline);
                let breaks = tokens.get(at + 1).is_some_and(|next| next.kind == TokenKind::Newline);
                if let Some(next) = next.filter(|_| breaks) {
                    patches.push((token.end..next.start, ' '));
                }
            }
            TokenKind::OpenHeredoc if tokens[at + 1].kind == TokenKind::CloseHeredoc => {
                markers.push("");
                patches.push((token.start..token.start + 2, '"'));
                patches.push((token.start + 2..tokens[at + 1].end, ' '));
            }
            TokenKind::OpenHeredoc => markers.push(token.text(text).trim_start_matches(['<', '-']).trim_end()),
            TokenKind::CloseHeredoc => {
                markers.pop();
            }
            TokenKind::LineLiteral => {
                let line = token.text(text);
                let content = line.trim_start();
                if let Some(marker) = markers.last()
                    && text[..token.start].ends_with('\n')
                    && content.starts_with(marker)
                {
                    let start = token.start + line.len() - content.len();
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
