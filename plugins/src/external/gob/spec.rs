//! The shape of a component's configuration as old plugins tell it: HCL decoder specifications, to schemas.

use std::sync::Arc;

use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::schema::object_type;
use planner::value::{Type, convert};

use crate::external::gob::decode::decode;
use crate::external::gob::model::Gob;
use crate::external::gob::ty::{self, last};
use crate::external::gob::value;
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
            "DefaultSpec" => schema.attributes.push(with_default(name, member)?),
            kind => schema.blocks.push(block(name, kind, member)?),
        }
    }
    schema.attributes.sort_by(|a, b| a.name.cmp(&b.name));
    schema.blocks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(schema)
}

fn attribute(key: &str, spec: &Gob<'_>) -> Result<AttributeSchema, SpecFault> {
    let name = same(key, text(spec, "Name"))?;
    let attribute = AttributeSchema::optional(name, ty_of(key, spec, "Type")?);
    Ok(AttributeSchema { required: flag(spec, "Required"), ..attribute })
}

fn ty_of(key: &str, spec: &Gob<'_>, field: &str) -> Result<Type, SpecFault> {
    let ty = spec.field(field).ok_or(SpecFault::Missing("the type of an attribute"))?;
    ty::read(ty, 0).map_err(|fault| SpecFault::Unusable(format!("the type of {key:?}: {fault}")))
}

/// An attribute with what it is where it is not given.
fn with_default(key: &str, spec: &Gob<'_>) -> Result<AttributeSchema, SpecFault> {
    let (primary, literal) = match (spec.field("Primary"), spec.field("Default")) {
        (Some(Gob::Named(primary, attribute)), Some(Gob::Named(default, literal)))
            if last(primary) == "AttrSpec" && last(default) == "LiteralSpec" =>
        {
            (attribute, literal)
        }
        _ => return Err(unsupported(key, "DefaultSpec of anything but an attribute and a literal")),
    };
    let default = value::inner(literal.field("Value").unwrap_or(&Gob::Nil))
        .map_err(|fault| SpecFault::Unusable(format!("the default of {key:?}: {fault}")))?;
    let attribute = attribute(key, primary)?;
    let default = convert(&default, &attribute.ty)
        .map_err(|fault| SpecFault::Unusable(format!("the default of {key:?}: {fault}")))?;
    Ok(AttributeSchema { default: Some(default), ..attribute })
}

fn block(key: &str, kind: &str, spec: &Gob<'_>) -> Result<BlockSchema, SpecFault> {
    let name = || same(key, text(spec, "TypeName"));
    if kind == "BlockAttrsSpec" {
        let nesting = BlockNesting::Attributes(ty_of(key, spec, "ElementType")?);
        let min = usize::from(flag(spec, "Required"));
        return Ok(BlockSchema { name: name()?, nesting, min, max: None, schema: Arc::default() });
    }
    let mut min = count(spec, "MinItems");
    let nesting = match kind {
        "BlockSpec" => {
            min = usize::from(flag(spec, "Required"));
            BlockNesting::Single
        }
        "BlockListSpec" => BlockNesting::List,
        "BlockSetSpec" => BlockNesting::Set,
        "BlockMapSpec" => BlockNesting::Map(labels(spec)?),
        "BlockObjectSpec" => BlockNesting::Object(labels(spec)?),
        _ => return Err(unsupported(key, kind)),
    };
    let is_many = nesting != BlockNesting::Single;
    let max = Some(count(spec, "MaxItems")).filter(|max| *max > 0);
    Ok(BlockSchema { name: name()?, nesting, min, max, schema: Arc::new(nested(key, is_many, spec)?) })
}

/// What is in a block. Of those that there can be many of all must be of one type.
fn nested(key: &str, is_many: bool, spec: &Gob<'_>) -> Result<Schema, SpecFault> {
    match spec.field("Nested") {
        Some(Gob::Named(kind, nested)) if last(kind) == "ObjectSpec" => {
            let nested = object(nested)?;
            match is_many && object_type(&nested).has_dynamic() {
                true => Err(unsupported(key, "BlockObjectSpec in blocks of which there can be many")),
                false => Ok(nested),
            }
        }
        Some(Gob::Named(..)) => Err(SpecFault::Unusable(format!("the content of block {key:?} is no object"))),
        _ => Err(SpecFault::Missing("the content of a block")),
    }
}

fn labels(spec: &Gob<'_>) -> Result<Arc<[Arc<str>]>, SpecFault> {
    let Some(Gob::List(names)) = spec.field("LabelNames") else {
        return Err(SpecFault::Missing("the label of a block"));
    };
    let name = |name: &Gob<'_>| match name {
        Gob::String(name) => Some(Arc::from(*name)),
        _ => None,
    };
    Ok(names.iter().filter_map(name).collect())
}

fn unsupported(key: &str, what: &str) -> SpecFault {
    SpecFault::Unusable(format!("{key:?} is specified by hcldec.{what}, which is not supported"))
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
                member("a", named("*hcldec.DefaultSpec", vec![("Primary", bare()), ("Default", bare())])),
                "\"a\" is specified by hcldec.DefaultSpec of anything but an attribute and a literal, which is not supported",
            ),
            (
                member("b", named("*hcldec.BlockMapSpec", vec![("TypeName", Gob::String("b"))])),
                "the label of a block is missing",
            ),
            (
                member("b", named("*hcldec.BlockAttrsSpec", vec![("TypeName", Gob::String("b"))])),
                "the type of an attribute is missing",
            ),
            (
                member("a", named("*hcldec.BlockLabelSpec", vec![])),
                "\"a\" is specified by hcldec.BlockLabelSpec, which is not supported",
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
