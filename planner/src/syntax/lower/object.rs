//! Object constructors.

use std::ops::Range;

use hcl::edit::expr as edit;

use crate::syntax::ast::{ExprKind, Ident, ObjectItem, ObjectKey};
use crate::syntax::lower::lowerer::Lowerer;

impl Lowerer<'_> {
    pub(super) fn object(&mut self, object: &edit::Object, range: &Range<usize>) -> ExprKind {
        self.not_for(range);
        let repair = self.repair;
        let parts = repair.parts(range.start);
        let mut items = Vec::with_capacity(parts.map_or(object.len(), |parts| parts.n_items));
        self.within(false, |lowerer| match parts {
            Some(parts) => parts.pieces.iter().for_each(|piece| lowerer.object_piece(piece, &mut items)),
            None => lowerer.items(object, range, &mut items),
        });
        ExprKind::Object(items.into())
    }

    pub(super) fn items(&mut self, object: &edit::Object, range: &Range<usize>, items: &mut Vec<ObjectItem>) {
        for (key, value) in object {
            let key = self.key(key, range);
            items.push(ObjectItem { key, value: self.expression(value.expr(), range) });
        }
    }

    fn key(&mut self, key: &edit::ObjectKey, around: &Range<usize>) -> ObjectKey {
        match key {
            edit::ObjectKey::Ident(ident) => ObjectKey::Bare(self.ident(ident, around)),
            // As a key, these words are no values.
            edit::ObjectKey::Expression(word @ (edit::Expression::Null(_) | edit::Expression::Bool(_))) => {
                let range = self.range(word, around);
                ObjectKey::Bare(Ident { name: self.texts.share(&self.text[range.clone()]), span: self.span(&range) })
            }
            edit::ObjectKey::Expression(expr) => ObjectKey::Expr(self.expression(expr, around)),
        }
    }
}
