//! JSON values as Go holds them before they get a type: numbers are floating point, properties sorted, names unique.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::syntax::json::{Kind, Node};
use crate::value::notation::Digits;

/// An untyped value.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text, as it is written.
    Text(Arc<str>),
    /// `[…]`
    List(Arc<[Raw]>),
    /// `{…}`
    Map(Arc<BTreeMap<Arc<str>, Raw>>),
}

impl Raw {
    /// Text.
    pub fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// The text it is, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<&BTreeMap<Arc<str>, Raw>> {
        if let Self::Map(entries) = self { Some(entries) } else { None }
    }

    /// The items of a list.
    pub fn items(&self) -> Option<&[Raw]> {
        if let Self::List(items) = self { Some(items) } else { None }
    }

    /// Its kind in Go's words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "invalid",
            Self::Bool(_) => "bool",
            Self::Number(_) => "float64",
            Self::Text(_) => "string",
            Self::List(_) => "slice",
            Self::Map(_) => "map",
        }
    }

    /// Its type in Go's words.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::List(_) => "[]interface {}",
            Self::Map(_) => "map[string]interface {}",
            other => other.kind(),
        }
    }
}

/// As Go's `%v`.
impl fmt::Display for Raw {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => write!(out, "<nil>"),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Number(value) => {
                let sign = if value.is_sign_negative() { "-" } else { "" };
                write!(out, "{sign}{}", Digits::of_f64(*value).general(None))
            }
            Self::Text(text) => write!(out, "{text}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(Raw::to_string).collect();
                write!(out, "[{}]", items.join(" "))
            }
            Self::Map(entries) => {
                let entries: Vec<String> = entries.iter().map(|(name, value)| format!("{name}:{value}")).collect();
                write!(out, "map[{}]", entries.join(" "))
            }
        }
    }
}

/// The untyped value of a tree.
///
/// # Errors
///
/// A number too large for floating point, in Go's words.
pub(super) fn from_tree(node: &Node) -> Result<Raw, String> {
    Ok(match &node.kind {
        Kind::Null => Raw::Null,
        Kind::Bool(value) => Raw::Bool(*value),
        Kind::Number(text) => match text.parse::<f64>() {
            Ok(value) if value.is_finite() => Raw::Number(value),
            _ => return Err(format!("json: cannot unmarshal number {text} into Go value of type float64")),
        },
        Kind::String(text) => Raw::Text(text.clone()),
        Kind::Array(items) => Raw::List(items.iter().map(from_tree).collect::<Result<_, _>>()?),
        Kind::Object(properties) => {
            let entries = properties.iter().map(|property| Ok((property.name.clone(), from_tree(&property.value)?)));
            Raw::Map(Arc::new(entries.collect::<Result<_, String>>()?))
        }
    })
}

/// The first name in the text that stands twice in an object.
pub(super) fn find_duplicate(node: &Node) -> Option<&Arc<str>> {
    match &node.kind {
        Kind::Array(items) => items.iter().find_map(find_duplicate),
        Kind::Object(properties) => {
            let mut names = BTreeSet::new();
            properties.iter().find_map(|property| {
                if names.insert(&property.name) { find_duplicate(&property.value) } else { Some(&property.name) }
            })
        }
        _ => None,
    }
}
