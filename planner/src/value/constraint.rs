//! Type constraints as templates write them: `list(string)`, `object({ a = optional(number, 1) })`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::eval::evaluate_constant;
use crate::span::Span;
use crate::syntax::ast::{Expr, ExprKind, Ident, ObjectItem, ObjectKey};

use super::convert::{ConversionError, convert};
use super::model::Value;
use super::notation::quote;
use super::ty::{ObjectType, Type};
use super::unify::unify;

/// A type that values are brought to, with what stands in for missing attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// The type; may hold `any` and optional attributes.
    pub ty: Type,
    defaults: Defaults,
}

/// Defaults of optional attributes, at every depth.
#[derive(Clone, Debug, Default, PartialEq)]
struct Defaults {
    /// Those of this object's own attributes.
    values: BTreeMap<Arc<str>, Value>,
    /// Those below an attribute.
    attributes: BTreeMap<Arc<str>, Defaults>,
    /// Those below the elements of a collection.
    elements: Option<Box<Defaults>>,
    /// Those below the places of a tuple.
    places: BTreeMap<usize, Defaults>,
}

impl Constraint {
    /// The constraint to a type, without defaults.
    pub fn of(ty: Type) -> Self {
        Self { ty, defaults: Defaults::default() }
    }

    /// Reads a type expression. What is no type is said, and counts as `any`.
    pub fn from_expr(expr: &Expr, diags: &mut Diagnostics) -> Self {
        let mut reader = Reader { diags, with_defaults: true };
        let (ty, defaults) = reader.read(&expr.to_analyse());
        Self { ty, defaults }
    }

    /// Reads a type expression in which no attribute can have a default, as `convert` takes it.
    pub fn without_defaults(expr: &Expr, diags: &mut Diagnostics) -> Type {
        Reader { diags, with_defaults: false }.read(expr).0
    }

    /// `value` as the type, defaults filled in.
    ///
    /// # Errors
    /// When it does not convert.
    pub fn convert(&self, value: &Value) -> Result<Value, ConversionError> {
        convert(&self.apply_defaults(value), &self.ty)
    }

    /// `value` with defaults for attributes that are missing or null. Collections whose elements no longer agree in type
    /// become structures.
    pub fn apply_defaults(&self, value: &Value) -> Value {
        self.defaults.apply(value)
    }
}

impl Defaults {
    fn is_empty(&self) -> bool {
        self.values.is_empty() && self.attributes.is_empty() && self.elements.is_none() && self.places.is_empty()
    }

    fn apply(&self, value: &Value) -> Value {
        if self.is_empty() {
            return value.clone();
        }
        match value {
            Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
                let below = |at: usize| self.places.get(&at).or(self.elements.as_deref());
                let filled = items.iter().enumerate().map(|(at, item)| match below(at) {
                    Some(defaults) => defaults.apply(item),
                    None => item.clone(),
                });
                collected(filled.collect(), value)
            }
            Value::Map(_, entries) | Value::Object(entries) => {
                let mut filled = (**entries).clone();
                for (name, default) in &self.values {
                    let value = filled.entry(name.clone()).or_insert_with(|| default.clone());
                    if value.is_null() {
                        *value = default.clone();
                    }
                }
                for (name, value) in &mut filled {
                    if let Some(defaults) = self.attributes.get(name).or(self.elements.as_deref()) {
                        *value = defaults.apply(value);
                    }
                }
                match (value, alike(filled.values())) {
                    (Value::Map(element, _), Some(values)) => {
                        Value::map(filled.into_keys().zip(values).collect(), element.clone())
                    }
                    _ => Value::Object(Arc::new(filled)),
                }
            }
            _ => value.clone(),
        }
    }
}

/// Elements with defaults filled in, as what they were elements of: a tuple when they no longer agree in type.
fn collected(items: Vec<Value>, was: &Value) -> Value {
    let alike = if matches!(was, Value::Tuple(_)) { None } else { alike(items.iter()) };
    match (was, alike) {
        (Value::List(element, _), Some(items)) => Value::list(items, element.clone()),
        (Value::Set(element, _), Some(items)) => Value::set(items, element.clone()),
        _ => Value::tuple(items),
    }
}

/// Values brought to the type that they have in common, if there is one.
fn alike<'a>(values: impl Iterator<Item = &'a Value> + Clone) -> Option<Vec<Value>> {
    let types: Vec<Type> = values.clone().map(Value::ty).collect();
    let common = if types.is_empty() { Type::Dynamic } else { unify(&types)? };
    if common == Type::Dynamic && !types.is_empty() {
        return None;
    }
    values.map(|value| convert(value, &common).ok()).collect()
}

const SUMMARY: &str = "Invalid type specification";

struct Reader<'d> {
    diags: &'d mut Diagnostics,
    with_defaults: bool,
}

