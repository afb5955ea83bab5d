//! The shape of a component's configuration as old plugins tell it: HCL decoder specifications, to schemas.

use std::sync::Arc;

use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::schema::object_type;
use planner::value::Type;

use crate::external::gob::decode::decode;
use crate::external::gob::model::Gob;
use crate::external::gob::ty::{self, last};
use crate::external::spec::{SpecFault, same};

/// The schema in an encoding.
///
/// # Errors
///
/// When it is no specification of an object.
pub fn schema(bytes: &[u8]) -> Result<Schema, SpecFault> {
    object(&decode(bytes)?)
}

/// The type of what a data source gives, in an encoding.
///
/// # Errors
///
/// When it is no specification of an object.
pub fn output(bytes: &[u8]) -> Result<Type, SpecFault> {
    Ok(object_type(&schema(bytes)?))
}

/// A map of specifications by name.
fn object(gob: &Gob<'_>) -> Result<Schema, SpecFault> {
    let Gob::Map(members) = gob else {
        return Err(SpecFault::Unusable("the outermost specification is no object".to_owned()));
    };
    let mut schema = Schema::default();
    for (name, member) in members {
        let (Gob::String(name), Gob::Named(kind, member)) = (name, member) else {
            return Err(SpecFault::Missing("the kind of an attribute"));
        };
        match last(kind) {
            "AttrSpec" => schema.attributes.push(attribute(name, member)?),
            "BlockSpec" => {
                let min = usize::from(flag(member, "Required"));
                let block = BlockSchema { nesting: BlockNesting::Single, min, ..block(name, member)? };
                schema.blocks.push(block);
            }
            "BlockListSpec" => schema.blocks.push(block(name, member)?),
            kind => {
                let text = format!("{name:?} is specified by hcldec.{kind}, which is not supported");
                return Err(SpecFault::Unusable(text));
            }
        }
    }
    schema.attributes.sort_by(|a, b| a.name.cmp(&b.name));
    schema.blocks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schema)
}

fn attribute(key: &str, spec: &Gob<'_>) -> Result<AttributeSchema, SpecFault> {
    let ty = spec.field("Type").ok_or(SpecFault::Missing("the type of an attribute"))?;
    let ty = ty::read(ty, 0).map_err(|fault| SpecFault::Unusable(format!("the type of {key:?}: {fault}")))?;
    Ok(AttributeSchema { name: same(key, text(spec, "Name"))?, ty, required: flag(spec, "Required") })
}

/// A list of blocks.
fn block(key: &str, spec: &Gob<'_>) -> Result<BlockSchema, SpecFault> {
    let name = same(key, text(spec, "TypeName"))?;
    match spec.field("Nested") {
        Some(Gob::Named(kind, nested)) if last(kind) == "ObjectSpec" => {
            let schema = Arc::new(object(nested)?);
            Ok(BlockSchema { name, nesting: BlockNesting::List, min: count(spec, "MinItems"), schema })
        }
        Some(Gob::Named(..)) => Err(SpecFault::Unusable(format!("the content of block {name:?} is no object"))),
        _ => Err(SpecFault::Missing("the content of a block")),
    }
}

fn flag(spec: &Gob<'_>, field: &str) -> bool {
    spec.field(field) == Some(&Gob::Bool(true))
}

fn text<'g>(spec: &'g Gob<'_>, field: &str) -> &'g str {
    match spec.field(field) {
        Some(Gob::String(text)) => text,
        _ => "",
    }
}

fn count(spec: &Gob<'_>, field: &str) -> usize {
    match spec.field(field) {
        Some(Gob::Int(count)) => usize::try_from(*count).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named<'a>(name: &'a str, fields: Vec<(&'a str, Gob<'a>)>) -> Gob<'a> {
        Gob::Named(name, Box::new(Gob::Struct(fields)))
    }

    fn member<'a>(name: &'a str, spec: Gob<'a>) -> Gob<'a> {
        Gob::Map(vec![(Gob::String(name), spec)])
    }

    #[test]
    fn what_is_no_specification_is_refused() {
        let bare = || named("*hcldec.AttrSpec", vec![("Name", Gob::String("a"))]);
        let block = |nested| named("*hcldec.BlockSpec", vec![("TypeName", Gob::String("b")), ("Nested", nested)]);
        for (spec, expected) in [
            (Gob::Struct(vec![]), "the outermost specification is no object"),
            (member("a", Gob::Nil), "the kind of an attribute is missing"),
            (member("a", bare()), "the type of an attribute is missing"),
            (member("b", block(Gob::Nil)), "the content of a block is missing"),
            (member("b", block(bare())), "the content of block \"b\" is no object"),
            (member("c", block(bare())), "\"b\" is to be decoded to \"c\""),
            (
                member("a", named("*hcldec.ExprSpec", vec![])),
                "\"a\" is specified by hcldec.ExprSpec, which is not supported",
            ),
            (
                member("a", named("github.com/hashicorp/hcl/v2/hcldec.TupleSpec", vec![])),
                "\"a\" is specified by hcldec.TupleSpec, which is not supported",
            ),
        ] {
            assert_eq!(object(&spec).unwrap_err().to_string(), expected);
        }
        assert_eq!(schema(&[]).unwrap_err().to_string(), "cannot be read: the gob ends too early");
    }
}
