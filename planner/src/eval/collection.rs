//! `[…]` and `{…}`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::{Evaluator, unknown};
use crate::eval::span::literal_key;
use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, ObjectItem, ObjectKey};
use crate::value::{Type, Value, convert};

impl Evaluator<'_> {
    /// `[a, b]`.
    pub(super) fn tuple(&self, items: &[Expr], diags: &mut Diagnostics) -> Value {
        Value::tuple(items.iter().map(|item| self.value(item, diags)))
    }

    /// `{ k = v }`. All keys must be known for the object to have a type.
    pub(super) fn object(&self, items: &[ObjectItem], diags: &mut Diagnostics) -> Value {
        let mut entries = BTreeMap::new();
        let mut complete = true;
        for item in items {
            let mut found = Diagnostics::new();
            let key = self.key(&item.key, &mut found);
            let failed = found.has_errors();
            diags.append(found);
            let value = self.value(&item.value, diags);
            let name = if failed { None } else { self.key_text(&key, item, diags) };
            match name {
                Some(name) => drop(entries.insert(name, value)),
                None => complete = false,
            }
        }
        if complete { Value::Object(Arc::new(entries)) } else { unknown() }
    }

    fn key(&self, key: &ObjectKey, diags: &mut Diagnostics) -> Value {
        let expr = match key {
            ObjectKey::Bare(name) => return Value::String(name.name.clone()),
            ObjectKey::Expr(expr) => expr,
        };
        match &expr.kind {
            ExprKind::Variable(name) => Value::String(name.clone()),
            ExprKind::Null => Value::string("null"),
            ExprKind::Bool(value) => Value::string(value.to_string()),
            ExprKind::Access(access)
                if matches!(access.root.kind, ExprKind::Variable(_))
                    && access.steps.iter().all(|step| literal_key(step).is_some()) =>
            {
                let detail = "If this expression is intended to be a reference, wrap it in parentheses. If it's \
                              instead intended as a literal name containing periods, wrap it in quotes to create a \
                              string literal.";
                diags.error("Ambiguous attribute key", detail, expr.span);
                unknown()
            }
            _ => self.value(expr, diags),
        }
    }

    /// The text of a key; none when it is not known or not possible.
    fn key_text(&self, key: &Value, item: &ObjectItem, diags: &mut Diagnostics) -> Option<Arc<str>> {
        if let Value::String(text) = key {
            return Some(text.clone());
        }
        let mut fault = |summary: &str, detail: String, subject: Span| match &item.key {
            ObjectKey::Expr(expr) => self.fault(expr, summary, detail, (subject, None), diags),
            ObjectKey::Bare(_) => diags.error(summary, detail, subject),
        };
        if key.is_null() {
            fault("Null value as key", "Can't use a null value as a key.".to_owned(), item.value.span);
            return None;
        }
        match convert(key, &Type::String) {
            Ok(Value::String(text)) => Some(text),
            Ok(_) => None,
            Err(error) => {
                let subject = match &item.key {
                    ObjectKey::Expr(expr) => expr.span,
                    ObjectKey::Bare(name) => name.span,
                };
                fault("Incorrect key type", format!("Can't use this value as a key: {error}."), subject);
                None
            }
        }
    }
}
