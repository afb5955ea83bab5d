//! Which types convert to which, before any value is seen.

use crate::value::unify::unify_with;
use crate::value::{ObjectType, Type};

/// Whether a conversion may fail for some values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Safety {
    /// It never fails.
    Safe,
    /// It may fail once the value is known.
    Unsafe,
}

/// Whether values of type `from` convert to `to`, all of them or (unsafely) some.
pub(crate) fn convertible(from: &Type, to: &Type, safety: Safety) -> bool {
    from == to || has_conversion(from, to, safety)
}

fn has_conversion(from: &Type, to: &Type, safety: Safety) -> bool {
    let relaxed = safety == Safety::Unsafe;
    match (from, to) {
        (_, Type::Dynamic) => true,
        (Type::Dynamic, _) => relaxed,
        (Type::Number | Type::Bool, Type::String) => true,
        (Type::String, Type::Number | Type::Bool) => relaxed,
        (Type::Object(from), Type::Object(to)) => object_converts(from, to, safety),
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to.iter()).all(|(from, to)| convertible(from, to, safety))
        }
        (Type::List(from) | Type::Set(from), Type::List(to))
        | (Type::Set(from), Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => convertible(from, to, safety),
        (Type::List(from), Type::Set(to)) => relaxed && convertible(from, to, safety),
        (Type::Tuple(elements), Type::List(to) | Type::Set(to)) => all_convert(elements.iter(), to, safety),
        (Type::Object(object), Type::Map(to)) => all_convert(object.attributes.values(), to, safety),
        (Type::Map(from), Type::Object(to)) => {
            relaxed && to.attributes.values().all(|attribute| convertible(from, attribute, safety))
        }
        _ => false,
    }
}

fn object_converts(from: &ObjectType, to: &ObjectType, safety: Safety) -> bool {
    to.attributes.iter().all(|(name, want)| match from.attributes.get(name) {
        Some(got) => convertible(got, want, safety),
        None => to.is_optional(name),
    })
}

/// Whether parts of a structure convert to one element type, which `any` leaves to be found.
fn all_convert<'a>(mut parts: impl Iterator<Item = &'a Type> + Clone, to: &Type, safety: Safety) -> bool {
    if *to != Type::Dynamic {
        return parts.all(|part| convertible(part, to, safety));
    }
    let types: Vec<Type> = parts.cloned().collect();
    types.is_empty() || unify_with(&types, safety).is_some()
}
