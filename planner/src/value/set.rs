//! Sets keep their elements without duplicates, in the reference's iteration order: strings bytewise, numbers by value,
//! false before true, anything else by a digest of its content; null after that, unknown last.

use std::collections::BTreeMap;

use super::equal::equal;
use super::model::Value;
use super::notation::{general, quote};

/// Sorts `items` into set order and drops those equal to another. Unknown elements equal nothing and are all kept.
pub(super) fn arrange(items: Vec<Value>) -> Vec<Value> {
    let mut keyed: Vec<(Key, Value)> = items.into_iter().map(|item| (Key::of(&item), item)).collect();
    keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut kept: Vec<(Key, Value)> = Vec::with_capacity(keyed.len());
    for (key, item) in keyed {
        // Equal elements have equal keys, so only the run with this key can hold one.
        let run = kept.iter().rev().take_while(|(other, _)| *other == key);
        if !run.into_iter().any(|(_, other)| equal(other, &item) == Some(true)) {
            kept.push((key, item));
        }
    }
    kept.into_iter().map(|(_, item)| item).collect()
}

/// Values to find equal ones among, without comparing each with each.
#[derive(Default)]
pub(crate) struct Members<'v>(BTreeMap<Key, Vec<&'v Value>>);

impl<'v> Members<'v> {
    /// Takes `value` in, unless one that equals it is there.
    pub(crate) fn insert(&mut self, value: &'v Value) -> bool {
        let like = self.0.entry(Key::of(value)).or_default();
        let new = !like.iter().any(|other| equal(other, value) == Some(true));
        if new {
            like.push(value);
        }
        new
    }

    /// Whether one that equals `value` is there.
    pub(crate) fn contains(&self, value: &Value) -> bool {
        let like = self.0.get(&Key::of(value));
        like.is_some_and(|like| like.iter().any(|other| equal(other, value) == Some(true)))
    }
}

impl<'v> FromIterator<&'v Value> for Members<'v> {
    fn from_iter<I: IntoIterator<Item = &'v Value>>(values: I) -> Self {
        let mut members = Self::default();
        for value in values {
            members.insert(value);
        }
        members
    }
}

/// What elements are sorted by.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Bool(bool),
    Number(super::Number),
    String(std::sync::Arc<str>),
    Digest(String),
    Null,
    Unknown,
}

impl Key {
    fn of(value: &Value) -> Self {
        match value {
            Value::Null(_) => Self::Null,
            Value::Unknown(_) => Self::Unknown,
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => Self::Number(number.clone()),
            Value::String(text) => Self::String(text.clone()),
            other => {
                let mut out = String::new();
                digest(other, &mut out);
                Self::Digest(out)
            }
        }
    }
}

/// Writes what the reference sorts compound elements by.
fn digest(value: &Value, out: &mut String) {
    match value {
        Value::Unknown(_) => out.push('?'),
        Value::Null(_) => out.push('~'),
        Value::Bool(value) => out.push(if *value { 'T' } else { 'F' }),
        Value::Number(number) => out.push_str(&general(number, Some(10))),
        Value::String(text) => out.push_str(&quote(text)),
        Value::List(_, items) | Value::Set(_, items) => digest_all('[', items.iter(), ']', out),
        Value::Tuple(items) => digest_all('<', items.iter(), '>', out),
        Value::Object(entries) => digest_all('<', entries.values(), '>', out),
        Value::Map(_, entries) => {
            out.push('{');
            for (key, value) in entries.iter() {
                out.push_str(&quote(key));
                out.push(':');
                digest(value, out);
                out.push(';');
            }
            out.push('}');
        }
    }
}

fn digest_all<'a>(open: char, items: impl Iterator<Item = &'a Value>, close: char, out: &mut String) {
    out.push(open);
    for item in items {
        digest(item, out);
        out.push(';');
    }
    out.push(close);
}
