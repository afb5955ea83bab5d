//! Values of blocks by their labels, one level for each label.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::span::Span;
use crate::syntax::ast::Ident;
use crate::value::{Type, Value};

/// The values found so far.
#[derive(Default)]
pub(super) struct Labelled(BTreeMap<Arc<str>, Level>);

enum Level {
    /// A block, and where it stands.
    Block(Value, Span),
    /// More labels.
    Inner(Labelled),
}

impl Labelled {
    /// Takes in the value of the block at `place`; all blocks have the same number of `labels`, one at least. Where the
    /// first block stands if there is one of these labels already.
    pub(super) fn insert(&mut self, labels: &[Ident], place: Span, value: Value) -> Result<(), Span> {
        let Some((label, rest)) = labels.split_first() else { return Ok(()) };
        let entry = self.0.entry(label.name.clone());
        if rest.is_empty() {
            return match entry {
                Entry::Vacant(entry) => {
                    entry.insert(Level::Block(value, place));
                    Ok(())
                }
                Entry::Occupied(entry) => match entry.get() {
                    Level::Block(_, first) => Err(*first),
                    Level::Inner(_) => Ok(()),
                },
            };
        }
        match entry.or_insert_with(|| Level::Inner(Self::default())) {
            Level::Inner(inner) => inner.insert(rest, place, value),
            Level::Block(..) => Ok(()),
        }
    }

    /// A map, in maps for each label but the last of `n_labels`, of values of the type `element`.
    pub(super) fn into_map(self, n_labels: usize, element: &Type) -> Value {
        let inner = (1..n_labels).fold(element.clone(), |inner, _| Type::map(inner));
        let entries = self.0.into_iter().map(|(label, level)| match level {
            Level::Block(value, _) => (label, value),
            Level::Inner(levels) => (label, levels.into_map(n_labels - 1, element)),
        });
        Value::map(entries.collect(), inner)
    }

    /// An object, in objects for each label but the last.
    pub(super) fn into_object(self) -> Value {
        Value::object(self.0.into_iter().map(|(label, level)| match level {
            Level::Block(value, _) => (label, value),
            Level::Inner(levels) => (label, levels.into_object()),
        }))
    }
}
