//! Sequences and mappings: where their items and entries begin and end.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::decode::{Node, Reader, as_text, fault};
use super::error::YamlError;
use super::node::{Head, Place, Shape, Start, empty, start};
use super::resolve::{Scalar, resolve};
use super::token::Kind;
use crate::value::Value;

impl Reader<'_> {
    pub(super) fn sequence(&mut self, shape: Shape, depth: usize) -> Result<Node, YamlError> {
        let before = self.count;
        self.count += 1;
        if shape != Shape::Indentless {
            self.tokens.take()?;
        }
        let mut items = Vec::new();
        let mut height = 0;
        while self.has_item(shape, items.is_empty())? {
            let node = self.item(shape, depth + 1)?;
            height = height.max(node.height + 1);
            items.push(node.value);
        }
        Ok(Node { value: Value::tuple(items), count: self.count - before, height })
    }

    /// Whether another item follows. Takes what separates items, or ends them.
    fn has_item(&mut self, shape: Shape, is_first: bool) -> Result<bool, YamlError> {
        let token = self.tokens.peek()?;
        let mark = token.start;
        match (shape, &token.kind) {
            (Shape::Indentless, kind) => Ok(*kind == Kind::BlockEntry),
            (Shape::Block, Kind::BlockEntry) => Ok(true),
            (Shape::Block, Kind::BlockEnd) | (Shape::Flow | Shape::Pair, Kind::FlowSequenceEnd) => {
                self.tokens.take()?;
                Ok(false)
            }
            (Shape::Block, _) => fault("did not find expected '-' indicator", mark),
            (Shape::Flow | Shape::Pair, _) if is_first => Ok(true),
            (Shape::Flow | Shape::Pair, Kind::FlowEntry) => {
                self.tokens.take()?;
                let is_item = self.tokens.peek()?.kind != Kind::FlowSequenceEnd;
                if !is_item {
                    self.tokens.take()?;
                }
                Ok(is_item)
            }
            (Shape::Flow | Shape::Pair, _) => fault("did not find expected ',' or ']'", mark),
        }
    }

    fn item(&mut self, shape: Shape, depth: usize) -> Result<Node, YamlError> {
        let token = self.tokens.peek()?;
        if shape == Shape::Flow {
            if token.kind != Kind::Key {
                return self.next_node(Place::Flow, depth);
            }
            let head = Head::at(token.start);
            return self.node(head, Start::Mapping(Shape::Pair), depth);
        }
        let mark = token.end;
        self.tokens.take()?;
        let ends = match self.tokens.peek()?.kind {
            Kind::BlockEntry | Kind::BlockEnd => true,
            Kind::Key | Kind::Value => shape == Shape::Indentless,
            _ => false,
        };
        if ends { self.missing(mark) } else { self.next_node(Place::Block, depth) }
    }

    /// Later keys win, be they merged or written.
    pub(super) fn mapping(&mut self, shape: Shape, depth: usize) -> Result<Node, YamlError> {
        let before = self.count;
        self.count += 1;
        if shape != Shape::Pair {
            self.tokens.take()?;
        }
        let mut entries: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let mut height = 0;
        let mut is_first = true;
        while self.has_entry(shape, is_first)? {
            is_first = false;
            let has_sign = self.tokens.peek()?.kind == Kind::Key;
            let (head, start) = self.key(shape)?;
            let mark = head.mark;
            let key = key_text(&head, start)?;
            let node = if has_sign { self.entry_value(shape, depth + 1)? } else { self.missing_here()? };
            height = height.max(node.height + 1);
            match (key, node.value) {
                (Some(key), value) => {
                    entries.insert(key, value);
                }
                (None, Value::Object(merged)) => {
                    entries.extend(merged.iter().map(|(key, value)| (Arc::clone(key), value.clone())));
                }
                (None, other) => return fault(format!("cannot merge {} into mapping", other.ty()), mark),
            }
        }
        Ok(Node { value: Value::Object(Arc::new(entries)), count: self.count - before, height })
    }

    /// Whether another entry follows. Takes what separates entries, or ends them.
    fn has_entry(&mut self, shape: Shape, is_first: bool) -> Result<bool, YamlError> {
        if shape == Shape::Pair {
            return Ok(is_first);
        }
        let token = self.tokens.peek()?;
        let mark = token.start;
        match (shape, &token.kind) {
            (Shape::Block, Kind::Key) => Ok(true),
            (Shape::Block, Kind::BlockEnd) | (Shape::Flow, Kind::FlowMappingEnd) => {
                self.tokens.take()?;
                Ok(false)
            }
            (Shape::Flow, _) if is_first => Ok(true),
            (Shape::Flow, Kind::FlowEntry) => {
                self.tokens.take()?;
                let is_entry = self.tokens.peek()?.kind != Kind::FlowMappingEnd;
                if !is_entry {
                    self.tokens.take()?;
                }
                Ok(is_entry)
            }
            (Shape::Flow, _) => fault("did not find expected ',' or '}'", mark),
            _ => fault("did not find expected key", mark),
        }
    }

    /// The beginning of an entry's key.
    fn key(&mut self, shape: Shape) -> Result<(Head, Start), YamlError> {
        let place = if shape == Shape::Block { Place::BlockMapping } else { Place::Flow };
        let token = self.tokens.peek()?;
        if token.kind != Kind::Key {
            return start(&mut self.tokens, &self.prefixes, place);
        }
        let behind_sign = token.end;
        self.tokens.take()?;
        let token = self.tokens.peek()?;
        let is_missing = token.kind == Kind::Value || shape.ends_entry(&token.kind);
        if !is_missing {
            return start(&mut self.tokens, &self.prefixes, place);
        }
        let mark = match shape {
            Shape::Block => behind_sign,
            Shape::Flow => token.start,
            _ => {
                // The reference loses what follows here.
                let mark = token.end;
                self.tokens.take()?;
                mark
            }
        };
        Ok((Head::at(mark), empty()))
    }

    fn entry_value(&mut self, shape: Shape, depth: usize) -> Result<Node, YamlError> {
        let token = self.tokens.peek()?;
        let mut mark = token.start;
        if token.kind == Kind::Value {
            let behind_sign = token.end;
            self.tokens.take()?;
            let token = self.tokens.peek()?;
            if !shape.ends_entry(&token.kind) {
                let place = if shape == Shape::Block { Place::BlockMapping } else { Place::Flow };
                return self.next_node(place, depth);
            }
            mark = if shape == Shape::Block { behind_sign } else { token.start };
        }
        self.missing(mark)
    }
}

/// The key that begins so; none for `<<`.
fn key_text(head: &Head, start: Start) -> Result<Option<Arc<str>>, YamlError> {
    let Start::Scalar { text, style } = start else {
        return fault("only strings are allowed as mapping keys", head.mark);
    };
    match resolve(&head.tag, &text, style)? {
        Scalar::Merge => Ok(None),
        Scalar::Value(value) => match as_text(value) {
            Value::String(key) => Ok(Some(key)),
            _ => fault("mapping key cannot be null", head.mark),
        },
    }
}
