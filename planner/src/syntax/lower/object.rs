//! Object constructors, also those that are parsed item by item.

use std::ops::Range;

use hcl::edit::expr as edit;
use hcl::edit::parser;

use crate::syntax::ast::{ExprKind, Ident, ObjectItem, ObjectKey};
use crate::syntax::lower::lowerer::{Lowerer, normalised};
use crate::syntax::refusal::refusal;

impl Lowerer<'_> {
    pub(super) fn object(&mut self, object: &edit::Object, range: &Range<usize>) -> ExprKind {
        self.not_for(range);
        let repair = self.repair;
        let mut items = Vec::with_capacity(object.len());
        self.within(false, |lowerer| match repair.items(range.start) {
            Some(pieces) => pieces.iter().for_each(|piece| lowerer.piece(piece, &mut items)),
            None => lowerer.items(object, range, &mut items),
        });
        ExprKind::Object(items)
    }

    fn items(&mut self, object: &edit::Object, range: &Range<usize>, items: &mut Vec<ObjectItem>) {
        for (key, value) in object {
            let key = self.key(key, range);
            items.push(ObjectItem { key, value: self.expression(value.expr(), range) });
        }
    }

    /// One item of an object that was hidden from the parser: parsed as an object of its own.
    fn piece(&mut self, range: &Range<usize>, items: &mut Vec<ObjectItem>) {
        let text = format!("{{{}\n}}", self.repair.masked(range.clone()));
        let outer = std::mem::replace(&mut self.shift, range.start as isize - 1);
        match parser::parse_expr(&text) {
            Ok(edit::Expression::Object(object)) => self.items(&object, range, items),
            Ok(_) => self.fault("Invalid expression", "This is not an item of an object.", range),
            Err(error) => {
                let fault = refusal(&error, self.offset(error.location().offset()), self.text);
                self.faults.push(fault);
            }
        }
        self.shift = outer;
    }

    fn key(&mut self, key: &edit::ObjectKey, around: &Range<usize>) -> ObjectKey {
        match key {
            edit::ObjectKey::Ident(ident) => ObjectKey::Bare(self.ident(ident, around)),
            // As a key, these words are no values.
            edit::ObjectKey::Expression(word @ (edit::Expression::Null(_) | edit::Expression::Bool(_))) => {
                let range = self.range(word, around);
                ObjectKey::Bare(Ident { name: normalised(&self.text[range.clone()]), span: self.span(&range) })
            }
            edit::ObjectKey::Expression(expr) => ObjectKey::Expr(self.expression(expr, around)),
        }
    }
}
