//! Types of values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The type of a value, or a constraint on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Not known, or anything: `any` in a constraint, the type of a bare `null`.
    Dynamic,
    /// Text.
    String,
    /// A number of up to 512 bits of mantissa.
    Number,
    /// `true` or `false`.
    Bool,
    /// Ordered, one element type.
    List(Arc<Type>),
    /// Unordered and unique, one element type.
    Set(Arc<Type>),
    /// Keyed by string, one element type.
    Map(Arc<Type>),
    /// Ordered, a type for each position.
    Tuple(Arc<[Type]>),
    /// Keyed by string, a type for each attribute.
    Object(Arc<ObjectType>),
}

/// The attributes of an object type.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ObjectType {
    /// Name to type.
    pub attributes: BTreeMap<Arc<str>, Type>,
    /// Attributes that may be missing when a value is converted to this type (`optional(…)` in a constraint).
    pub optional: BTreeSet<Arc<str>>,
}
