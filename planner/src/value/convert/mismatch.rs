//! Says why no value of one type can become another.

use crate::value::{ObjectType, Type, quote};

use super::possible::{Safety, convertible};

/// The reason, without period, that `got` is not convertible to `want`.
pub(super) fn mismatch(got: &Type, want: &Type) -> String {
    match (got, want) {
        (Type::Object(got), Type::Object(want)) => objects(got, want),
        (Type::Tuple(_), Type::List(element)) if **element == Type::Dynamic => all_same("list"),
        (Type::Tuple(_), Type::Set(element)) if **element == Type::Dynamic => all_same("set"),
        (Type::Object(_), Type::Map(element)) if **element == Type::Dynamic => all_same("map"),
        (Type::Tuple(elements), Type::List(want) | Type::Set(want)) => {
            first_bad(elements.iter().enumerate().map(|(index, ty)| (index.to_string(), ty)), want)
        }
        (Type::Object(object), Type::Map(want)) => {
            first_bad(object.attributes.iter().map(|(name, ty)| (quote(name), ty)), want)
        }
        (Type::List(got) | Type::Set(got), Type::List(element) | Type::Set(element))
        | (Type::Map(got), Type::Map(element)) => {
            format!("incorrect {} element type: {}", want.kind(), mismatch(got, element))
        }
        _ => format!("{} required", want.constraint_name()),
    }
}

fn all_same(kind: &str) -> String {
    format!("all {kind} elements must have the same type")
}

fn first_bad<'a>(mut parts: impl Iterator<Item = (String, &'a Type)>, want: &Type) -> String {
    match parts.find(|(_, part)| !convertible(part, want, Safety::Unsafe)) {
        Some((place, part)) => format!("element {place}: {}", mismatch(part, want)),
        None => format!("all elements must be {}", want.constraint_name()),
    }
}

fn objects(got: &ObjectType, want: &ObjectType) -> String {
    let missing: Vec<String> = want
        .attributes
        .keys()
        .filter(|name| !got.attributes.contains_key(*name) && !want.is_optional(name))
        .map(|name| quote(name))
        .collect();
    match missing.as_slice() {
        [] => {}
        [one] => return format!("attribute {one} is required"),
        [one, two] => return format!("attributes {one} and {two} are required"),
        [most @ .., last] => return format!("attributes {}, and {last} are required", most.join(", ")),
    }
    for safety in [Safety::Unsafe, Safety::Safe] {
        for (name, want) in &want.attributes {
            if let Some(got) = got.attributes.get(name)
                && !convertible(got, want, safety)
            {
                return format!("attribute {}: {}", quote(name), mismatch(got, want));
            }
        }
    }
    "incorrect object attributes".to_owned()
}
