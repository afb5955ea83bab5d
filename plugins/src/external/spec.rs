//! The shape of a component's configuration as plugins tell it in protobuf: HCL decoder specifications, to schemas.
//!
//! The messages are those of `hcl2template/hcldec.proto` behind the plugin SDK's `--protobuf`, as far as the SDK makes
//! use of them.

use std::collections::HashMap;
use std::sync::Arc;

use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::schema::object_type;
use planner::value::Type;
use prost::Message;

use crate::external::gob::model::GobFault;

/// Why a specification cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpecFault {
    /// The bytes are no message.
    #[error("cannot be read: {0}")]
    Unreadable(#[from] prost::DecodeError),
    /// The bytes are no gob.
    #[error("cannot be read: {0}")]
    Garbled(#[from] GobFault),
    /// Something that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// Something is there that cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// The schema in a message.
///
/// # Errors
///
/// When it is no specification of an object.
pub fn schema(message: &[u8]) -> Result<Schema, SpecFault> {
    match Spec::decode(message)?.kind.ok_or(SpecFault::Missing("the specification"))? {
        Kind::Object(object) => object.schema(),
        _ => Err(SpecFault::Unusable("the outermost specification is no object".to_owned())),
    }
}

/// The type of what a data source gives, in a message.
///
/// # Errors
///
/// When it is no specification of an object.
pub fn output(message: &[u8]) -> Result<Type, SpecFault> {
    Ok(object_type(&schema(message)?))
}

impl ObjectSpec {
    fn schema(&self) -> Result<Schema, SpecFault> {
        let mut schema = Schema::default();
        let mut members: Vec<_> = self.attributes.iter().collect();
        members.sort_by_key(|(name, _)| *name);
        for (name, member) in members {
            match member.kind.as_ref().ok_or(SpecFault::Missing("the kind of an attribute"))? {
                Kind::Attr(attribute) => schema.attributes.push(attribute.schema(name)?),
                Kind::Block(block) => {
                    let min = usize::from(block.required);
                    let nested = nested(name, &block.name, block.nested.as_deref())?;
                    schema.blocks.push(BlockSchema { min, nesting: BlockNesting::Single, ..nested });
                }
                Kind::BlockList(list) => schema.blocks.push(nested(name, &list.name, list.nested.as_deref())?),
                Kind::Object(_) => {
                    let text = format!("{name:?} is an object that is neither an attribute nor a block");
                    return Err(SpecFault::Unusable(text));
                }
            }
        }
        Ok(schema)
    }
}

/// A list of blocks `name` with the content `spec`.
fn nested(key: &str, name: &str, spec: Option<&Spec>) -> Result<BlockSchema, SpecFault> {
    let spec = spec.and_then(|spec| spec.kind.as_ref()).ok_or(SpecFault::Missing("the content of a block"))?;
    let Kind::Object(object) = spec else {
        return Err(SpecFault::Unusable(format!("the content of block {name:?} is no object")));
    };
    let name = same(key, name)?;
    Ok(BlockSchema { name, nesting: BlockNesting::List, min: 0, max: None, schema: Arc::new(object.schema()?) })
}

/// A member's name, which is the same in the template and in the decoded value.
pub(super) fn same(key: &str, name: &str) -> Result<Arc<str>, SpecFault> {
    match key == name {
        true => Ok(Arc::from(name)),
        false => Err(SpecFault::Unusable(format!("{name:?} is to be decoded to {key:?}"))),
    }
}

impl AttrSpec {
    fn schema(&self, key: &str) -> Result<AttributeSchema, SpecFault> {
        let ty = self.ty.as_ref().ok_or(SpecFault::Missing("the type of an attribute"))?.to_type()?;
        Ok(AttributeSchema { required: self.required, ..AttributeSchema::optional(same(key, &self.name)?, ty) })
    }
}

impl CtyType {
    fn to_type(&self) -> Result<Type, SpecFault> {
        let element = |collection: &Collection| match &collection.element {
            Some(element) => element.to_type(),
            None => Err(SpecFault::Missing("the type of a collection's elements")),
        };
        match self.kind.as_ref().ok_or(SpecFault::Missing("the type of an attribute"))? {
            TypeKind::Primitive(Primitive { name }) => match name.as_str() {
                "cty.String" => Ok(Type::String),
                "cty.Bool" => Ok(Type::Bool),
                "cty.Number" => Ok(Type::Number),
                _ => Err(SpecFault::Unusable(format!("there is no type {name:?}"))),
            },
            TypeKind::List(list) => element(list).map(Type::list),
            TypeKind::Map(map) => element(map).map(Type::map),
        }
    }
}

#[derive(Clone, PartialEq, Message)]
struct Spec {
    #[prost(oneof = "Kind", tags = "1, 2, 3, 4")]
    kind: Option<Kind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum Kind {
    #[prost(message, tag = "1")]
    Object(ObjectSpec),
    #[prost(message, tag = "2")]
    Attr(AttrSpec),
    #[prost(message, boxed, tag = "3")]
    Block(Box<BlockSpec>),
    #[prost(message, boxed, tag = "4")]
    BlockList(Box<BlockListSpec>),
}

#[derive(Clone, PartialEq, Message)]
struct ObjectSpec {
    #[prost(map = "string, message", tag = "1")]
    attributes: HashMap<String, Spec>,
}

#[derive(Clone, PartialEq, Message)]
struct AttrSpec {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, tag = "2")]
    ty: Option<CtyType>,
    #[prost(bool, tag = "3")]
    required: bool,
}

#[derive(Clone, PartialEq, Message)]
struct BlockSpec {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bool, tag = "2")]
    required: bool,
    #[prost(message, optional, boxed, tag = "3")]
    nested: Option<Box<Spec>>,
}

