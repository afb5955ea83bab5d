//! Reading an attribute or an element of a value.

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::eval::evaluator::unknown;
use crate::span::Span;
use crate::value::{Number, Type, Value, convert, quote};

/// Why a value has no such part.
#[derive(Debug)]
pub(super) struct Fault {
    summary: &'static str,
    detail: String,
    span: Span,
}

impl Fault {
    /// Reports it; the part's value is not known then.
    pub(super) fn report(self, diags: &mut Diagnostics) -> Value {
        diags.push(self.into_diagnostic());
        unknown()
    }

    pub(super) fn into_diagnostic(self) -> Diagnostic {
        Diagnostic::error(self.summary, self.detail, self.span)
    }
}

const INVALID_INDEX: &str = "Invalid index";
const UNSUPPORTED: &str = "Unsupported attribute";
const NAMES_NOT_NUMBERS: &str = " The attributes of an object have names, not numbers.";
const NO_SUCH_ELEMENT: &str = "The given key does not identify an element in this collection value";

/// `value.name`.
pub(super) fn attribute(value: &Value, name: &str, span: Span) -> Result<Value, Fault> {
    if value.is_null() {
        let detail = "This value is null, so it does not have any attributes.".to_owned();
        return Err(Fault { summary: "Attempt to get attribute from null value", detail, span });
    }
    match value {
        Value::Object(entries) => {
            entries.get(name).cloned().ok_or_else(|| Fault { summary: UNSUPPORTED, detail: no_attribute(name), span })
        }
        Value::Map(_, entries) => entries.get(name).cloned().ok_or_else(|| {
            let detail = format!("This map does not have an element with the key {}.", quote(name));
            Fault { summary: "Missing map element", detail, span }
        }),
        Value::Unknown(Type::Object(object)) => match object.attributes.get(name) {
            Some(ty) => Ok(Value::Unknown(ty.clone())),
            None => Err(Fault { summary: UNSUPPORTED, detail: no_attribute(name), span }),
        },
        Value::Unknown(Type::Map(element)) => Ok(Value::Unknown((**element).clone())),
        Value::Unknown(Type::Dynamic) => Ok(unknown()),
        other => Err(Fault { summary: UNSUPPORTED, detail: no_attributes(&other.ty(), name), span }),
    }
}

fn no_attribute(name: &str) -> String {
    format!("This object does not have an attribute named {}.", quote(name))
}

fn no_attributes(ty: &Type, name: &str) -> String {
    match ty {
        Type::List(element) => match &**element {
            Type::Object(object) if object.attributes.contains_key(name) => format!(
                "Can't access attributes on a list of objects. Take attribute {} of one element, or of all of \
                 them with [*].",
                quote(name)
            ),
            Type::Object(_) => {
                "Can't access attributes on a list of objects. Take one element first, or all of them with [*]."
                    .to_owned()
            }
            _ => "This value does not have any attributes.".to_owned(),
        },
        Type::Set(element) if matches!(**element, Type::Object(_)) => {
            "Can't access attributes on a set of objects. Take the attribute of all elements with [*].".to_owned()
        }
        Type::String | Type::Number | Type::Bool => {
            format!("Can't access attributes on a primitive-typed value ({ty}).")
        }
        _ => "This value does not have any attributes.".to_owned(),
    }
}

/// `value[key]`.
pub(super) fn index(value: &Value, key: &Value, span: Span) -> Result<Value, Fault> {
    if value.is_null() {
        let detail = "This value is null, so it does not have any indices.".to_owned();
        return Err(Fault { summary: "Attempt to index null value", detail, span });
    }
    let invalid = |detail: String| Fault { summary: INVALID_INDEX, detail, span };
    if key.is_null() {
        return Err(invalid("Can't use a null value as an indexing key.".to_owned()));
    }
    if matches!(key, Value::Unknown(Type::Dynamic)) {
        return Ok(unknown());
    }
    let as_key = |want: Type| convert(key, &want).map_err(|error| invalid(format!("{NO_SUCH_ELEMENT}: {error}.")));
    let missing = || {
        let hint = if matches!(key, Value::Number(_)) { NAMES_NOT_NUMBERS } else { "" };
        invalid(format!("{NO_SUCH_ELEMENT}.{hint}"))
    };
    match value {
        Value::Unknown(Type::Dynamic) => Ok(unknown()),
        Value::List(element, items) => match as_key(Type::Number)? {
            Value::Number(at) => place(items, &at).cloned().map_err(invalid),
            _ => Ok(Value::Unknown(element.clone())),
        },
        Value::Tuple(items) => match as_key(Type::Number)? {
            Value::Number(at) => place(items, &at).cloned().map_err(invalid),
            _ => Ok(unknown()),
        },
        // An unknown tuple of known type still has its length.
        Value::Unknown(Type::Tuple(types)) => match as_key(Type::Number)? {
            Value::Number(at) => place(types, &at).cloned().map(Value::Unknown).map_err(invalid),
            _ => Ok(unknown()),
        },
        Value::Unknown(Type::List(element)) => as_key(Type::Number).map(|_| Value::Unknown((**element).clone())),
        Value::Map(element, entries) => match as_key(Type::String)? {
            Value::String(key) => entries.get(&key).cloned().ok_or_else(|| invalid(format!("{NO_SUCH_ELEMENT}."))),
            _ => Ok(Value::Unknown(element.clone())),
        },
        Value::Unknown(Type::Map(element)) => as_key(Type::String).map(|_| Value::Unknown((**element).clone())),
        Value::Object(entries) => match as_key(Type::String)? {
            Value::String(name) => entries.get(&name).cloned().ok_or_else(missing),
            _ => Ok(unknown()),
        },
        Value::Unknown(Type::Object(object)) => match as_key(Type::String)? {
            Value::String(name) => object.attributes.get(&name).cloned().map(Value::Unknown).ok_or_else(missing),
            _ => Ok(unknown()),
        },
        Value::Set(..) | Value::Unknown(Type::Set(_)) => Err(invalid(
            "Elements of a set are identified only by their value and don't have any separate index or key to select \
             with, so it's only possible to perform operations across all elements of the set."
                .to_owned(),
        )),
        _ => Err(invalid("This value does not have any indices.".to_owned())),
    }
}

/// What stands at a position.
fn place<'a, T>(items: &'a [T], position: &Number) -> Result<&'a T, String> {
    position.to_usize().and_then(|at| items.get(at)).ok_or_else(|| no_element(position, items.len()))
}

fn no_element(position: &Number, length: usize) -> String {
    let why = if !position.is_whole() {
        ": indexing a sequence requires a whole number, but the given index has a fractional part"
    } else if position.is_negative() {
        ": a negative number is not a valid index for a sequence"
    } else if position.is_zero() && length == 0 {
        ": the collection has no elements"
    } else if position.to_usize() == Some(length) {
        ": the index is not below the number of elements"
    } else {
        ""
    };
    format!("{NO_SUCH_ELEMENT}{why}.")
}
