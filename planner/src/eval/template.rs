//! Templates: text with interpolations and directives.

use crate::diagnostic::Diagnostics;
use crate::eval::choice::{Branch, Target};
use crate::eval::evaluator::Evaluator;
use crate::eval::iteration::Names;
use crate::span::Span;
use crate::syntax::ast::{Expr, ForDirective, TemplatePart};
use crate::value::{Type, Value, convert};

impl Evaluator<'_> {
    /// The text that the parts make up, as a string; unknown when any of them is. After a fault, the text before it.
    pub(super) fn template(&self, parts: &[TemplatePart], whole: Span, diags: &mut Diagnostics) -> Value {
        match parts {
            [] => Value::string(""),
            [TemplatePart::Literal(text, _)] => Value::String(text.clone()),
            _ => {
                let mut out = Out { text: String::new(), known: true };
                self.render(parts, whole, &mut out, diags);
                if out.known { Value::string(out.text) } else { Value::Unknown(Type::String) }
            }
        }
    }

    fn render(&self, parts: &[TemplatePart], whole: Span, out: &mut Out, diags: &mut Diagnostics) {
        let before = diags.len();
        for part in parts {
            let value = match part {
                TemplatePart::Literal(text, _) => {
                    if diags.len() == before {
                        self.append(text, whole, out, diags);
                    }
                    continue;
                }
                TemplatePart::Interpolation(expr) => self.interpolation(expr, whole, diags),
                TemplatePart::If(directive) => {
                    let span = directive.span;
                    let branch = |parts: &[TemplatePart]| {
                        let mut found = Diagnostics::new();
                        Branch { value: self.template(parts, span, &mut found), found, span, expr: None }
                    };
                    let branches = (branch(&directive.then), branch(&directive.otherwise));
                    Some(self.choose(&directive.condition, span, branches, &Target::Theirs, diags))
                }
                TemplatePart::For(directive) => Some(self.repeat(directive, diags)),
            };
            match value {
                Some(Value::String(text)) if diags.len() == before => self.append(&text, whole, out, diags),
                Some(Value::Unknown(_)) => out.known = false,
                _ => {}
            }
        }
    }

    fn append(&self, text: &str, whole: Span, out: &mut Out, diags: &mut Diagnostics) {
        if self.budget.take_text(text.len()) {
            out.text.push_str(text);
        } else if let Some(excess) = self.budget.excess() {
            self.too_large(excess, whole, diags);
        }
    }

    /// The value as text; none when it has no text (said).
    fn interpolation(&self, expr: &Expr, whole: Span, diags: &mut Diagnostics) -> Option<Value> {
        let value = self.value(expr, diags);
        let detail = match &value {
            Value::String(_) | Value::Unknown(_) => return Some(value),
            Value::Null(_) => {
                "The expression result is null. Cannot include a null value in a string template.".to_owned()
            }
            _ => match convert(&value, &Type::String) {
                Ok(text) => return Some(text),
                Err(error) => format!("Cannot include the given value in a string template: {error}."),
            },
        };
        self.fault(expr, "Invalid template interpolation value", detail, (expr.span, Some(whole)), diags);
        None
    }

    fn repeat(&self, directive: &ForDirective, diags: &mut Diagnostics) -> Value {
        let span = directive.span;
        let names = Names { key: directive.key_name.as_ref(), value: &directive.value_name };
        let collection = self.iterable(&directive.collection, span, diags);
        let Some(collection) = collection.filter(Value::is_known) else { return Value::Unknown(Type::String) };
        let mut out = Out { text: String::new(), known: true };
        let whole = self.each(&collection, names, |inside| inside.render(&directive.body, span, &mut out, diags));
        if let Err(excess) = whole {
            self.too_large(excess, span, diags);
        }
        if out.known { Value::String(out.text.into()) } else { Value::Unknown(Type::String) }
    }
}

/// What a template has come to so far.
struct Out {
    text: String,
    /// Whether all of it was known.
    known: bool,
}