#[derive(Clone, PartialEq, Message)]
struct BlockListSpec {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, optional, boxed, tag = "2")]
    nested: Option<Box<Spec>>,
}

#[derive(Clone, PartialEq, Message)]
struct CtyType {
    #[prost(oneof = "TypeKind", tags = "1, 2, 3")]
    kind: Option<TypeKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum TypeKind {
    #[prost(message, tag = "1")]
    Primitive(Primitive),
    #[prost(message, boxed, tag = "2")]
    List(Box<Collection>),
    #[prost(message, boxed, tag = "3")]
    Map(Box<Collection>),
}

#[derive(Clone, PartialEq, Message)]
struct Primitive {
    #[prost(string, tag = "1")]
    name: String,
}

#[derive(Clone, PartialEq, Message)]
struct Collection {
    #[prost(message, optional, boxed, tag = "1")]
    element: Option<Box<CtyType>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn primitive(name: &str) -> CtyType {
        CtyType { kind: Some(TypeKind::Primitive(Primitive { name: name.to_owned() })) }
    }

    fn list(element: CtyType) -> CtyType {
        CtyType { kind: Some(TypeKind::List(Box::new(Collection { element: Some(Box::new(element)) }))) }
    }

    fn map(element: CtyType) -> CtyType {
        CtyType { kind: Some(TypeKind::Map(Box::new(Collection { element: Some(Box::new(element)) }))) }
    }

    fn spec(kind: Kind) -> Spec {
        Spec { kind: Some(kind) }
    }

    fn attr(name: &str, ty: CtyType, required: bool) -> (String, Spec) {
        let attr = AttrSpec { name: name.to_owned(), ty: Some(ty), required };
        (name.to_owned(), spec(Kind::Attr(attr)))
    }

    fn object(members: impl IntoIterator<Item = (String, Spec)>) -> Spec {
        spec(Kind::Object(ObjectSpec { attributes: members.into_iter().collect() }))
    }

    fn block_list(name: &str, nested: Spec) -> (String, Spec) {
        let block = BlockListSpec { name: name.to_owned(), nested: Some(Box::new(nested)) };
        (name.to_owned(), spec(Kind::BlockList(Box::new(block))))
    }

    fn block(name: &str, required: bool, nested: Spec) -> (String, Spec) {
        let block = BlockSpec { name: name.to_owned(), required, nested: Some(Box::new(nested)) };
        (name.to_owned(), spec(Kind::Block(Box::new(block))))
    }

    #[test]
    fn specifications_become_schemas_and_types() {
        let inner = object([attr("size", primitive("cty.Number"), false)]);
        let message = object([
            attr("name", primitive("cty.String"), true),
            attr("tags", map(list(primitive("cty.Bool"))), false),
            block("disk", true, inner.clone()),
            block_list("nic", inner),
        ])
        .encode_to_vec();
        let schema = schema(&message).unwrap();
        let attributes: Vec<_> =
            schema.attributes.iter().map(|each| (&*each.name, each.ty.to_string(), each.required)).collect();
        assert_eq!(
            attributes,
            [("name", "string".to_owned(), true), ("tags", "map of list of bool".to_owned(), false)]
        );
        let blocks: Vec<_> = schema.blocks.iter().map(|each| (&*each.name, each.nesting.clone(), each.min)).collect();
        assert_eq!(blocks, [("disk", BlockNesting::Single, 1), ("nic", BlockNesting::List, 0)]);
        let size = || Type::object([("size", Type::Number)]);
        let expected = [
            ("name", Type::String),
            ("tags", Type::map(Type::list(Type::Bool))),
            ("disk", size()),
            ("nic", Type::list(size())),
        ];
        assert_eq!(output(&message).unwrap(), Type::object(expected));
    }

    #[test]
    fn what_is_no_specification_is_refused() {
        for (message, expected) in [
            (vec![0xff], "cannot be read: "),
            (vec![], "the specification is missing"),
            (attr("a", primitive("cty.String"), false).1.encode_to_vec(), "the outermost specification is no object"),
            (object([attr("a", primitive("cty.Set"), false)]).encode_to_vec(), "there is no type \"cty.Set\""),
            (object([attr("a", list(CtyType { kind: None }), false)]).encode_to_vec(), "the type of an attribute is"),
            (object([("b".to_owned(), object([]))]).encode_to_vec(), "\"b\" is an object that is neither"),
            (
                object([("b".to_owned(), attr("a", primitive("cty.Bool"), false).1)]).encode_to_vec(),
                "\"a\" is to be decoded to \"b\"",
            ),
        ] {
            let text = schema(&message).unwrap_err().to_string();
            assert!(text.starts_with(expected), "{text}");
        }
    }
}
