//! What was hidden from the parser: bodies, objects and tuples, parsed piece by piece. A piece's tree is dropped before
//! the next one is read.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use hcl::edit::expr::Expression;
use hcl::edit::parser;

use crate::syntax::ast::{Body, Expr, ObjectItem};
use crate::syntax::lower::lowerer::Lowerer;
use crate::syntax::refusal::refusal;
use crate::syntax::shape::Parts;

impl Lowerer<'_> {
    /// The text as the body of a file, all of which is `range`.
    pub(in crate::syntax) fn file(&mut self, range: &Range<usize>) -> Body {
        let mut body = self.empty_body(range);
        match self.repair.top() {
            Some(parts) => self.body_pieces(parts, &mut body),
            None => self.body_piece(range, &mut body),
        }
        body
    }

    /// Fills `body` with its pieces. A name set twice is a fault, which the parser only sees within a piece.
    pub(super) fn body_pieces(&mut self, parts: &Parts, body: &mut Body) {
        body.attributes.reserve_exact(parts.n_items);
        body.blocks.reserve_exact(parts.n_blocks);
        for piece in &parts.pieces {
            if !self.faults.is_empty() {
                return;
            }
            self.body_piece(piece, body);
        }
        let mut names: HashSet<Arc<str>> = HashSet::new();
        let again = body.attributes.iter().find(|attribute| !names.insert(attribute.name.name.clone()));
        if let Some(again) = again {
            let at = self.origin.in_text(again.name.span);
            self.fault("Attribute redefined", "An argument can be set once only.", &at);
        }
    }

    fn body_piece(&mut self, range: &Range<usize>, body: &mut Body) {
        let text = self.repair.masked("", range.clone(), "");
        self.shifted(range.start as isize, |lowerer| match parser::parse_body(&text) {
            Ok(piece) => lowerer.structures(&piece, range, body),
            Err(error) => lowerer.refused(&error),
        });
    }

    /// Adds the items in `range` of an object to `items`.
    pub(super) fn object_piece(&mut self, range: &Range<usize>, items: &mut Vec<ObjectItem>) {
        let text = self.repair.masked("{", range.clone(), "\n}");
        self.shifted(range.start as isize - 1, |lowerer| match parser::parse_expr(&text) {
            Ok(Expression::Object(object)) => lowerer.items(&object, range, items),
            Ok(_) => lowerer.fault("Invalid expression", "This is not an item of an object.", range),
            Err(error) => lowerer.refused(&error),
        });
    }

    /// Adds the elements in `range` of a tuple to `elements`.
    pub(super) fn tuple_piece(&mut self, range: &Range<usize>, elements: &mut Vec<Expr>) {
        let text = self.repair.masked("[", range.clone(), "\n]");
        self.shifted(range.start as isize - 1, |lowerer| match parser::parse_expr(&text) {
            Ok(Expression::Array(array)) => {
                elements.extend(array.iter().map(|element| lowerer.expression(element, range)));
            }
            Ok(_) => lowerer.fault("Invalid expression", "This is not an element of a tuple.", range),
            Err(error) => lowerer.refused(&error),
        });
    }

    fn refused(&mut self, error: &parser::Error) {
        let offset = self.offset(error.location().offset());
        self.faults.push(refusal(error, offset, self.text));
    }
}
