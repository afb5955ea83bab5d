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
        (Type::Tuple(elements), Type::List(to) | Type::Set(to)) => {
            let is_dynamic = |ty: &Type| *ty == Type::Dynamic;
            element_type(elements.iter(), to, safety)
                .is_some_and(|to| to != Type::Dynamic || elements.iter().all(is_dynamic))
        }
        (Type::Object(object), Type::Map(to)) => element_type(object.attributes.values(), to, safety).is_some(),
        (Type::Map(from), Type::Object(to)) => {
            // An attribute that may be missing is looked at when it is there.
            relaxed && to.attributes.iter().all(|(name, ty)| to.is_optional(name) || convertible(from, ty, safety))
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

/// What the parts of a structure become as elements of `to`, which `any` leaves to be found. `None` when one of them does
/// not convert.
fn element_type<'a>(parts: impl Iterator<Item = &'a Type> + Clone, to: &Type, safety: Safety) -> Option<Type> {
    let element = if *to == Type::Dynamic {
        let types: Vec<Type> = parts.clone().cloned().collect();
        if types.is_empty() { Type::Dynamic } else { unify_with(&types, safety)? }
    } else {
        to.clone()
    };
    parts.into_iter().all(|part| convertible(part, &element, safety)).then_some(element)
}
