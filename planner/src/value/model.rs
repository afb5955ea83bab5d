//! Values. Cheap to clone: everything large is shared.

use std::collections::BTreeMap;
use std::sync::Arc;

use unicode_normalization::{UnicodeNormalization, is_nfc_stream_safe};

use super::number::Number;
use super::ty::{ObjectType, Type};

/// A value of some type, perhaps null, perhaps not known yet.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Null of a type.
    Null(Type),
    /// Not known yet, of a type.
    Unknown(Type),
    /// A bool.
    Bool(bool),
    /// A number.
    Number(Number),
    /// Text, NFC-normalised.
    String(Arc<str>),
    /// A list: element type, elements.
    List(Type, Arc<[Value]>),
    /// A set: element type, elements in the reference's iteration order, without duplicates.
    Set(Type, Arc<[Value]>),
    /// A map: element type, entries.
    Map(Type, Arc<BTreeMap<Arc<str>, Value>>),
    /// A tuple.
    Tuple(Arc<[Value]>),
    /// An object.
    Object(Arc<BTreeMap<Arc<str>, Value>>),
}

impl Value {
    /// Text, brought to normal form C.
    pub fn string(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        if text.is_ascii() || is_nfc_stream_safe(&text) {
            Self::String(text)
        } else {
            Self::String(text.stream_safe().nfc().collect::<String>().into())
        }
    }

    /// Text, brought to normal form C.
    pub fn text(text: &str) -> Self {
        Self::string(text)
    }

    /// A whole number.
    pub fn int(value: i64) -> Self {
        Self::Number(Number::from(value))
    }

    /// An object of these attributes.
    pub fn object<K: Into<Arc<str>>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Object(Arc::new(attributes.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }

    /// A list of strings.
    pub fn strings<S: Into<Arc<str>>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::List(Type::String, items.into_iter().map(Value::string).collect())
    }

    /// A list of these elements. Their common type is the element type: untyped nulls and unknowns take it over, and
    /// elements must otherwise agree. An empty list has elements of `empty`.
    pub fn list(items: Vec<Value>, empty: Type) -> Self {
        let (element, items) = uniform(items, empty);
        Self::List(element, items.into())
    }

    /// A set of these elements, typed as [`Value::list`] does, duplicates dropped.
    pub fn set(items: Vec<Value>, empty: Type) -> Self {
        let (element, items) = uniform(items, empty);
        Self::Set(element, super::set::arrange(items).into())
    }

    /// A map of these entries, typed as [`Value::list`] does.
    pub fn map(entries: BTreeMap<Arc<str>, Value>, empty: Type) -> Self {
        let (keys, values): (Vec<_>, Vec<_>) = entries.into_iter().unzip();
        let (element, values) = uniform(values, empty);
        Self::Map(element, Arc::new(keys.into_iter().zip(values).collect()))
    }

    /// A tuple.
    pub fn tuple(items: impl IntoIterator<Item = Value>) -> Self {
        Self::Tuple(items.into_iter().collect())
    }

    /// Its type.
    pub fn ty(&self) -> Type {
        match self {
            Self::Null(ty) | Self::Unknown(ty) => ty.clone(),
            Self::Bool(_) => Type::Bool,
            Self::Number(_) => Type::Number,
            Self::String(_) => Type::String,
            Self::List(element, _) => Type::List(Arc::new(element.clone())),
            Self::Set(element, _) => Type::Set(Arc::new(element.clone())),
            Self::Map(element, _) => Type::Map(Arc::new(element.clone())),
            Self::Tuple(items) => Type::Tuple(items.iter().map(Value::ty).collect()),
            Self::Object(entries) => Type::Object(Arc::new(ObjectType {
                attributes: entries.iter().map(|(name, value)| (name.clone(), value.ty())).collect(),
                ..ObjectType::default()
            })),
        }
    }

    /// Whether its type is just `ty`. Cheaper than to compare with [`Value::ty`], which is as large as the value.
    pub fn is_of(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Self::Null(own) | Self::Unknown(own), _) => own == ty,
            (Self::Bool(_), Type::Bool) | (Self::Number(_), Type::Number) | (Self::String(_), Type::String) => true,
            (Self::List(own, _), Type::List(element))
            | (Self::Set(own, _), Type::Set(element))
            | (Self::Map(own, _), Type::Map(element)) => *own == **element,
            (Self::Tuple(items), Type::Tuple(types)) => {
                items.len() == types.len() && items.iter().zip(types.iter()).all(|(item, ty)| item.is_of(ty))
            }
            (Self::Object(entries), Type::Object(object)) => {
                object.optional.is_empty()
                    && entries.keys().eq(object.attributes.keys())
                    && entries.values().zip(object.attributes.values()).all(|(value, ty)| value.is_of(ty))
            }
            _ => false,
        }
    }

    /// Whether both are of one type.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null(ty) | Self::Unknown(ty), value) | (value, Self::Null(ty) | Self::Unknown(ty)) => {
                value.is_of(ty)
            }
            (Self::List(a, _), Self::List(b, _))
            | (Self::Set(a, _), Self::Set(b, _))
            | (Self::Map(a, _), Self::Map(b, _)) => a == b,
            (Self::Tuple(a), Self::Tuple(b)) => {
                Arc::ptr_eq(a, b) || a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.is_like(b))
            }
            (Self::Object(a), Self::Object(b)) => {
                Arc::ptr_eq(a, b) || a.keys().eq(b.keys()) && a.values().zip(b.values()).all(|(a, b)| a.is_like(b))
            }
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    /// Whether it is known itself; its elements may still be unknown.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Unknown(_))
    }

    /// Whether it and everything in it is known.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown(_) => false,
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => items.iter().all(Value::is_wholly_known),
            Self::Map(_, entries) | Self::Object(entries) => entries.values().all(Value::is_wholly_known),
            _ => true,
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// A known bool.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(value) = self { Some(*value) } else { None }
    }

    /// A known number.
    pub fn as_number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }

    /// The entries of a known object or map.
    pub fn entries(&self) -> Option<&BTreeMap<Arc<str>, Value>> {
        match self {
            Self::Map(_, entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The elements of a known list, set or tuple.
    pub fn items(&self) -> Option<&[Value]> {
        match self {
            Self::List(_, items) | Self::Set(_, items) | Self::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// Adds every text in it to `found`.
    pub fn collect_text(&self, found: &mut Vec<String>) {
        if let Some(text) = self.as_str() {
            found.push(text.to_owned());
        }
        let parts = self.items().into_iter().flatten();
        parts.chain(self.entries().into_iter().flat_map(BTreeMap::values)).for_each(|part| part.collect_text(found));
    }

    /// The attribute or map element called `name`.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries()?.get(name)
    }
}

/// The first concrete type among the elements, and the elements with that type where they had none.
fn uniform(items: Vec<Value>, empty: Type) -> (Type, Vec<Value>) {
    let Some(first) = items.first() else { return (empty, items) };
    let element = items.iter().map(Value::ty).find(|ty| *ty != Type::Dynamic).unwrap_or_else(|| first.ty());
    let retyped = |item| match item {
        Value::Null(Type::Dynamic) => Value::Null(element.clone()),
        Value::Unknown(Type::Dynamic) => Value::Unknown(element.clone()),
        other => other,
    };
    let items = items.into_iter().map(retyped).collect();
    (element, items)
}
