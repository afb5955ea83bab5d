//! The values of variables in a failing expression, as diagnostics show them.

use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::Evaluator;
use crate::eval::lookup::Found;
use crate::eval::reference::{Reference, ReferenceStep, references};
use crate::eval::select::{attribute, index};
use crate::span::{FileId, Span};
use crate::syntax::ast::Expr;
use crate::value::notation::general;
use crate::value::{Number, Value, quote};

impl Evaluator<'_> {
    /// The variables in `expr` that have a known value, with a short description of it.
    pub(super) fn witnesses(&self, expr: &Expr) -> Vec<(String, String)> {
        let mut shown = Vec::new();
        // References are of the whole expression; names bound by a `for` around it are in scope here, those bound
        // inside of it are not listed.
        for reference in references(expr) {
            if let Some(value) = self.current(&reference)
                && value.is_known()
            {
                let pair = (spelled(&reference), description(&value));
                if !shown.contains(&pair) {
                    shown.push(pair);
                }
            }
        }
        shown
    }

    fn current(&self, reference: &Reference) -> Option<Value> {
        let mut steps = reference.steps.iter();
        let first = reference.steps.first().and_then(ReferenceStep::as_attr);
        let mut value = match self.find(&reference.root, first)? {
            Found::Whole(value) => value,
            Found::Member(value) => {
                steps.next();
                value
            }
        };
        let nowhere = Span { file: FileId(0), start: 0, end: 0 };
        for step in steps {
            let mut diags = Diagnostics::new();
            value = match (step, &value) {
                (ReferenceStep::Key(name), Value::Object(_) | Value::Map(..)) => {
                    attribute(&value, name, nowhere).unwrap_or_else(|fault| fault.report(&mut diags))
                }
                _ => index(&value, &key_of(step), nowhere).unwrap_or_else(|fault| fault.report(&mut diags)),
            };
            if diags.has_errors() {
                return None;
            }
        }
        Some(value)
    }
}

fn key_of(step: &ReferenceStep) -> Value {
    match step {
        ReferenceStep::Key(name) => Value::String(Arc::clone(name)),
        ReferenceStep::Index(digits) => Number::parse(digits).map_or_else(|| Value::string(&**digits), Value::Number),
    }
}

fn spelled(reference: &Reference) -> String {
    let mut out = reference.root.to_string();
    for step in &reference.steps {
        match step {
            ReferenceStep::Key(name) if is_name(name) => {
                out.push('.');
                out.push_str(name);
            }
            ReferenceStep::Key(name) => out.push_str(&format!("[{}]", quote(name))),
            ReferenceStep::Index(digits) => out.push_str(&format!("[{digits}]")),
        }
    }
    out
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
        && !text.is_empty()
        && text.chars().all(|character| character.is_alphanumeric() || character == '_' || character == '-')
}

/// Text that is longer than anybody reads is cut.
const MAX_SHOWN: usize = 1 << 14;

fn quoted(text: &str) -> String {
    match text.len() {
        0..=MAX_SHOWN => quote(text),
        _ => format!("{}…", quote(&text[..text.floor_char_boundary(MAX_SHOWN)])),
    }
}

/// A value in a few words: text quoted, collections by their size.
fn description(value: &Value) -> String {
    let ty = value.ty();
    match value {
        Value::Null(_) => "null".to_owned(),
        Value::Unknown(_) => "(not yet known)".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => general(number, Some(10)),
        Value::String(text) => quoted(text),
        Value::Object(entries) => match entries.len() {
            0 => "object with no attributes".to_owned(),
            1 => format!("object with 1 attribute {}", quote(entries.keys().next().map_or("", |name| name))),
            many => format!("object with {many} attributes"),
        },
        Value::List(..) | Value::Set(..) | Value::Tuple(_) | Value::Map(..) => {
            let size = value.items().map(<[Value]>::len).or_else(|| value.entries().map(|entries| entries.len()));
            match size.unwrap_or(0) {
                0 => format!("empty {ty}"),
                1 => format!("{ty} with 1 element"),
                many => format!("{ty} with {many} elements"),
            }
        }
    }
}
