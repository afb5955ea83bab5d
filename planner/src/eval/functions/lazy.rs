//! Functions that see expressions: `try`, `can`, `convert`.

use std::fmt;

use crate::diagnostic::Diagnostics;
use crate::eval::evaluator::Evaluator;
use crate::eval::span::start_of;
use crate::span::Span;
use crate::syntax::ast::Expr;
use crate::value::Value;

/// An argument before evaluation.
#[derive(Clone, Debug)]
pub enum Argument<'a> {
    /// Written out.
    Expr(&'a Expr),
    /// An element of a spread argument, with that argument.
    Value(Value, &'a Expr),
}

impl<'a> Argument<'a> {
    /// The expression that it is, or comes from.
    pub fn expr(&self) -> &'a Expr {
        match self {
            Self::Expr(expr) | Self::Value(_, expr) => expr,
        }
    }

    /// What diagnostics about it point at.
    pub(in crate::eval) fn start(&self) -> Span {
        match self {
            Self::Expr(expr) => start_of(expr),
            Self::Value(_, expr) => expr.span,
        }
    }
}

/// One call with expressions.
pub struct LazyCall<'a> {
    args: &'a [Argument<'a>],
    evaluator: &'a Evaluator<'a>,
}

impl<'a> LazyCall<'a> {
    pub(in crate::eval) fn new(args: &'a [Argument<'a>], evaluator: &'a Evaluator<'a>) -> Self {
        Self { args, evaluator }
    }

    /// The arguments.
    pub fn args(&self) -> &'a [Argument<'a>] {
        self.args
    }

    /// The value of an argument.
    pub fn evaluate(&self, argument: &Argument<'_>, diags: &mut Diagnostics) -> Value {
        match argument {
            Argument::Expr(expr) => self.evaluator.value(expr, diags),
            Argument::Value(value, _) => value.clone(),
        }
    }
}

impl fmt::Debug for LazyCall<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_tuple("LazyCall").field(&self.args).finish()
    }
}
