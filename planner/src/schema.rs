//! Decodes a component's body by its schema into one object value.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use crate::config::shape::{unsupported_argument, unsupported_block};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::dynamic;
use crate::eval::{self, Scope};
use crate::span::Span;
use crate::syntax::Role;
use crate::syntax::ast::{Attribute, Block, Body};
use crate::value::{ObjectType, Type, Value, convert};

/// `body` with the `dynamic` blocks at every depth of it expanded in `scope`.
pub fn expand<'b>(schema: &Schema, body: &'b Body, scope: &Scope<'_>, diags: &mut Diagnostics) -> Cow<'b, Body> {
    let expanded = dynamic::expand(body, &|name| role(schema, name), scope, diags);
    in_depth(schema, expanded, |schema, body| match expand(schema, body, scope, diags) {
        Cow::Owned(body) => Some(body),
        Cow::Borrowed(_) => None,
    })
}

/// `body` with its blocks told from its attributes at every depth, for one in which nothing is expanded.
pub fn shaped<'b>(schema: &Schema, body: &'b Body, diags: &mut Diagnostics) -> Cow<'b, Body> {
    let body = body.shaped(|name| role(schema, name), diags);
    in_depth(schema, body, |schema, body| match shaped(schema, body, diags) {
        Cow::Owned(body) => Some(body),
        Cow::Borrowed(_) => None,
    })
}

/// Puts what `change` makes of the bodies of nested blocks in their place.
fn in_depth<'b>(
    schema: &Schema,
    mut body: Cow<'b, Body>,
    mut change: impl FnMut(&Schema, &Body) -> Option<Body>,
) -> Cow<'b, Body> {
    for at in 0..body.blocks.len() {
        let block = &body.blocks[at];
        let known = schema.blocks.iter().find(|known| known.name == block.kind.name);
        if let Some(changed) = known.and_then(|known| change(&known.schema, &block.body)) {
            body.to_mut().blocks[at].body = changed;
        }
    }
    body
}

/// What `name` is by `schema`.
fn role(schema: &Schema, name: &str) -> Option<Role<'static>> {
    if schema.attributes.iter().any(|known| &*known.name == name) {
        return Some(Role::Attribute);
    }
    schema.blocks.iter().any(|known| &*known.name == name).then_some(Role::Block(&[]))
}

/// Evaluates `bodies` together (a source's body and what a build adds to it) into an object of `schema`. They hold no
/// `dynamic` blocks any more, see [`expand`].
///
/// Attributes that are not given are null. On errors the result is best effort and must not be used.
pub fn decode(schema: &Schema, bodies: &[&Body], scope: &Scope<'_>, diags: &mut Diagnostics) -> Value {
    check_names(schema, bodies, diags);
    let owner = start_of(bodies);
    let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for attribute in &schema.attributes {
        entries.insert(attribute.name.clone(), decode_attribute(attribute, bodies, owner, scope, diags));
    }
    for block in &schema.blocks {
        entries.insert(block.name.clone(), decode_blocks(block, bodies, owner, scope, diags));
    }
    Value::Object(Arc::new(entries))
}

/// Where something that is missing would stand.
fn start_of(bodies: &[&Body]) -> Option<Span> {
    bodies.first().map(|body| body.missing_at().unwrap_or(Span { end: body.span.start, ..body.span }))
}

fn check_names(schema: &Schema, bodies: &[&Body], diags: &mut Diagnostics) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let attributes = bodies.iter().flat_map(|body| body.attributes.iter().map(move |attribute| (body, attribute)));
    for (body, Attribute { name, .. }) in attributes {
        if !schema.attributes.iter().any(|known| known.name == name.name) {
            diags.push(unsupported_argument(name, body, attribute_names(schema), block_names(schema)));
        } else if first.insert(&name.name, name.span).is_some() {
            let detail = format!("Argument {:?} was already set in the source block that this build uses.", name.name);
            diags.error("Duplicate argument", detail, name.span);
        }
    }
    for block in bodies.iter().flat_map(|body| &body.blocks) {
        if !schema.blocks.iter().any(|known| known.name == block.kind.name) {
            diags.push(unsupported_block(&block.kind, attribute_names(schema), block_names(schema)));
        }
    }
}

fn attribute_names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.attributes.iter().map(|known| &*known.name)
}

fn block_names(schema: &Schema) -> impl Iterator<Item = &str> {
    schema.blocks.iter().map(|known| &*known.name)
}

fn missing(name: &str, owner: Option<Span>) -> Diagnostic {
    let detail = format!("The argument {name:?} is required, but no definition was found.");
    Diagnostic::error("Missing required argument", detail, owner)
}

