//! The type that several types have in common: what a conditional, `coalesce` and `[…]` converted to a list end up with.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashSet};

use super::convert::{Safety, convertible};
use super::ty::Type;

/// The most specific type that every one of `types` converts to, if need be by conversions that some values fail.
/// `None` when there is none, or no types at all.
pub fn unify(types: &[Type]) -> Option<Type> {
    unify_with(types, Safety::Unsafe)
}

pub(super) fn unify_with(types: &[Type], safety: Safety) -> Option<Type> {
    let (first, rest) = types.split_first()?;
    if rest.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    let types = &distinct(types);
    let kinds = Kinds::of(types);
    let uniform = kinds.uniform(types.len());
    if uniform && kinds.dynamic > 0 {
        // What these become cannot be told before the dynamic ones are known.
        return Some(Type::Dynamic);
    }
    match kinds {
        Kinds { maps: 1.., .. } if uniform => unify_elements(types, Type::map, safety),
        Kinds { lists: 1.., .. } if uniform => unify_elements(types, Type::list, safety),
        Kinds { sets: 1.., .. } if uniform => unify_elements(types, Type::set, safety),
        Kinds { objects: 1.., .. } if uniform => unify_objects(types, safety),
        Kinds { tuples: 1.., .. } if uniform => unify_tuples(types, safety),
        Kinds { maps, objects, dynamic, .. } if maps > 0 && maps + objects + dynamic == types.len() => {
            let map = objects_as_map(types, safety);
            with_structures_as(types, map, safety).or_else(|| most_preferred(types, safety))
        }
        Kinds { lists, tuples, dynamic, .. } if lists > 0 && lists + tuples + dynamic == types.len() => {
            let list = tuples_as_list(types, safety);
            with_structures_as(types, list, safety).or_else(|| most_preferred(types, safety))
        }
        Kinds { objects: 1.., tuples: 1.., .. } => None,
        _ => most_preferred(types, safety),
    }
}

/// Each type once: many values have few types, and what follows compares types with each other.
fn distinct(types: &[Type]) -> Vec<Type> {
    let mut seen = HashSet::new();
    types.iter().filter(|ty| seen.insert(*ty)).cloned().collect()
}

/// How many types there are of each kind.
struct Kinds {
    maps: usize,
    lists: usize,
    sets: usize,
    objects: usize,
    tuples: usize,
    dynamic: usize,
}

impl Kinds {
    fn of(types: &[Type]) -> Self {
        let count = |matches: fn(&Type) -> bool| types.iter().filter(|ty| matches(ty)).count();
        Self {
            maps: count(|ty| matches!(ty, Type::Map(_))),
            lists: count(|ty| matches!(ty, Type::List(_))),
            sets: count(|ty| matches!(ty, Type::Set(_))),
            objects: count(|ty| matches!(ty, Type::Object(_))),
            tuples: count(|ty| matches!(ty, Type::Tuple(_))),
            dynamic: count(|ty| *ty == Type::Dynamic),
        }
    }

    /// Whether all of `total` are of one compound kind, dynamic ones aside.
    fn uniform(&self, total: usize) -> bool {
        [self.maps, self.lists, self.sets, self.objects, self.tuples]
            .iter()
            .any(|n| *n > 0 && n + self.dynamic == total)
    }
}

fn most_preferred(types: &[Type], safety: Safety) -> Option<Type> {
    by_preference(types).into_iter().find(|want| types.iter().all(|ty| convertible(ty, want, safety))).cloned()
}

fn unify_elements(types: &[Type], collection: fn(Type) -> Type, safety: Safety) -> Option<Type> {
    let elements: Vec<Type> = types.iter().filter_map(Type::element).cloned().collect();
    let unified = collection(unify_with(&elements, safety)?);
    all_convert(types, &unified, safety).then_some(unified)
}

