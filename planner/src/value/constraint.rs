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
    /// become structures, which conversion brings back.
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
                Value::tuple(items.iter().enumerate().map(|(at, item)| match below(at) {
                    Some(defaults) => defaults.apply(item),
                    None => item.clone(),
                }))
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
                Value::Object(Arc::new(filled))
            }
            _ => value.clone(),
        }
    }
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
            ExprKind::Call { name, args, .. } => self.constructor(name, args, expr.span),
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

    fn constructor(&mut self, name: &Ident, args: &[Expr], span: Span) -> (Type, Defaults) {
        match (&*name.name, args) {
            ("bool" | "string" | "number" | "any", _) => {
                let detail = format!("Primitive type keyword {} does not expect arguments.", quote(&name.name));
                self.invalid(detail, span)
            }
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
            ("list" | "set" | "map" | "object" | "tuple", _) => self.keyword(&name.name, span),
            ("optional", _) => {
                let detail = "Keyword \"optional\" is valid only as a modifier for object type attributes.";
                self.invalid(detail, span)
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
                ObjectKey::Bare(name) => name.name.clone(),
                ObjectKey::Expr(Expr { kind: ExprKind::String(name), .. }) => name.clone(),
                ObjectKey::Expr(other) => {
                    let detail = "Object constructor map keys must be attribute names.";
                    self.invalid(detail, other.span);
                    continue;
                }
            };
            let (ty, below) = self.attribute(&name, &item.value, &mut object, &mut defaults);
            if !below.is_empty() {
                defaults.attributes.insert(name.clone(), below);
            }
            object.attributes.insert(name, ty);
        }
        (Type::Object(Arc::new(object)), defaults)
    }

    /// The type of an attribute; `optional(…)` around it and a default in that are noted.
    fn attribute(
        &mut self,
        name: &Arc<str>,
        expr: &Expr,
        object: &mut ObjectType,
        defaults: &mut Defaults,
    ) -> (Type, Defaults) {
        let (ty, default) = match &expr.kind {
            ExprKind::Call { name: modifier, args, .. } if &*modifier.name == "optional" => match args.as_slice() {
                [ty] => (ty, None),
                [ty, default] if self.with_defaults => (ty, Some(default)),
                [] => {
                    let detail = "Optional attribute modifier requires the attribute type as its argument.";
                    return self.invalid(detail, expr.span);
                }
                [_, extra, ..] => {
                    let most = if self.with_defaults {
                        "only two arguments: the attribute type and a default value"
                    } else {
                        "only one argument: the attribute type"
                    };
                    return self.invalid(format!("Optional attribute modifier expects {most}."), extra.span);
                }
            },
            _ => return self.read(expr),
        };
        object.optional.insert(name.clone());
        let (ty, below) = self.read(ty);
        if let Some(default) = default {
            let value = evaluate_constant(default, self.diags);
            match convert(&below.apply(&value), &ty) {
                Ok(value) => drop(defaults.values.insert(name.clone(), value)),
                Err(error) => {
                    let detail =
                        format!("This default value is not compatible with the attribute's type constraint: {error}.");
                    self.diags.error("Invalid default value for optional attribute", detail, default.span);
                }
            }
        }
        (ty, below)
    }
}
