//! Functions that templates can call, with the types of what they take.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::interpolate::language::value::Value;

/// What an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Anything,
    Text,
    Whole,
}

impl Takes {
    /// Its name in Go, and the one that a literal of another type is refused with.
    pub(super) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Anything => ("interface {}", "anything"),
            Self::Text => ("string", "string"),
            Self::Whole => ("int", "integer"),
        }
    }

    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Anything => true,
            Self::Text => matches!(value, Value::Text(_)),
            Self::Whole => matches!(value, Value::Int(_)),
        }
    }
}

/// What a function gives, or why it cannot.
pub(crate) type Answer = Result<Value, String>;

/// What a function does.
pub(crate) type Run = dyn Fn(&[Value]) -> Answer + Send + Sync;

/// A function that templates can call.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) params: &'static [Takes],
    /// The type of any further arguments.
    pub(crate) rest: Option<Takes>,
    pub(crate) run: Arc<Run>,
}

impl Function {
    /// What the argument at `at` must be.
    pub(super) fn takes(&self, at: usize) -> Takes {
        self.params.get(at).copied().or(self.rest).unwrap_or(Takes::Anything)
    }
}

/// Functions by name.
pub(crate) type FunctionTable = BTreeMap<&'static str, Function>;

/// Adds a function with these parameters.
pub(crate) fn add(
    table: &mut FunctionTable,
    name: &'static str,
    params: &'static [Takes],
    run: impl Fn(&[Value]) -> Answer + Send + Sync + 'static,
) {
    table.insert(name, Function { params, rest: None, run: Arc::new(run) });
}

/// Adds a function with these parameters and any number more.
pub(crate) fn add_variadic(
    table: &mut FunctionTable,
    name: &'static str,
    params: &'static [Takes],
    rest: Takes,
    run: impl Fn(&[Value]) -> Answer + Send + Sync + 'static,
) {
    table.insert(name, Function { params, rest: Some(rest), run: Arc::new(run) });
}
