//! Decodes a component's body by its schema into one object value.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{AttributeSchema, Schema};
use crate::diagnostic::Diagnostics;
use crate::eval::{self, Scope};
use crate::schema::blocks::decode_blocks;
use crate::schema::content::Content;
use crate::syntax::ast::Body;
use crate::value::{Value, convert};

/// Evaluates `bodies` together (a source's body and what a build adds to it) into an object of `schema`. They hold no
/// `dynamic` blocks any more, see [`super::expand`].
///
/// Attributes that are not given are null. On errors the result is best effort and must not be used.
pub fn decode(schema: &Schema, bodies: &[&Body], scope: &Scope<'_>, diags: &mut Diagnostics) -> Value {
    let content = Content { schema, bodies };
    content.check(diags);
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for attribute in &schema.attributes {
        entries.insert(attribute.name.clone(), decode_attribute(attribute, content, scope, diags));
    }
    for block in &schema.blocks {
        entries.insert(block.name.clone(), decode_blocks(block, content, scope, diags));
    }
    Value::Object(Arc::new(entries))
}

fn decode_attribute(
    schema: &AttributeSchema,
    content: Content<'_>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Value {
    let value = match content.attribute(&schema.name) {
        None => Value::Null(schema.ty.without_optional()),
        Some(attribute) => {
            let value = eval::evaluate(&attribute.expr, scope, diags);
            convert(&value, &schema.ty).unwrap_or_else(|error| {
                let detail = format!("Inappropriate value for attribute {:?}: {error}.", schema.name);
                diags.push(eval::explain(&attribute.expr, scope, "Incorrect attribute value type", detail));
                Value::Unknown(schema.ty.without_optional())
            })
        }
    };
    match &schema.default {
        Some(default) if value.is_null() => default.clone(),
        _ => value,
    }
}
