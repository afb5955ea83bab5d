//! Types of decoded bodies.

use crate::catalog::{BlockNesting, BlockSchema, Schema};
use crate::value::Type;

/// The type of the object that [`super::decode`] makes by `schema`.
pub fn object_type(schema: &Schema) -> Type {
    let attributes =
        schema.attributes.iter().map(|attribute| (attribute.name.clone(), attribute.ty.without_optional()));
    let blocks = schema.blocks.iter().map(|block| (block.name.clone(), blocks_type(block)));
    Type::object(attributes.chain(blocks))
}

/// The type of what all blocks of one type become.
pub(super) fn blocks_type(block: &BlockSchema) -> Type {
    match &block.nesting {
        BlockNesting::Single => object_type(&block.schema),
        BlockNesting::List => Type::list(object_type(&block.schema)),
        BlockNesting::Set => Type::set(object_type(&block.schema)),
        BlockNesting::Map(labels) => labels.iter().fold(object_type(&block.schema), |inner, _| Type::map(inner)),
        // What attributes it has depends on the labels.
        BlockNesting::Object(_) => Type::Dynamic,
        BlockNesting::Attributes(element) => Type::map(element.without_optional()),
    }
}