impl Reader<'_> {
    fn invalid(&mut self, detail: impl Into<String>, span: Span) -> (Type, Defaults) {
        self.diags.error(SUMMARY, detail, span);
        (Type::Dynamic, Defaults::default())
    }

    fn read(&mut self, expr: &Expr) -> (Type, Defaults) {
        match &expr.kind {
            ExprKind::Variable(name) => self.keyword(name, expr.span),
            ExprKind::Null => self.keyword("null", expr.span),
            ExprKind::Bool(value) => self.keyword(if *value { "true" } else { "false" }, expr.span),
            ExprKind::Call(call) => {
                let list = Span { start: call.name.span.end, ..call.close };
                self.constructor(&call.name, &call.args, list, expr.span)
            }
            _ => {
                let detail =
                    "A type is a keyword (bool, number, string, any) or a constructor call, like list(string).";
                self.invalid(detail, expr.span)
            }
        }
    }

    fn keyword(&mut self, name: &str, span: Span) -> (Type, Defaults) {
        let ty = match name {
            "bool" => Type::Bool,
            "string" => Type::String,
            "number" => Type::Number,
            "any" => Type::Dynamic,
            "list" | "set" | "map" => {
                let detail = format!("The {name} type constructor requires one argument specifying the element type.");
                return self.invalid(detail, span);
            }
            "object" => {
                let detail = "The object type constructor requires one argument specifying the attribute types and \
                              values as a map.";
                return self.invalid(detail, span);
            }
            "tuple" => {
                let detail = "The tuple type constructor requires one argument specifying the element types as a list.";
                return self.invalid(detail, span);
            }
            other => {
                return self.invalid(format!("The keyword {} is not a valid type specification.", quote(other)), span);
            }
        };
        (ty, Defaults::default())
    }

    /// A call; its arguments with their parentheses stand at `list`.
    fn constructor(&mut self, name: &Ident, args: &[Expr], list: Span, span: Span) -> (Type, Defaults) {
        match (&*name.name, args) {
            ("bool" | "string" | "number", _) => {
                let detail = format!("Primitive type keyword {} does not expect arguments.", quote(&name.name));
                self.invalid(detail, list)
            }
            ("any", _) => self.invalid("Type constraint keyword \"any\" does not expect arguments.", list),
            ("list" | "set" | "map", [element]) => {
                let (element, defaults) = self.read(element);
                let ty = match &*name.name {
                    "list" => Type::list(element),
                    "set" => Type::set(element),
                    _ => Type::map(element),
                };
                let elements = (!defaults.is_empty()).then(|| Box::new(defaults));
                (ty, Defaults { elements, ..Defaults::default() })
            }
            ("object", [Expr { kind: ExprKind::Object(items), .. }]) => self.object(items),
            ("tuple", [Expr { kind: ExprKind::Tuple(items), .. }]) => {
                let mut places = BTreeMap::new();
                let mut types = Vec::with_capacity(items.len());
                for (at, item) in items.iter().enumerate() {
                    let (ty, defaults) = self.read(item);
                    types.push(ty);
                    if !defaults.is_empty() {
                        places.insert(at, defaults);
                    }
                }
                (Type::tuple(types), Defaults { places, ..Defaults::default() })
            }
            ("object", [other]) => {
                let detail = "Object type constructor requires a map whose keys are attribute names and whose values \
                              are the corresponding attribute types.";
                self.invalid(detail, other.span)
            }
            ("tuple", [other]) => self.invalid("Tuple type constructor requires a list of element types.", other.span),
            ("list" | "set" | "map" | "object" | "tuple", [_, extra @ ..]) => {
                let place = extra.first().zip(extra.last()).map_or(list, |(first, last)| first.span.to(last.span));
                self.keyword(&name.name, place)
            }
            ("list" | "set" | "map" | "object" | "tuple", []) => self.keyword(&name.name, list),
            ("optional", _) => {
                let detail = "Keyword \"optional\" is valid only as a modifier for object type attributes.";
                self.invalid(detail, name.span)
            }
            (other, _) => {
                let detail = format!("Keyword {} is not a valid type constructor.", quote(other));
                self.invalid(detail, span)
            }
        }
    }

    fn object(&mut self, items: &[ObjectItem]) -> (Type, Defaults) {
        let mut object = ObjectType { attributes: BTreeMap::new(), optional: BTreeSet::new() };
        let mut defaults = Defaults::default();
        for item in items {
            let name = match &item.key {
                ObjectKey::Bare(name) => name,
                ObjectKey::Expr(other) => {
                    self.invalid("Object constructor map keys must be attribute names.", other.span);
                    continue;
                }
            };
            if object.attributes.contains_key(&name.name) {
                self.invalid("Object constructor map keys must be unique.", name.span);
                continue;
            }
            let name = name.name.clone();
            let Some((ty, below)) = self.attribute(&name, &item.value, &mut object, &mut defaults) else { continue };
            if !below.is_empty() {
                defaults.attributes.insert(name.clone(), below);
            }
            object.attributes.insert(name, ty);
        }
        (Type::Object(Arc::new(object)), defaults)
    }

    /// The type of an attribute; `optional(…)` around it and a default in that are noted. None when there is no type in
    /// that.
    fn attribute(
        &mut self,
        name: &Arc<str>,
        expr: &Expr,
        object: &mut ObjectType,
        defaults: &mut Defaults,
    ) -> Option<(Type, Defaults)> {
        let call = match &expr.kind {
            ExprKind::Call(call) if &*call.name.name == "optional" => call,
            _ => return Some(self.read(expr)),
        };
        let list = Span { start: call.name.span.end, ..call.close };
        let (ty, default) = match &*call.args {
            [] => {
                self.invalid("Optional attribute modifier requires the attribute type as its argument.", list);
                return None;
            }
            [ty] => (ty, None),
            [ty, default] if self.with_defaults => (ty, Some(default)),
            [ty, ..] => {
                let most = if self.with_defaults {
                    "at most two arguments: the attribute type, and a default value"
                } else {
                    "only one argument: the attribute type"
                };
                self.invalid(format!("Optional attribute modifier expects {most}."), list);
                (ty, None)
            }
        };
        object.optional.insert(name.clone());
        let (ty, below) = self.read(ty);
        if let Some(default) = default {
            let value = evaluate_constant(default, self.diags);
            match convert(&value, &ty) {
                Ok(value) => drop(defaults.values.insert(name.clone(), value)),
                Err(error) => {
                    let detail =
                        format!("This default value is not compatible with the attribute's type constraint: {error}.");
                    self.diags.error("Invalid default value for optional attribute", detail, default.span);
                }
            }
        }
        Some((ty, below))
    }
}
