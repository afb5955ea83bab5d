//! Decodes the blocks of one type.

use crate::catalog::{BlockNesting, BlockSchema};
use crate::diagnostic::{Diagnostic, Diagnostics, Mentions};
use crate::eval::{self, Scope};
use crate::schema::content::Content;
use crate::schema::labelled::Labelled;
use crate::schema::{decode, object_type, ty};
use crate::span::Span;
use crate::syntax::ast::{Attribute, Block};
use crate::value::{Type, Value, convert};

/// What the blocks of one type in `content` become.
pub(super) fn decode_blocks(
    schema: &BlockSchema,
    content: Content<'_>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Value {
    match &schema.nesting {
        BlockNesting::Single => match the_one(schema, content, diags) {
            Some(block) => decode(&schema.schema, &[&block.body], scope, diags),
            None => Value::Null(ty::blocks_type(schema)),
        },
        BlockNesting::Attributes(element) => match the_one(schema, content, diags) {
            Some(block) => arguments(schema, block, element, scope, diags),
            None => Value::Null(ty::blocks_type(schema)),
        },
        BlockNesting::List => match all(schema, content, scope, diags) {
            Some(items) => Value::List(object_type(&schema.schema), items.into()),
            None => Value::Unknown(ty::blocks_type(schema)),
        },
        BlockNesting::Set => match all(schema, content, scope, diags) {
            Some(items) => Value::set(items, object_type(&schema.schema)),
            None => Value::Unknown(ty::blocks_type(schema)),
        },
        BlockNesting::Map(labels) | BlockNesting::Object(labels) => {
            labelled(schema, labels.len(), content, scope, diags)
        }
    }
}

/// The block of a type that may be there once.
fn the_one<'a>(schema: &BlockSchema, content: Content<'a>, diags: &mut Diagnostics) -> Option<&'a Block> {
    let mut blocks = content.blocks(&schema.name, 0);
    let first = blocks.next();
    match (first, blocks.next()) {
        (None, _) if schema.min > 0 => {
            let detail = format!("A block of type {:?} is required here.", schema.name);
            diags.error(format!("Missing {} block", schema.name), detail, content.start());
        }
        (Some(first), Some(second)) => {
            let detail = format!("Only one block of type {:?} is allowed, and there is one already", schema.name);
            diags.push(duplicate(schema, detail, first.header, second.header));
        }
        _ => {}
    }
    first
}

/// A complaint about the block at `second`; `detail` ends with the place of the `first`.
fn duplicate(schema: &BlockSchema, detail: String, first: Span, second: Span) -> Diagnostic {
    let mentions = Some(Box::new(Mentions(vec![(detail.len(), first)])));
    let summary = format!("Duplicate {} block", schema.name);
    Diagnostic { mentions, ..Diagnostic::error(summary, detail + ".", second) }
}

/// The values of all blocks; `None` when nobody knows how many there will be, as nothing can be said of any then.
fn all(schema: &BlockSchema, content: Content<'_>, scope: &Scope<'_>, diags: &mut Diagnostics) -> Option<Vec<Value>> {
    let mut items = Vec::new();
    let mut excess = None;
    for block in content.blocks(&schema.name, 0) {
        items.push(decode(&schema.schema, &[&block.body], scope, diags));
        if block.body.is_unknown {
            return None;
        }
        if Some(items.len() - 1) == schema.max {
            excess = Some(block);
        }
    }
    if items.len() < schema.min {
        let detail = format!("At least {} {:?} blocks are required.", schema.min, schema.name);
        diags.error(format!("Insufficient {} blocks", schema.name), detail, content.start());
    }
    if let (Some(max), Some(excess)) = (schema.max, excess) {
        let detail = format!("No more than {max} {:?} blocks are allowed", schema.name);
        diags.error(format!("Too many {} blocks", schema.name), detail, excess.body.missing_item_at());
    }
    Some(items)
}

/// The values of all blocks by their labels.
fn labelled(
    schema: &BlockSchema,
    n_labels: usize,
    content: Content<'_>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Value {
    let mut found = Labelled::default();
    for block in content.blocks(&schema.name, n_labels) {
        if block.body.is_unknown {
            return Value::Unknown(ty::blocks_type(schema));
        }
        let value = decode(&schema.schema, &[&block.body], scope, diags);
        if let Err(first) = found.insert(&block.labels, block.header, value) {
            let labels: String = block.labels.iter().map(|label| format!(" {:?}", label.name)).collect();
            let detail = format!(
                "The labels of {0} blocks must be unique, and there is a block {0}{labels} already",
                schema.name
            );
            diags.push(duplicate(schema, detail, first, block.header));
        }
    }
    match &schema.nesting {
        BlockNesting::Object(_) => found.into_object(),
        _ => found.into_map(n_labels, &object_type(&schema.schema)),
    }
}

/// The arguments of a block in which each name is one.
fn arguments(schema: &BlockSchema, block: &Block, element: &Type, scope: &Scope<'_>, diags: &mut Diagnostics) -> Value {
    let attributes = block.body.just_attributes(diags);
    let value = |Attribute { expr, .. }: &Attribute, diags: &mut Diagnostics| {
        let value = eval::evaluate(expr, scope, diags);
        convert(&value, element).unwrap_or_else(|error| {
            let detail = format!("Invalid value for attribute of {:?} block: {error}.", schema.name);
            diags.push(eval::explain(expr, scope, "Invalid attribute value", detail));
            Value::Unknown(element.without_optional())
        })
    };
    let entries = attributes.iter().map(|attribute| (attribute.name.name.clone(), value(attribute, diags))).collect();
    Value::map(entries, element.without_optional())
}
