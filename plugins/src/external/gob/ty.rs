//! Types of values, as go-cty encodes them.

use std::collections::BTreeSet;
use std::sync::Arc;

use planner::value::{ObjectType, Type};

use crate::external::gob::decode::decode;
use crate::external::gob::model::{Gob, GobFault};

/// Nesting beyond this is refused, so that no plugin can exhaust the stack.
pub(super) const MAX_DEPTH: usize = 256;

/// Why something is no type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypeFault {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] GobFault),
    /// It is something else.
    #[error("{0} is no type")]
    Other(String),
    /// Its encoding is a newer one.
    #[error("version {0} of the encoding of types is not known")]
    Version(i64),
    /// Types of types of types.
    #[error("the type is nested too deeply")]
    TooDeep,
}

/// The type in `gob`, whose encoding is one of its own.
pub(super) fn read(gob: &Gob<'_>, depth: usize) -> Result<Type, TypeFault> {
    if depth > MAX_DEPTH {
        return Err(TypeFault::TooDeep);
    }
    let Gob::Encoded(bytes) = gob else { return Err(other(gob)) };
    let gob = decode(bytes)?;
    if let Some(Gob::Int(version)) = gob.field("Version") {
        return Err(TypeFault::Version(*version));
    }
    let Some(Gob::Named(name, kind)) = gob.field("Impl") else { return Err(other(&gob)) };
    let element = || match kind.field("ElementTypeT") {
        Some(element) => read(element, depth + 1),
        None => Err(other(kind)),
    };
    match last(name) {
        "primitiveType" => primitive(kind),
        "typeList" => Ok(Type::list(element()?)),
        "typeSet" => Ok(Type::set(element()?)),
        "typeMap" => Ok(Type::map(element()?)),
        "typeTuple" => match kind.field("ElemTypes") {
            Some(Gob::List(types)) => {
                types.iter().map(|ty| read(ty, depth + 1)).collect::<Result<Vec<_>, _>>().map(Type::tuple)
            }
            _ => Ok(Type::tuple([])),
        },
        "typeObject" => object(kind, depth),
        name => Err(TypeFault::Other(format!("{name:?}"))),
    }
}

/// The last part of the name of a type of Go: what it is called in its package.
pub(super) fn last(name: &str) -> &str {
    name.rsplit(['.', '*']).next().unwrap_or(name)
}

fn other(gob: &Gob<'_>) -> TypeFault {
    TypeFault::Other(gob.kind().to_owned())
}

/// Primitive types are told by a letter.
fn primitive(kind: &Gob<'_>) -> Result<Type, TypeFault> {
    match kind.field("Kind") {
        Some(Gob::Uint(66)) => Ok(Type::Bool),
        Some(Gob::Uint(78)) => Ok(Type::Number),
        Some(Gob::Uint(83)) => Ok(Type::String),
        _ => Err(TypeFault::Other("an unknown primitive".to_owned())),
    }
}

fn object(kind: &Gob<'_>, depth: usize) -> Result<Type, TypeFault> {
    let mut object = ObjectType::default();
    for (name, ty) in entries(kind.field("AttrTypes")) {
        object.attributes.insert(name, read(ty, depth + 1)?);
    }
    object.optional = entries(kind.field("AttrOptional")).map(|(name, _)| name).collect::<BTreeSet<_>>();
    Ok(Type::Object(Arc::new(object)))
}

/// The entries of a map by names; there are none in a map that is not there.
fn entries<'g, 'a>(map: Option<&'g Gob<'a>>) -> impl Iterator<Item = (Arc<str>, &'g Gob<'a>)> {
    let entries = match map {
        Some(Gob::Map(entries)) => entries.as_slice(),
        _ => &[],
    };
    entries.iter().filter_map(|(name, value)| match name {
        Gob::String(name) => Some((Arc::from(*name), value)),
        _ => None,
    })
}
