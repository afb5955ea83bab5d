//! Templates: text with interpolations and directives.

use crate::diagnostic::Diagnostics;
use crate::eval::choice::Branch;
use crate::eval::evaluator::Evaluator;
use crate::eval::iteration::Names;
use crate::span::Span;
use crate::syntax::ast::{Expr, TemplatePart};
use crate::value::{Type, Value, convert};

impl Evaluator<'_> {
    /// The text that the parts make up, as a string; unknown when any of them is.
    pub(super) fn template(&self, parts: &[TemplatePart], whole: Span, diags: &mut Diagnostics) -> Value {
        match self.render(parts, whole, diags) {
            Some(text) => Value::string(text),
            None => Value::Unknown(Type::String),
        }
    }

    fn render(&self, parts: &[TemplatePart], whole: Span, diags: &mut Diagnostics) -> Option<String> {
        let mut out = Some(String::new());
        for part in parts {
            let text = match part {
                TemplatePart::Literal(text, _) => {
                    if let Some(out) = &mut out {
                        out.push_str(text);
                    }
                    continue;
                }
                TemplatePart::Interpolation(expr) => self.interpolation(expr, whole, diags),
                TemplatePart::If { condition, then, otherwise, span } => {
                    let branch = |parts: &[TemplatePart]| {
                        let mut found = Diagnostics::new();
                        Branch { value: self.template(parts, *span, &mut found), found, span: *span, expr: None }
                    };
                    let branches = (branch(then), branch(otherwise));
                    let chosen = self.choose(condition, *span, branches, &Type::String, diags);
                    chosen.as_str().map(str::to_owned)
                }
                TemplatePart::For { key_name, value_name, collection, body, span } => {
                    let names = Names { key: key_name.as_ref(), value: value_name };
                    self.repeat(names, collection, body, *span, diags)
                }
            };
            match (&mut out, text) {
                (Some(out), Some(text)) => out.push_str(&text),
                _ => out = None,
            }
        }
        out
    }

    fn interpolation(&self, expr: &Expr, whole: Span, diags: &mut Diagnostics) -> Option<String> {
        let value = self.value(expr, diags);
        if let Value::String(text) = &value {
            return Some(text.to_string());
        }
        let detail = match convert(&value, &Type::String) {
            _ if value.is_null() => {
                "The expression result is null. Cannot include a null value in a string template.".to_owned()
            }
            Ok(Value::String(text)) => return Some(text.to_string()),
            _ if !value.is_known() => return None,
            Ok(_) => return None,
            Err(error) => format!("Cannot include the given value in a string template: {error}."),
        };
        self.fault(expr, "Invalid template interpolation value", detail, (expr.span, Some(whole)), diags);
        None
    }

    fn repeat(
        &self,
        names: Names<'_>,
        collection: &Expr,
        body: &[TemplatePart],
        span: Span,
        diags: &mut Diagnostics,
    ) -> Option<String> {
        let mut out = Some(String::new());
        for (key, value) in self.iterate(collection, span, diags)? {
            let text = self.with(names, key, value, |inside| inside.render(body, span, diags));
            match (&mut out, text) {
                (Some(out), Some(text)) => out.push_str(&text),
                _ => out = None,
            }
        }
        out
    }
}