/// Unifies with every object or tuple replaced by `collection`, if that ends in the same kind of collection.
fn with_structures_as(types: &[Type], collection: Option<Type>, safety: Safety) -> Option<Type> {
    let collection = collection?;
    let replaced = |ty: &Type| match ty {
        Type::Object(_) | Type::Tuple(_) => collection.clone(),
        other => other.clone(),
    };
    let unified = unify_with(&types.iter().map(replaced).collect::<Vec<_>>(), safety)?;
    (unified.kind() == collection.kind()).then_some(unified)
}

fn objects_as_map(types: &[Type], safety: Safety) -> Option<Type> {
    let objects: Vec<Type> = types.iter().filter(|ty| matches!(ty, Type::Object(_))).cloned().collect();
    let attributes: Vec<Type> = objects.iter().flat_map(parts).collect();
    let unified = Type::map(unify_with(&attributes, safety)?);
    all_convert(&objects, &unified, safety).then_some(unified)
}

fn tuples_as_list(types: &[Type], safety: Safety) -> Option<Type> {
    let tuples: Vec<Type> = types.iter().filter(|ty| matches!(ty, Type::Tuple(_))).cloned().collect();
    let elements: Vec<Type> = tuples.iter().flat_map(parts).collect();
    let unified = Type::list(unify_with(&elements, safety)?);
    all_convert(&tuples, &unified, safety).then_some(unified)
}

/// The types of a structure's parts.
fn parts(ty: &Type) -> Vec<Type> {
    match ty {
        Type::Tuple(elements) => elements.to_vec(),
        Type::Object(object) => object.attributes.values().cloned().collect(),
        _ => Vec::new(),
    }
}

/// Objects with the same attributes unify attribute by attribute; others become maps.
fn unify_objects(types: &[Type], safety: Safety) -> Option<Type> {
    let attributes_of = |ty: &Type| if let Type::Object(object) = ty { Some(object.attributes.clone()) } else { None };
    let objects: Vec<_> = types.iter().filter_map(attributes_of).collect();
    let first = objects.first()?;
    if objects.iter().all(|object| object.keys().eq(first.keys())) {
        let mut attributes = BTreeMap::new();
        for name in first.keys() {
            let across: Vec<Type> = objects.iter().filter_map(|object| object.get(name)).cloned().collect();
            attributes.insert(name.clone(), unify_with(&across, safety)?);
        }
        let unified = Type::object(attributes);
        if all_convert(types, &unified, safety) {
            return Some(unified);
        }
    }
    objects_as_map(types, safety)
}

/// Tuples of one length unify place by place; others become lists.
fn unify_tuples(types: &[Type], safety: Safety) -> Option<Type> {
    let tuples: Vec<Vec<Type>> = types.iter().map(parts).collect();
    let first = tuples.first()?;
    if tuples.iter().all(|tuple| tuple.len() == first.len()) {
        let mut elements = Vec::with_capacity(first.len());
        for index in 0..first.len() {
            let across: Vec<Type> = tuples.iter().map(|tuple| tuple[index].clone()).collect();
            elements.push(unify_with(&across, safety)?);
        }
        let unified = Type::tuple(elements);
        if all_convert(types, &unified, safety) {
            return Some(unified);
        }
    }
    tuples_as_list(types, safety)
}

fn all_convert(types: &[Type], want: &Type, safety: Safety) -> bool {
    types.iter().all(|ty| convertible(ty, want, safety))
}

/// The types, more general before less general, else in the order given.
fn by_preference(types: &[Type]) -> Vec<&Type> {
    let below: Vec<Vec<usize>> = types
        .iter()
        .map(|ty| (0..types.len()).filter(|other| compare(ty, &types[*other]) == Ordering::Less).collect())
        .collect();
    let mut above = vec![0usize; types.len()];
    for index in below.iter().flatten() {
        above[*index] += 1;
    }
    let mut order: Vec<usize> = (0..types.len()).filter(|index| above[*index] == 0).collect();
    let mut next = 0;
    while let Some(&index) = order.get(next) {
        next += 1;
        for &lower in &below[index] {
            above[lower] -= 1;
            if above[lower] == 0 {
                order.push(lower);
            }
        }
    }
    order.into_iter().map(|index| &types[index]).collect()
}

