//! A template function with the types of its arguments, checked and complained about as Go's `text/template` does.

use std::sync::Arc;

use gotmpl::Value;

/// The type of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    Whole,
}

impl Takes {
    /// Its name in Go, and the one that a literal of the wrong type is refused with.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Text => ("string", "string"),
            Self::Whole => ("int", "integer"),
        }
    }

    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => matches!(value, Value::String(_)),
            Self::Whole => matches!(value, Value::Int(_)),
        }
    }
}

/// What a function gives, or why it cannot.
pub(super) type Answer = Result<Value, String>;

/// What a function does.
pub(super) type Run = dyn Fn(&[Value]) -> Answer + Send + Sync;

/// A function that templates can call.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) params: &'static [Takes],
    /// The type of any further arguments.
    pub(super) rest: Option<Takes>,
    pub(super) run: Arc<Run>,
}

/// How an argument was written.
#[derive(Clone, Debug)]
pub(super) struct Written {
    /// Its place and text, as errors show them.
    pub(super) context: String,
    /// Its text, if it is a literal.
    pub(super) literal: Option<String>,
}

/// One call in a template.
pub(super) struct CallSite {
    pub(super) name: String,
    /// The place and the name, as errors show them that come before the call.
    pub(super) named: String,
    /// The place and text of the call, as errors show them.
    pub(super) context: String,
    /// The arguments, but for the one that a pipeline adds.
    pub(super) args: Vec<Written>,
}

impl Function {
    /// Checks the arguments, calls the function, and says where it failed.
    pub(super) fn call(&self, site: &CallSite, args: &[Value]) -> Answer {
        let CallSite { name, named, context, .. } = site;
        let (n_wanted, n_given) = (self.params.len(), args.len());
        if n_given < n_wanted || (n_given > n_wanted && self.rest.is_none()) {
            let least = if self.rest.is_some() { "at least " } else { "" };
            return Err(format!("{named}: wrong number of args for {name}: want {least}{n_wanted} got {n_given}"));
        }
        for (at, value) in args.iter().enumerate() {
            let Some(takes) = self.params.get(at).copied().or(self.rest) else { continue };
            if !takes.fits(value) {
                let written = site.args.get(at);
                let context = written.map_or(context, |written| &written.context);
                let literal = written.and_then(|written| written.literal.as_deref());
                return Err(format!("{context}: {}", mismatch(takes, value, literal)));
            }
        }
        (self.run)(args).map_err(|error| format!("{context}: error calling {name}: {error}"))
    }
}

fn mismatch(takes: Takes, value: &Value, literal: Option<&str>) -> String {
    let (ty, kind) = takes.names();
    match (literal, value) {
        (Some("nil"), _) => format!("cannot assign nil to {ty}"),
        (Some(literal), _) => format!("expected {kind}; found {literal}"),
        (None, Value::Nil) => format!("invalid value; expected {ty}"),
        (None, value) => format!("wrong type for value; expected {ty}; got {}", go_type(value)),
    }
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Uint(_) => "uint",
        Value::Float(_) => "float64",
        Value::String(_) => "string",
        Value::List(_) => "[]interface {}",
        Value::Map(_) => "map[string]interface {}",
        _ => "interface {}",
    }
}
