//! Where variables come from.

use std::collections::BTreeMap;

use crate::value::Value;

/// What a name in an expression stands for.
#[derive(Clone, Debug)]
pub enum Found {
    /// The value of the name itself.
    Whole(Value),
    /// The value after the first attribute step: large objects need not be built to read one member.
    Member(Value),
}

impl Found {
    /// The value.
    pub fn into_value(self) -> Value {
        match self {
            Self::Whole(value) | Self::Member(value) => value,
        }
    }
}

/// Serves the variables of an expression.
pub trait Lookup {
    /// The value of variable `name`; `attr` is the attribute step behind it, if there is one. `None` when there is no
    /// such variable.
    fn root(&self, name: &str, attr: Option<&str>) -> Option<Found>;

    /// The names there are, for "did you mean". None at all means that variables are not allowed.
    fn names(&self) -> Vec<String>;
}

/// Variables held in a map.
#[derive(Clone, Debug, Default)]
pub struct MapLookup(BTreeMap<String, Value>);

impl<K: Into<String>> FromIterator<(K, Value)> for MapLookup {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(variables: I) -> Self {
        Self(variables.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl Lookup for MapLookup {
    fn root(&self, name: &str, attr: Option<&str>) -> Option<Found> {
        let value = self.0.get(name)?;
        if let (Value::Object(entries), Some(attr)) = (value, attr)
            && let Some(member) = entries.get(attr)
        {
            return Some(Found::Member(member.clone()));
        }
        Some(Found::Whole(value.clone()))
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}
