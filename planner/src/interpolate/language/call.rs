//! Calls of functions.

use crate::interpolate::language::function::{Function, Takes};
use crate::interpolate::language::machine::{At, Done, Got, Machine};
use crate::interpolate::language::tree::{Number, Operand, Term};
use crate::interpolate::language::value::Value;
use crate::value::quote;

impl<'t> Machine<'t> {
    pub(super) fn call(
        &mut self,
        dot: &Got,
        name: &str,
        args: &'t [Operand],
        piped: Option<Got>,
        call: At<'t>,
    ) -> Done<Got> {
        let least_one = |machine: &Self| {
            if args.is_empty() && piped.is_none() {
                return machine.fault(format!("wrong number of args for {name}: want at least 1 got 0"));
            }
            Ok(())
        };
        let answer = match (name, self.functions.get(name)) {
            ("and" | "or", _) => {
                least_one(self)?;
                return self.connect(dot, name == "or", args, piped);
            }
            ("call", _) => {
                least_one(self)?;
                let values = self.arguments(dot, |_| Takes::Anything, args, piped)?;
                // No value is a function.
                Err(match &values[0] {
                    Value::Nil => "call of nil".to_owned(),
                    other => {
                        let shown = args.first().map_or_else(|| other.to_string(), Operand::to_string);
                        format!("non-function {shown} of type {}", other.type_name())
                    }
                })
            }
            (_, Some(function)) => {
                self.check_count(name, function, args.len(), piped.is_some())?;
                let values = self.arguments(dot, |at| function.takes(at), args, piped)?;
                (function.run)(&values)
            }
            // The parser refuses others.
            (_, None) => return self.fault(format!("{} is not a defined function", quote(name))),
        };
        match answer {
            Ok(value) => {
                self.check_length(value.as_text().unwrap_or_default())?;
                Ok(Got::plain(value))
            }
            Err(error) => {
                self.at = Some(call);
                self.fault(format!("error calling {name}: {error}"))
            }
        }
    }

    fn check_count(&self, name: &str, function: &Function, n_args: usize, is_piped: bool) -> Done<()> {
        let (n_wanted, n_given) = (function.params.len(), n_args + usize::from(is_piped));
        if n_given < n_wanted && function.rest.is_some() {
            return self.fault(format!("wrong number of args for {name}: want at least {n_wanted} got {n_args}"));
        }
        if n_given != n_wanted && function.rest.is_none() {
            return self.fault(format!("wrong number of args for {name}: want {n_wanted} got {n_given}"));
        }
        Ok(())
    }

    /// `and`, `or`: the first argument that decides, else the last. Those behind it are not looked at.
    fn connect(&mut self, dot: &Got, decides: bool, args: &'t [Operand], piped: Option<Got>) -> Done<Got> {
        let mut got = Got::plain(Value::Nil);
        for arg in args {
            got = self.plain(dot, arg)?;
            if got.value.is_true() == decides {
                return Ok(got);
            }
        }
        Ok(piped.unwrap_or(got))
    }

    fn arguments(
        &mut self,
        dot: &Got,
        takes: impl Fn(usize) -> Takes,
        args: &'t [Operand],
        piped: Option<Got>,
    ) -> Done<Vec<Value>> {
        let mut values = Vec::with_capacity(args.len() + 1);
        for (at, arg) in args.iter().enumerate() {
            values.push(self.argument(dot, takes(at), arg)?);
        }
        if let Some(got) = piped {
            values.push(self.fitting(got, takes(args.len()))?);
        }
        Ok(values)
    }

    fn argument(&mut self, dot: &Got, takes: Takes, arg: &'t Operand) -> Done<Value> {
        if takes == Takes::Anything {
            return Ok(self.plain(dot, arg)?.value);
        }
        self.at_operand(arg);
        let (ty, kind) = takes.names();
        match (&arg.term, takes) {
            (Term::Nil, _) => self.fault(format!("cannot assign nil to {ty}")),
            (Term::Text(text, _), Takes::Text) => Ok(Value::Text(text.clone())),
            (Term::Number(Number { whole: Some(value), .. }), Takes::Whole) => Ok(Value::Int(*value)),
            (Term::Bool(_) | Term::Text(..) | Term::Number(_), _) => {
                self.fault(format!("expected {kind}; found {arg}"))
            }
            _ => {
                let got = self.plain(dot, arg)?;
                self.fitting(got, takes)
            }
        }
    }

    fn fitting(&self, got: Got, takes: Takes) -> Done<Value> {
        let (ty, _) = takes.names();
        match &got.value {
            value if takes.fits(value) => Ok(got.value),
            Value::Nil if !got.is_boxed => self.fault(format!("invalid value; expected {ty}")),
            value => self.fault(format!("wrong type for value; expected {ty}; got {}", value.type_name())),
        }
    }
}
