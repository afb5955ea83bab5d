//! `for` expressions.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::budget;
use crate::eval::evaluator::{self, Evaluator, Frame, unknown};
use crate::span::Span;
use crate::syntax::ast::{Expr, ForExpr, Ident};
use crate::value::{Type, Value, convert, quote};

/// The names that a loop binds.
#[derive(Clone, Copy)]
pub(super) struct Names<'a> {
    pub(super) key: Option<&'a Ident>,
    pub(super) value: &'a Ident,
}

impl<'a> Evaluator<'a> {
    /// `[for …]` and `{for …}`; `expr` is the whole.
    pub(super) fn for_expr(&self, expr: &Expr, inner: &ForExpr, diags: &mut Diagnostics) -> Value {
        let Some(collection) = self.iterable(&inner.collection, expr.span, diags) else { return unknown() };
        let names = Names { key: inner.key_name.as_ref(), value: &inner.value_name };
        let mut round = Round { inner, whole: expr.span, known: collection.is_known() };
        if !self.with(names, unknown(), unknown(), |inside| round.check_condition(inside, diags)) {
            return unknown();
        }
        let value = match &inner.key {
            None => {
                let mut items = Vec::new();
                let whole = self.each(&collection, names, |inside| {
                    if round.includes(inside, diags) {
                        items.push(inside.value(&inner.value, diags));
                    }
                });
                whole.map(|()| Value::tuple(items))
            }
            Some(key_expr) => {
                let mut entries = BTreeMap::new();
                let mut groups: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
                let whole = self.each(&collection, names, |inside| {
                    if round.includes(inside, diags)
                        && let Some(key) = round.key(inside, key_expr, diags)
                    {
                        let value = inside.value(&inner.value, diags);
                        if inner.grouping {
                            groups.entry(key).or_default().push(value);
                        } else {
                            round.insert(inside, &mut entries, key_expr, (key, value), diags);
                        }
                    }
                });
                entries.extend(groups.into_iter().map(|(key, values)| (key, Value::tuple(values))));
                whole.map(|()| Value::Object(Arc::new(entries)))
            }
        };
        match value {
            Ok(value) if round.known => value,
            Ok(_) => unknown(),
            Err(excess) => {
                self.too_large(excess, expr.span, diags);
                unknown()
            }
        }
    }

    /// The value of a collection to iterate, known or not; none when it cannot be iterated (said) or its type is not
    /// known.
    pub(super) fn iterable(&self, collection: &Expr, whole: Span, diags: &mut Diagnostics) -> Option<Value> {
        let value = self.value(collection, diags);
        let place = (collection.span, Some(whole));
        let iterable = match &value {
            Value::Null(_) => {
                let detail = "A null value cannot be used as the collection in a 'for' expression.";
                self.fault(collection, "Iteration over null value", detail, place, diags);
                return None;
            }
            Value::Unknown(Type::Dynamic) => return None,
            Value::Unknown(ty) => ty.is_iterable(),
            other => other.items().is_some() || other.entries().is_some(),
        };
        if !iterable {
            let ty = value.ty();
            let detail = format!("A value of type {ty} cannot be used as the collection in a 'for' expression.");
            self.fault(collection, "Iteration over non-iterable value", detail, place, diags);
        }
        iterable.then_some(value)
    }

    /// Runs `body` for each element of a collection, in order, with the names of a loop bound; not at all when the
    /// collection is unknown.
    ///
    /// # Errors
    ///
    /// What there is too much of, so that the loop ended early.
    pub(super) fn each(
        &self,
        collection: &Value,
        names: Names<'_>,
        mut body: impl FnMut(&Evaluator<'_>),
    ) -> Result<(), String> {
        for (key, value) in pairs(collection).into_iter().flatten() {
            if !self.budget.take_round() {
                break;
            }
            if let Some(excess) = budget::excess(&value) {
                return Err(excess);
            }
            self.with(names, key, value, &mut body);
        }
        self.budget.excess().map_or(Ok(()), Err)
    }

    /// Runs `body` with the names of a loop bound.
    fn with<T>(&self, names: Names<'_>, key: Value, value: Value, body: impl FnOnce(&Evaluator<'_>) -> T) -> T {
        // The value's name comes first: it wins when both are the same.
        let bound = [Some((&*names.value.name, value)), names.key.map(|name| (&*name.name, key))];
        let frame = Frame { names: evaluator::Names::Loop(bound), parent: self.frame };
        body(&Evaluator { frame: Some(&frame), ..*self })
    }
}

