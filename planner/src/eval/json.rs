//! JSON values: strings are templates, names of properties too.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::{Evaluator, unknown};
use crate::span::Span;
use crate::syntax::ast::{JsonDocument, JsonExpr};
use crate::syntax::json::{Kind, Node, Property};
use crate::value::{Number, Type, Value, convert, quote};

impl Evaluator<'_> {
    /// A JSON value with its templates evaluated.
    pub(super) fn json(&self, json: &JsonExpr, diags: &mut Diagnostics) -> Value {
        Reader { document: &json.document, evaluator: Some(self) }.value(&json.node, diags)
    }
}

/// A JSON value where nothing is evaluated: strings are what they say.
pub(super) fn literal(json: &JsonExpr, diags: &mut Diagnostics) -> Value {
    Reader { document: &json.document, evaluator: None }.value(&json.node, diags)
}

struct Reader<'e> {
    document: &'e JsonDocument,
    evaluator: Option<&'e Evaluator<'e>>,
}

impl Reader<'_> {
    fn value(&self, node: &Node, diags: &mut Diagnostics) -> Value {
        match &node.kind {
            Kind::Null => Value::Null(Type::Dynamic),
            Kind::Bool(value) => Value::Bool(*value),
            // Every JSON number is one of the language.
            Kind::Number(text) => Number::parse(text).map_or(Value::Unknown(Type::Number), Value::Number),
            Kind::String(text) => self.string(text, node.span, diags),
            Kind::Array(items) => Value::tuple(items.iter().map(|item| self.value(item, diags))),
            Kind::Object(properties) => self.object(properties, diags),
        }
    }

    fn string(&self, text: &str, span: Span, diags: &mut Diagnostics) -> Value {
        match (self.evaluator, self.document.template(span)) {
            (Some(evaluator), Some(Ok(template))) => evaluator.value(template, diags),
            (Some(_), Some(Err(problems))) => {
                diags.append(problems.clone());
                unknown()
            }
            _ => Value::string(text),
        }
    }

    /// All names must be known for the object to have a type.
    fn object(&self, properties: &[Property], diags: &mut Diagnostics) -> Value {
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut complete = true;
        for property in properties {
            let name = self.string(&property.name, property.name_span, diags);
            let value = self.value(&property.value, diags);
            match name_text(&name) {
                Ok(Some(name)) if entries.contains_key(&name) => {
                    let detail = format!("An attribute named {} was already defined in this object.", quote(&name));
                    diags.error("Duplicate object attribute", detail, property.name_span);
                }
                Ok(Some(name)) => drop(entries.insert(name, value)),
                Ok(None) => complete = false,
                Err(detail) => diags.error("Invalid object key expression", detail, property.name_span),
            }
        }
        if complete { Value::Object(Arc::new(entries)) } else { unknown() }
    }
}

/// The text of a name; none when it is not known.
fn name_text(name: &Value) -> Result<Option<Arc<str>>, String> {
    if name.is_null() {
        return Err("Cannot use null value as an object key.".to_owned());
    }
    match convert(name, &Type::String) {
        Ok(Value::String(text)) => Ok(Some(text)),
        Ok(_) => Ok(None),
        Err(error) => Err(format!("Cannot use this expression as an object key: {error}.")),
    }
}
