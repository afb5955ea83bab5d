//! What every step of lowering needs: the source text, where offsets lead, and the faults found.

use std::ops::Range;
use std::sync::Arc;

use hcl::edit::{Decorated, Ident as EditIdent, Span as EditSpan};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::is_nfc;

use crate::span::Span;
use crate::syntax::ast::Ident;
use crate::syntax::explain::Finding;
use crate::syntax::lower::sharing::Sharing;
use crate::syntax::origin::Origin;
use crate::syntax::repair::Repair;

/// Lowers the nodes of one text. Faults do not stop it: the tree is only used when there are none.
pub(in crate::syntax) struct Lowerer<'t> {
    /// The text as written, without byte order mark: never the masked text that the parser saw.
    pub(super) text: &'t str,
    pub(super) repair: &'t Repair<'t>,
    pub(super) origin: &'t Origin,
    /// What to add to the parser's offsets to get offsets in `text`.
    shift: isize,
    /// Whether an expression may run over a line end here.
    pub(super) newlines: bool,
    pub(super) faults: Vec<Finding>,
    pub(super) texts: Sharing,
}

impl<'t> Lowerer<'t> {
    pub(in crate::syntax) fn new(repair: &'t Repair<'t>, origin: &'t Origin) -> Self {
        Self {
            text: repair.text(),
            repair,
            origin,
            shift: 0,
            newlines: false,
            faults: Vec::new(),
            texts: Sharing::new(),
        }
    }

    /// `tree`, unless a fault was found in it.
    pub(in crate::syntax) fn done<T>(self, tree: T) -> Result<T, Finding> {
        self.faults.into_iter().next().map_or(Ok(tree), Err)
    }

    /// Where `node` stands in `text`; all of `around` when the parser kept no span.
    pub(super) fn range(&self, node: &impl EditSpan, around: &Range<usize>) -> Range<usize> {
        node.span().map_or_else(|| around.clone(), |span| self.offset(span.start)..self.offset(span.end))
    }

    /// An offset of the parser, in `text`.
    pub(super) fn offset(&self, offset: usize) -> usize {
        offset.saturating_add_signed(self.shift).min(self.text.len())
    }

    /// A range of `text` as a span of the file.
    pub(super) fn span(&self, range: &Range<usize>) -> Span {
        self.origin.span(range.start, range.end)
    }

    pub(super) fn ident(&mut self, ident: &Decorated<EditIdent>, around: &Range<usize>) -> Ident {
        let range = self.range(ident, around);
        Ident { name: self.texts.share(ident.as_str()), span: self.span(&range) }
    }

    /// Notes a fault.
    pub(super) fn fault(&mut self, summary: &'static str, detail: &str, subject: &Range<usize>) {
        let subject = (subject.start, subject.end);
        self.faults.push(Finding { summary, detail: detail.to_owned(), subject, context: None });
    }

    /// Runs `inner` where an expression may or may not run over a line end.
    pub(in crate::syntax) fn within<T>(&mut self, newlines: bool, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.newlines, newlines);
        let result = inner(self);
        self.newlines = outer;
        result
    }

    /// Runs `inner` on nodes whose offsets are those of `text` when `shift` is added.
    pub(in crate::syntax) fn shifted<T>(&mut self, shift: isize, inner: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.shift, shift);
        let result = inner(self);
        self.shift = outer;
        result
    }

    /// The first byte at or after `at` that is neither blank nor in a comment.
    pub(super) fn skip_blank(&self, at: usize) -> usize {
        let mut at = at;
        loop {
            let rest = &self.text[at..];
            let blank = rest.len() - rest.trim_start().len();
            at += blank;
            let rest = &rest[blank..];
            let comment = if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |len| len + 2)
            } else if rest.starts_with('#') || rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else {
                return at;
            };
            at += comment;
        }
    }

    /// Refuses a line end (not one in a comment) between two parts of an expression that must share a line: the
    /// parser forgets, after a bracket, that it is back outside of it.
    pub(super) fn same_line(&mut self, from: usize, to: usize) {
        if self.newlines || from >= to || !self.text[from..to].contains('\n') {
            return;
        }
        let mut at = from;
        while at < to {
            let next = self.text[at..to].find(['\n', '/']).map_or(to, |len| at + len);
            let comment = self.text[next..to].starts_with("/*").then(|| self.text[next..to].find("*/")).flatten();
            match comment {
                Some(len) => at = next + len + 2,
                None if self.text[next..to].starts_with('\n') => {
                    let detail = "An expression outside of brackets must end with its line.";
                    return self.fault("Invalid expression", detail, &(next..next + 1));
                }
                None => at = next + 1,
            }
        }
    }
}

/// Text in Unicode normalisation form C, as all strings and names are.
pub(super) fn normalised(text: &str) -> Arc<str> {
    if text.is_ascii() || is_nfc(text) { Arc::from(text) } else { text.nfc().collect::<String>().into() }
}
