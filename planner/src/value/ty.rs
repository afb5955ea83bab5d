//! Types of values: their shape, their names in messages, and how constraints differ from types of values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
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

impl ObjectType {
    /// Whether attribute `name` may be missing.
    pub fn is_optional(&self, name: &str) -> bool {
        self.optional.contains(name)
    }
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Arc::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Type) -> Self {
        Self::Set(Arc::new(element))
    }

    /// A map of `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Arc::new(element))
    }

    /// A tuple of these types.
    pub fn tuple(elements: impl IntoIterator<Item = Type>) -> Self {
        Self::Tuple(elements.into_iter().collect())
    }

    /// An object with these attributes, all required.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Self {
        let attributes = attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect();
        Self::Object(Arc::new(ObjectType { attributes, optional: BTreeSet::new() }))
    }

    /// Whether it is a string, number or bool.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Self::String | Self::Number | Self::Bool)
    }

    /// Whether it is a list, set or map.
    pub fn is_collection(&self) -> bool {
        self.element().is_some()
    }

    /// The element type of a list, set or map.
    pub fn element(&self) -> Option<&Type> {
        match self {
            Self::List(element) | Self::Set(element) | Self::Map(element) => Some(element),
            _ => None,
        }
    }

    /// Whether values of it can be iterated.
    pub fn is_iterable(&self) -> bool {
        self.is_collection() || matches!(self, Self::Tuple(_) | Self::Object(_))
    }

    /// Whether it is `any` or holds `any` anywhere.
    pub fn has_dynamic(&self) -> bool {
        match self {
            Self::Dynamic => true,
            Self::String | Self::Number | Self::Bool => false,
            Self::List(element) | Self::Set(element) | Self::Map(element) => element.has_dynamic(),
            Self::Tuple(elements) => elements.iter().any(Type::has_dynamic),
            Self::Object(object) => object.attributes.values().any(Type::has_dynamic),
        }
    }

    /// The same with every attribute required, at every depth: what values of a constraint have as their type.
    pub fn without_optional(&self) -> Type {
        match self {
            Self::Dynamic | Self::String | Self::Number | Self::Bool => self.clone(),
            Self::List(element) => Self::list(element.without_optional()),
            Self::Set(element) => Self::set(element.without_optional()),
            Self::Map(element) => Self::map(element.without_optional()),
            Self::Tuple(elements) => Self::tuple(elements.iter().map(Type::without_optional)),
            Self::Object(object) => {
                Self::object(object.attributes.iter().map(|(name, ty)| (name.clone(), ty.without_optional())))
            }
        }
    }

    /// Its name where a constraint is meant, so `any` is "any type".
    pub fn constraint_name(&self) -> String {
        match self {
            Self::Dynamic => "any type".to_owned(),
            Self::List(element) | Self::Set(element) | Self::Map(element) if **element == Self::Dynamic => {
                format!("{} of any single type", self.kind())
            }
            Self::List(element) | Self::Set(element) | Self::Map(element) => {
                format!("{} of {}", self.kind(), element.constraint_name())
            }
            _ => self.kind().to_owned(),
        }
    }

    /// The kind alone: `list`, `object`, `string`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Dynamic => "dynamic",
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::List(_) => "list",
            Self::Set(_) => "set",
            Self::Map(_) => "map",
            Self::Tuple(_) => "tuple",
            Self::Object(_) => "object",
        }
    }
}

/// The name for messages about a value of this type: `list of string`, `object`.
impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element() {
            Some(element) => write!(out, "{} of {element}", self.kind()),
            None => out.write_str(self.kind()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(Type::list(Type::map(Type::Number)).to_string(), "list of map of number");
        assert_eq!(Type::set(Type::Dynamic).to_string(), "set of dynamic");
        assert_eq!(Type::set(Type::Dynamic).constraint_name(), "set of any single type");
        assert_eq!(Type::Dynamic.constraint_name(), "any type");
        assert_eq!(Type::tuple([Type::Bool]).to_string(), "tuple");
    }
}