/// `Less` when `a` is the more general type and so to be preferred, `Equal` when neither is known to be.
fn compare(a: &Type, b: &Type) -> Ordering {
    match (a, b) {
        (Type::Dynamic, Type::Dynamic) => Ordering::Equal,
        // Whatever the dynamic one turns out to be, it is hoped to become the other.
        (_, Type::Dynamic) => Ordering::Less,
        (Type::Dynamic, _) => Ordering::Greater,
        (Type::String, Type::Number | Type::Bool) => Ordering::Less,
        (Type::Number | Type::Bool, Type::String) => Ordering::Greater,
        (Type::List(a), Type::List(b)) | (Type::Set(a), Type::Set(b)) | (Type::Map(a), Type::Map(b)) => compare(a, b),
        (Type::Tuple(_) | Type::List(_), Type::Set(_)) => Ordering::Less,
        (Type::Set(_), Type::Tuple(_) | Type::List(_)) => Ordering::Greater,
        (Type::List(_), Type::Tuple(_)) | (Type::Map(_), Type::Object(_)) => Ordering::Less,
        (Type::Tuple(_), Type::List(_)) | (Type::Object(_), Type::Map(_)) => Ordering::Greater,
        (Type::Object(a), Type::Object(b)) if a.attributes.keys().eq(b.attributes.keys()) => {
            combined(a.attributes.values().zip(b.attributes.values()))
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() == b.len() => combined(a.iter().zip(b.iter())),
        _ => Ordering::Equal,
    }
}

fn combined<'a>(pairs: impl Iterator<Item = (&'a Type, &'a Type)>) -> Ordering {
    let (mut less, mut greater) = (false, false);
    for (a, b) in pairs {
        match compare(a, b) {
            Ordering::Less => less = true,
            Ordering::Greater => greater = true,
            Ordering::Equal => {}
        }
    }
    match (less, greater) {
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        _ => Ordering::Equal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let object =
            |attributes: &[(&str, Type)]| Type::object(attributes.iter().map(|(name, ty)| (*name, ty.clone())));
        for (types, expected) in [
            (vec![], None),
            (vec![Type::Number, Type::String], Some(Type::String)),
            (vec![Type::Number, Type::Bool], None),
            (vec![Type::Bool, Type::Number, Type::String], Some(Type::String)),
            (vec![Type::Dynamic, Type::Number], Some(Type::Number)),
            (vec![Type::list(Type::Dynamic), Type::list(Type::Number)], Some(Type::list(Type::Number))),
            (vec![Type::tuple([Type::Number]), Type::tuple([])], Some(Type::list(Type::Number))),
            (
                vec![Type::tuple([Type::Number, Type::String]), Type::tuple([Type::String, Type::Number])],
                Some(Type::tuple([Type::String, Type::String])),
            ),
            (
                vec![Type::tuple([Type::Number, Type::String]), Type::tuple([Type::String])],
                Some(Type::list(Type::String)),
            ),
            (vec![Type::tuple([]), Type::list(Type::Number)], Some(Type::list(Type::Number))),
            (vec![Type::list(Type::String), Type::set(Type::String)], Some(Type::list(Type::String))),
            (vec![Type::set(Type::String), Type::tuple([])], Some(Type::set(Type::String))),
            (vec![object(&[("a", Type::Number)]), object(&[])], Some(Type::map(Type::Number))),
            (
                vec![object(&[("a", Type::Number)]), object(&[("a", Type::String)])],
                Some(object(&[("a", Type::String)])),
            ),
            (vec![object(&[("a", Type::Number)]), Type::tuple([])], None),
            (vec![object(&[("a", Type::Number)]), Type::Dynamic], Some(Type::Dynamic)),
            (vec![Type::map(Type::Number), object(&[("a", Type::String)])], Some(Type::map(Type::String))),
            (vec![Type::list(Type::Number), Type::list(Type::String)], Some(Type::list(Type::String))),
            (vec![object(&[("a", Type::Bool)]), object(&[("b", Type::Number)])], None),
        ] {
            assert_eq!(unify(&types), expected, "{types:?}");
        }
    }
}