/// The keys and values of a known collection, in iteration order; none when it is unknown, or no collection.
pub fn pairs(value: &Value) -> Option<Vec<(Value, Value)>> {
    Some(match value {
        Value::List(_, items) | Value::Tuple(items) => {
            items.iter().enumerate().map(|(at, item)| (Value::Number(at.into()), item.clone())).collect()
        }
        Value::Set(_, items) => items.iter().map(|item| (item.clone(), item.clone())).collect(),
        Value::Map(_, entries) | Value::Object(entries) => {
            entries.iter().map(|(key, item)| (Value::String(key.clone()), item.clone())).collect()
        }
        _ => return None,
    })
}

/// One `for` expression while it runs.
struct Round<'a> {
    inner: &'a ForExpr,
    whole: Span,
    /// Turns false with the first fault or unknown that leaves the result open. Like faults are then said no more.
    known: bool,
}

impl Round<'_> {
    /// Looks at the condition once before there are values: a plain mistake in it is said once, not for each element.
    fn check_condition(&self, inside: &Evaluator<'_>, diags: &mut Diagnostics) -> bool {
        let Some(condition) = &self.inner.condition else { return true };
        let mut found = Diagnostics::new();
        let result = inside.value(condition, &mut found);
        let failed = found.has_errors();
        diags.append(found);
        let place = (condition.span, Some(self.whole));
        if result.is_null() {
            inside.fault(condition, "Condition is null", NULL_CONDITION, place, diags);
            return false;
        }
        if let Err(error) = convert(&result, &Type::Bool) {
            inside.fault(
                condition,
                INVALID_CONDITION,
                format!("The 'if' clause value is invalid: {error}."),
                place,
                diags,
            );
            return false;
        }
        !failed
    }

    /// Whether the `if` clause lets the current element in.
    fn includes(&mut self, inside: &Evaluator<'_>, diags: &mut Diagnostics) -> bool {
        let Some(condition) = &self.inner.condition else { return true };
        let result = inside.value(condition, diags);
        // For an object, an unknown that can never be a bool is said; for a tuple it is waited for.
        let waits = self.inner.key.is_none() && !result.is_known();
        let converted = if waits { Ok(unknown()) } else { convert(&result, &Type::Bool) };
        if let Ok(Value::Bool(include)) = converted {
            return include;
        }
        let detail = match converted {
            _ if result.is_null() => Some(NULL_CONDITION.to_owned()),
            Ok(_) => None,
            Err(error) => Some(format!("The 'if' clause value is invalid: {error}.")),
        };
        if let Some(detail) = detail
            && self.known
        {
            inside.fault(condition, INVALID_CONDITION, detail, (condition.span, Some(self.whole)), diags);
        }
        self.known = false;
        false
    }

    /// The key for the current element.
    fn key(&mut self, inside: &Evaluator<'_>, expr: &Expr, diags: &mut Diagnostics) -> Option<Arc<str>> {
        let raw = inside.value(expr, diags);
        let detail = match convert(&raw, &Type::String) {
            Ok(Value::String(text)) => return Some(text),
            _ if raw.is_null() => Some("Key expression in 'for' expression must not produce a null value.".to_owned()),
            Ok(_) => None,
            Err(_) if !raw.is_known() => None,
            Err(error) => Some(format!("The key expression produced an invalid result: {error}.")),
        };
        if let Some(detail) = detail
            && self.known
        {
            inside.fault(expr, "Invalid object key", detail, (expr.span, Some(self.whole)), diags);
        }
        self.known = false;
        None
    }

    fn insert(
        &self,
        inside: &Evaluator<'_>,
        entries: &mut BTreeMap<Arc<str>, Value>,
        key_expr: &Expr,
        (key, value): (Arc<str>, Value),
        diags: &mut Diagnostics,
    ) {
        match entries.entry(key) {
            Entry::Vacant(entry) => drop(entry.insert(value)),
            Entry::Occupied(entry) => {
                let detail = format!(
                    "Two different items produced the key {} in this 'for' expression. If duplicates are expected, \
                     use the ellipsis (...) after the value expression to enable grouping by key.",
                    quote(entry.key())
                );
                inside.fault(key_expr, "Duplicate object key", detail, (key_expr.span, Some(self.whole)), diags);
            }
        }
    }
}

const INVALID_CONDITION: &str = "Invalid 'for' condition";
const NULL_CONDITION: &str = "The value of the 'if' clause must not be null.";
