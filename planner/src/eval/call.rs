//! Calls: arguments to parameters, and what a function says when it fails.

use crate::diagnostic::{Diagnostic, Diagnostics, Mentions};
use crate::eval::evaluator::{Evaluator, unknown};
use crate::eval::functions::{Argument, CallError, Function, Imp, LazyCall, Param};
use crate::eval::span::start_of;
use crate::span::Span;
use crate::suggest::suggest;
use crate::syntax::ast::{Call, Expr, Ident};
use crate::value::{Type, Value, convert, quote};

/// A call under way.
struct Site<'a> {
    expr: &'a Expr,
    name: &'a Ident,
    close: Span,
}

impl Evaluator<'_> {
    /// `f(a, b...)`; `expr` is the whole.
    pub(super) fn call(&self, expr: &Expr, call: &Call, diags: &mut Diagnostics) -> Value {
        let site = Site { expr, name: &call.name, close: call.close };
        let Some(function) = self.scope.functions.get(&call.name.name) else {
            self.no_such_function(&site, diags);
            return unknown();
        };
        let Some(args) = self.arguments(&site, &call.args, call.spread, diags) else { return unknown() };
        if !self.check_count(&site, function, &args, diags) {
            return unknown();
        }
        let result = match function.imp {
            Imp::Lazy(run) => run(&LazyCall::new(&args, self)),
            Imp::Eager { .. } => {
                let mut found = Diagnostics::new();
                let values = self.values(&site, function, &args, &mut found);
                let failed = found.has_errors();
                diags.append(found);
                if failed {
                    return unknown();
                }
                function.call(&values, self.scope.host, self.scope.functions)
            }
        };
        match result {
            Ok(value) if self.budget.take_text(value.as_str().map_or(0, str::len)) => value,
            Ok(_) => {
                self.too_large(self.budget.excess().unwrap_or_default(), expr.span, diags);
                unknown()
            }
            Err(error) => {
                self.call_failed(&site, function, &args, error, diags);
                unknown()
            }
        }
    }

    fn no_such_function(&self, site: &Site<'_>, diags: &mut Diagnostics) {
        let functions = self.scope.functions;
        if functions.is_empty() {
            let detail = "Functions may not be called here.";
            self.fault(site.expr, "Function calls not allowed", detail, (site.expr.span, None), diags);
            return;
        }
        let name = &site.name.name;
        let hint = suggest(name, functions.names())
            .map_or_else(String::new, |near| format!(" Did you mean {}?", quote(&near)));
        let detail = format!("There is no function named {}.{hint}", quote(name));
        self.fault(site.expr, "Call to unknown function", detail, (site.name.span, Some(site.expr.span)), diags);
    }

    /// The arguments, a spread one as its elements. None when the call cannot go on.
    fn arguments<'a>(
        &self,
        site: &Site<'_>,
        args: &'a [Expr],
        spread: bool,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Argument<'a>>> {
        let Some((last, before)) = args.split_last().filter(|_| spread) else {
            return Some(args.iter().map(Argument::Expr).collect());
        };
        let mut found = Diagnostics::new();
        let value = self.value(last, &mut found);
        let failed = found.has_errors();
        diags.append(found);
        if failed {
            return None;
        }
        let refused = match &value {
            Value::List(_, items) | Value::Set(_, items) | Value::Tuple(items) => {
                let items = items.iter().map(|item| Argument::Value(item.clone(), last));
                return Some(before.iter().map(Argument::Expr).chain(items).collect());
            }
            Value::Unknown(Type::Tuple(_) | Type::List(_) | Type::Set(_) | Type::Dynamic) => return None,
            Value::Null(Type::Tuple(_) | Type::List(_) | Type::Set(_) | Type::Dynamic) => {
                "The expanding argument (indicated by ...) must not be null."
            }
            _ => "The expanding argument (indicated by ...) must be of a tuple, list, or set type.",
        };
        let place = (last.span, Some(site.expr.span));
        self.fault(last, "Invalid expanding argument value", refused, place, diags);
        None
    }

    fn check_count(
        &self,
        site: &Site<'_>,
        function: &Function,
        args: &[Argument<'_>],
        diags: &mut Diagnostics,
    ) -> bool {
        let (name, wanted) = (quote(function.name), function.params.len());
        let context = Some(site.expr.span);
        if let Some(missing) = function.params.get(args.len()) {
            let least = if function.variadic.is_some() { " at least" } else { "" };
            let missing = quote(missing.name);
            let detail = format!("Function {name} expects{least} {wanted} argument(s). Missing value for {missing}.");
            self.fault(site.expr, "Not enough function arguments", detail, (site.close, context), diags);
            return false;
        }
        if function.variadic.is_none()
            && let Some(extra) = args.get(wanted)
        {
            let detail = format!("Function {name} expects only {wanted} argument(s).");
            self.fault(site.expr, "Too many function arguments", detail, (extra.start(), context), diags);
            return false;
        }
        true
    }

    /// The values of all arguments, as the parameters take them.
    fn values(
        &self,
        site: &Site<'_>,
        function: &Function,
        args: &[Argument<'_>],
        diags: &mut Diagnostics,
    ) -> Vec<Value> {
        let mut values = Vec::with_capacity(args.len());
        for (at, argument) in args.iter().enumerate() {
            let given = match argument {
                Argument::Expr(expr) => self.value(expr, diags),
                Argument::Value(value, _) => value.clone(),
            };
            let Some(param) = function.param(at) else { continue };
            match convert(&given, &param.takes.ty()) {
                Ok(value) => values.push(value),
                Err(error) => self.bad_argument(site, param, argument, &error.to_string(), diags),
            }
        }
        values
    }

    fn bad_argument(
        &self,
        site: &Site<'_>,
        param: &Param,
        argument: &Argument<'_>,
        why: &str,
        diags: &mut Diagnostics,
    ) {
        let detail = format!("Invalid value for {} parameter: {why}.", quote(param.name));
        let place = (argument.start(), Some(site.expr.span));
        self.fault(argument.expr(), "Invalid function argument", detail, place, diags);
    }

    fn call_failed(
        &self,
        site: &Site<'_>,
        function: &Function,
        args: &[Argument<'_>],
        error: CallError,
        diags: &mut Diagnostics,
    ) {
        let mut mentions = None;
        let why = match error {
            CallError::Reported(found) => {
                diags.append(found);
                return;
            }
            CallError::Argument(at, why) => match (function.param(at), args.get(at)) {
                (Some(param), Some(argument)) => return self.bad_argument(site, param, argument, &why, diags),
                (Some(param), None) => {
                    let detail = format!("Invalid value for {} parameter: {why}.", quote(param.name));
                    self.fault(site.expr, "Invalid function argument", detail, (site.expr.span, None), diags);
                    return;
                }
                (None, _) => why,
            },
            CallError::Failed(why) => why,
            CallError::FailedAt(why, places) => {
                mentions = Some(Box::new(places));
                why
            }
        };
        let introduction = format!("Call to function {} failed: ", quote(function.name));
        let places = mentions.iter_mut().flat_map(|mentions: &mut Box<Mentions>| &mut mentions.0);
        places.for_each(|(at, _)| *at += introduction.len());
        let detail = format!("{introduction}{why}.");
        let mut diagnostic = Diagnostic::error("Error in function call", detail, start_of(site.expr));
        diagnostic.context = Some(site.expr.span);
        diagnostic.values = self.witnesses(site.expr);
        diagnostic.mentions = mentions;
        diags.push(diagnostic);
    }
}
