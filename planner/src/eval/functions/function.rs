//! What a function is: parameters, result type, code.

use crate::eval::functions::error::CallError;
use crate::eval::functions::lazy::LazyCall;
use crate::eval::functions::table::Functions;
use crate::eval::host::Host;
use crate::value::{Number, Type, Value};

/// One function.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [Param],
    /// What any further arguments are for.
    pub variadic: Option<Param>,
    /// What it does.
    pub imp: Imp,
}

/// The code of a function.
#[derive(Clone, Copy, Debug)]
pub enum Imp {
    /// Gets values, converted to what its parameters take.
    Eager {
        /// The type of the result, from arguments that may be unknown.
        returns: fn(&[Value]) -> Result<Type, CallError>,
        /// The result. Arguments are known and not null, unless their parameter lets them be.
        run: fn(&Call<'_>) -> Result<Value, CallError>,
    },
    /// Gets expressions and evaluates them itself.
    Lazy(fn(&LazyCall<'_>) -> Result<Value, CallError>),
}

/// A parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param {
    /// Its name, for messages.
    pub name: &'static str,
    /// What arguments are converted to.
    pub takes: Takes,
    /// Whether null is allowed.
    pub null: bool,
    /// Whether the code wants to see unknowns. Otherwise an unknown argument makes an unknown result.
    pub unknown: bool,
    /// Whether the code wants to see what has no type yet: a bare `null`, an unknown of any type. Otherwise such an
    /// argument makes a result of which nothing is known, not even its type.
    pub untyped: bool,
}

/// The type of a parameter.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "named after the types")]
pub enum Takes {
    Any,
    String,
    Number,
    Bool,
    List(&'static Takes),
    Set(&'static Takes),
    Map(&'static Takes),
}

/// What is said of a number that is no 64-bit integer.
pub(super) const NOT_WHOLE: &str = "value must be a whole number, between -9223372036854775808 and 9223372036854775807";

/// A list of strings.
pub(super) const STRINGS: Takes = Takes::List(&Takes::String);

impl Takes {
    /// The type.
    pub fn ty(self) -> Type {
        match self {
            Self::Any => Type::Dynamic,
            Self::String => Type::String,
            Self::Number => Type::Number,
            Self::Bool => Type::Bool,
            Self::List(element) => Type::list(element.ty()),
            Self::Set(element) => Type::set(element.ty()),
            Self::Map(element) => Type::map(element.ty()),
        }
    }
}

impl Param {
    /// A parameter that takes neither null nor unknown.
    pub const fn new(name: &'static str, takes: Takes) -> Self {
        Self { name, takes, null: false, unknown: false, untyped: false }
    }

    /// The same, null allowed.
    pub const fn or_null(self) -> Self {
        Self { null: true, ..self }
    }

    /// The same, unknown allowed.
    pub const fn or_unknown(self) -> Self {
        Self { unknown: true, ..self }
    }

    /// The same, what has no type yet allowed.
    pub const fn or_untyped(self) -> Self {
        Self { untyped: true, ..self }
    }
}

/// One call with values.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The arguments.
    pub args: &'a [Value],
    /// The type that the function said it returns.
    pub ty: &'a Type,
    /// What may be touched besides the arguments.
    pub host: &'a Host,
    /// The functions in scope, for templates.
    pub functions: &'a Functions,
}

impl<'a> Call<'a> {
    /// The text of a string argument.
    pub fn text(&self, at: usize) -> &'a str {
        self.args.get(at).and_then(Value::as_str).unwrap_or_default()
    }

    /// A number argument.
    pub fn number(&self, at: usize) -> Number {
        self.args.get(at).and_then(Value::as_number).cloned().unwrap_or(Number::ZERO)
    }

    /// A number argument that must be whole and of 64 bits. When it is not, that is the fault of the call as a whole.
    pub fn whole(&self, at: usize) -> Result<i64, CallError> {
        Ok(self.int64(at)?)
    }

    /// The same, for those who say more about it.
    pub fn int64(&self, at: usize) -> Result<i64, &'static str> {
        self.number(at).to_i64().ok_or(NOT_WHOLE)
    }

    /// The elements of a list, set or tuple argument; none for anything else.
    pub fn items(&self, at: usize) -> &'a [Value] {
        self.args.get(at).and_then(Value::items).unwrap_or_default()
    }

    /// The result when it cannot be known yet.
    pub fn unknown(&self) -> Result<Value, CallError> {
        Ok(Value::Unknown(self.ty.clone()))
    }

    /// Whether any argument has an unknown part.
    pub fn is_open(&self) -> bool {
        !self.args.iter().all(Value::is_wholly_known)
    }
}

impl Function {
    /// A function on values.
    pub const fn new(
        name: &'static str,
        params: &'static [Param],
        returns: fn(&[Value]) -> Result<Type, CallError>,
        run: fn(&Call<'_>) -> Result<Value, CallError>,
    ) -> Self {
        Self { name, params, variadic: None, imp: Imp::Eager { returns, run } }
    }

    /// The same with any number of further arguments.
    pub const fn with_variadic(self, param: Param) -> Self {
        Self { variadic: Some(param), ..self }
    }

    /// The same with an unknown for its answer.
    pub fn unasked(&self) -> Self {
        match self.imp {
            Imp::Eager { returns, .. } => Self { imp: Imp::Eager { returns, run: |call| call.unknown() }, ..*self },
            Imp::Lazy(_) => *self,
        }
    }

    /// The parameter for the argument at `at`.
    pub(in crate::eval) fn param(&self, at: usize) -> Option<&Param> {
        self.params.get(at).or(self.variadic.as_ref())
    }

    /// Calls it with converted arguments. Nulls and unknowns where its parameters do not take them are dealt with here.
    pub(in crate::eval) fn call(&self, args: &[Value], host: &Host, functions: &Functions) -> Result<Value, CallError> {
        let Imp::Eager { returns, run } = self.imp else { return Err("it takes expressions".into()) };
        for (at, arg) in args.iter().enumerate() {
            let Some(param) = self.param(at) else { continue };
            if arg.is_null() && !param.null {
                return Err(CallError::argument(at, "argument must not be null"));
            }
            if !param.untyped && matches!(arg, Value::Null(Type::Dynamic) | Value::Unknown(Type::Dynamic)) {
                return Ok(Value::Unknown(Type::Dynamic));
            }
        }
        let ty = returns(args)?;
        let wants = |at: usize| self.param(at).is_some_and(|param| param.unknown);
        if args.iter().enumerate().any(|(at, arg)| !arg.is_known() && !wants(at)) {
            return Ok(Value::Unknown(ty));
        }
        run(&Call { args, ty: &ty, host, functions })
    }
}

/// Result types that do not depend on the arguments.
pub(super) mod returns {
    use super::{CallError, Type, Value};

    pub(in crate::eval::functions) fn string(_: &[Value]) -> Result<Type, CallError> {
        Ok(Type::String)
    }

    pub(in crate::eval::functions) fn number(_: &[Value]) -> Result<Type, CallError> {
        Ok(Type::Number)
    }

    pub(in crate::eval::functions) fn bool(_: &[Value]) -> Result<Type, CallError> {
        Ok(Type::Bool)
    }

    pub(in crate::eval::functions) fn strings(_: &[Value]) -> Result<Type, CallError> {
        Ok(Type::list(Type::String))
    }

    pub(in crate::eval::functions) fn any(_: &[Value]) -> Result<Type, CallError> {
        Ok(Type::Dynamic)
    }
}