fn find<'a>(bodies: &[&'a Body], name: &str) -> Option<&'a Attribute> {
    bodies.iter().rev().find_map(|body| body.attributes.iter().find(|attribute| &*attribute.name.name == name))
}

fn decode_attribute(
    schema: &AttributeSchema,
    bodies: &[&Body],
    owner: Option<Span>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Value {
    let Some(attribute) = find(bodies, &schema.name) else {
        if schema.required {
            diags.push(missing(&schema.name, owner));
        }
        return Value::Null(schema.ty.clone());
    };
    let value = eval::evaluate(&attribute.expr, scope, diags);
    match convert(&value, &schema.ty) {
        Ok(value) => value,
        Err(error) => {
            let detail = format!("Inappropriate value for attribute {:?}: {error}.", schema.name);
            diags.push(eval::explain(&attribute.expr, scope, "Incorrect attribute value type", detail));
            Value::Unknown(schema.ty.clone())
        }
    }
}

fn decode_blocks(
    schema: &BlockSchema,
    bodies: &[&Body],
    owner: Option<Span>,
    scope: &Scope<'_>,
    diags: &mut Diagnostics,
) -> Value {
    let all = bodies.iter().flat_map(|body| &body.blocks).filter(|block| block.kind.name == schema.name);
    let blocks: Vec<&Block> = all.collect();
    if blocks.len() < schema.min {
        let detail = format!("At least {} {:?} blocks are required.", schema.min, schema.name);
        diags.error(format!("Insufficient {} blocks", schema.name), detail, owner);
    }
    match schema.nesting {
        BlockNesting::List => {
            let mut items = Vec::with_capacity(blocks.len());
            for block in blocks {
                items.push(decode(&schema.schema, &[&block.body], scope, diags));
                if block.body.is_unknown {
                    // As nobody knows how many blocks there will be, nothing can be said of the list.
                    return Value::Unknown(Type::List(Arc::new(object_type(&schema.schema))));
                }
            }
            Value::List(object_type(&schema.schema), items.into())
        }
        BlockNesting::Single => {
            if let Some(extra) = blocks.get(1) {
                let detail = format!("Only one {} block is allowed.", schema.name);
                diags.error(format!("Duplicate {} block", schema.name), detail, extra.header);
            }
            match blocks.first() {
                Some(block) => decode(&schema.schema, &[&block.body], scope, diags),
                None => Value::Null(object_type(&schema.schema)),
            }
        }
    }
}

/// The type of the object that [`decode`] makes by `schema`.
pub fn object_type(schema: &Schema) -> Type {
    let attributes = schema.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty.clone()));
    let blocks = schema.blocks.iter().map(|block| {
        let inner = object_type(&block.schema);
        let ty = match block.nesting {
            BlockNesting::Single => inner,
            BlockNesting::List => Type::List(Arc::new(inner)),
        };
        (block.name.clone(), ty)
    });
    Type::Object(Arc::new(ObjectType { attributes: attributes.chain(blocks).collect(), ..ObjectType::default() }))
}

/// Replaces what is still unknown by a value of the same type that a component can be shown: `<unknown>`, 0, false,
/// empty collections.
pub fn fill_unknown(value: &Value) -> Value {
    match value {
        Value::Unknown(ty) => placeholder(ty),
        Value::List(ty, items) => Value::List(ty.clone(), items.iter().map(fill_unknown).collect()),
        Value::Set(ty, items) => Value::Set(ty.clone(), items.iter().map(fill_unknown).collect()),
        Value::Tuple(items) => Value::Tuple(items.iter().map(fill_unknown).collect()),
        Value::Map(ty, entries) => Value::Map(ty.clone(), Arc::new(fill_entries(entries))),
        Value::Object(entries) => Value::Object(Arc::new(fill_entries(entries))),
        known => known.clone(),
    }
}

fn fill_entries(entries: &BTreeMap<Arc<str>, Value>) -> BTreeMap<Arc<str>, Value> {
    entries.iter().map(|(name, value)| (name.clone(), fill_unknown(value))).collect()
}

fn placeholder(ty: &Type) -> Value {
    match ty {
        Type::String | Type::Dynamic => Value::string("<unknown>"),
        Type::Number => Value::int(0),
        Type::Bool => Value::Bool(false),
        Type::List(element) => Value::List((**element).clone(), Arc::from([])),
        Type::Set(element) => Value::Set((**element).clone(), Arc::from([])),
        Type::Map(element) => Value::Map((**element).clone(), Arc::default()),
        Type::Tuple(items) => Value::Tuple(items.iter().map(placeholder).collect()),
        Type::Object(object) => {
            Value::object(object.attributes.iter().map(|(name, ty)| (name.clone(), placeholder(ty))))
        }
    }
}
