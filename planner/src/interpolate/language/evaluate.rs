//! The values of pipelines and of what stands in them.

use crate::interpolate::language::machine::{At, Done, Got, Machine};
use crate::interpolate::language::tree::{Command, Operand, Pipe, Term};
use crate::interpolate::language::value::Value;

impl<'t> Machine<'t> {
    pub(super) fn pipe(&mut self, dot: &Got, pipe: &'t Pipe) -> Done<Got> {
        self.at(pipe.offset, pipe);
        let mut piped = None;
        for command in &pipe.commands {
            let got = self.command(dot, command, piped)?;
            piped = Some(Got::plain(got.value));
        }
        let got = piped.unwrap_or(Got::plain(Value::Nil));
        for name in &pipe.variables {
            if pipe.assigns {
                self.assign(name, got.clone())?;
            } else {
                self.variables.push((name, got.clone()));
            }
        }
        Ok(got)
    }

    pub(super) fn assign(&mut self, name: &str, value: Got) -> Done<()> {
        match self.variables.iter_mut().rev().find(|(other, _)| *other == name) {
            Some(slot) => {
                slot.1 = value;
                Ok(())
            }
            None => self.fault(format!("undefined variable: {name}")),
        }
    }

    fn command(&mut self, dot: &Got, command: &'t Command, piped: Option<Got>) -> Done<Got> {
        let (first, args) = (&command.args[0], &command.args[1..]);
        let has_args = !args.is_empty() || piped.is_some();
        match &first.term {
            Term::Field(fields) => {
                self.at_operand(first);
                self.fields(dot.clone(), fields, has_args)
            }
            Term::Chain(inner, fields) => self.chain(dot, first, inner, fields, has_args),
            Term::Function(name) => {
                self.at_operand(first);
                self.call(dot, name, args, piped, At { offset: command.offset, part: command })
            }
            Term::Variable(name, fields) => self.variable(first, name, fields, has_args),
            Term::Pipe(pipe) => {
                self.refuse_args(first, has_args)?;
                self.pipe(dot, pipe)
            }
            Term::Nil => {
                self.at_operand(first);
                self.refuse_args(first, has_args)?;
                self.fault("nil is not a command")
            }
            Term::Dot | Term::Bool(_) | Term::Text(..) | Term::Number(_) => {
                self.at_operand(first);
                self.refuse_args(first, has_args)?;
                self.plain(dot, first)
            }
        }
    }

    fn refuse_args(&self, operand: &Operand, has_args: bool) -> Done<()> {
        if has_args { self.fault(format!("can't give argument to non-function {operand}")) } else { Ok(()) }
    }

    // Operands.

    /// An operand where anything is taken.
    pub(super) fn plain(&mut self, dot: &Got, operand: &'t Operand) -> Done<Got> {
        self.at_operand(operand);
        Ok(match &operand.term {
            Term::Dot => dot.clone(),
            Term::Nil => Got::plain(Value::Nil),
            Term::Bool(value) => Got::plain(Value::Bool(*value)),
            Term::Text(text, _) => Got::plain(Value::Text(text.clone())),
            Term::Number(number) => match (number.float, number.whole) {
                (Some(value), _) => Got::plain(Value::Float(value)),
                (None, Some(value)) => Got::plain(Value::Int(value)),
                (None, None) => return self.fault(format!("{} overflows int", number.written)),
            },
            Term::Field(fields) => self.fields(dot.clone(), fields, false)?,
            Term::Variable(name, fields) => self.variable(operand, name, fields, false)?,
            Term::Pipe(pipe) => self.pipe(dot, pipe)?,
            Term::Function(name) => self.call(dot, name, &[], None, At { offset: operand.offset, part: operand })?,
            Term::Chain(inner, fields) => self.chain(dot, operand, inner, fields, false)?,
        })
    }

    fn variable(&mut self, operand: &'t Operand, name: &str, fields: &'t [String], has_args: bool) -> Done<Got> {
        self.at_operand(operand);
        let found = self.variables.iter().rev().find(|(other, _)| *other == name).map(|(_, got)| got.clone());
        let Some(got) = found else { return self.fault(format!("undefined variable: {name}")) };
        if fields.is_empty() {
            self.refuse_args(operand, has_args)?;
            return Ok(got);
        }
        self.fields(got, fields, has_args)
    }

    fn chain(
        &mut self,
        dot: &Got,
        operand: &'t Operand,
        inner: &'t Operand,
        fields: &'t [String],
        has_args: bool,
    ) -> Done<Got> {
        self.at_operand(operand);
        if matches!(inner.term, Term::Nil) {
            return self.fault(format!("indirection through explicit nil in {operand}"));
        }
        let got = self.plain(dot, inner)?;
        self.fields(got, fields, has_args)
    }

    /// The last of the fields cannot be given arguments: nothing is a method.
    fn fields(&self, got: Got, fields: &[String], has_args: bool) -> Done<Got> {
        let mut got = got;
        for (at, field) in fields.iter().enumerate() {
            let is_last = at + 1 == fields.len();
            got = match &got.value {
                Value::Nil if got.is_boxed => {
                    return self.fault(format!("nil pointer evaluating interface {{}}.{field}"));
                }
                Value::Nil => got,
                Value::Map(_) if is_last && has_args => {
                    return self.fault(format!("{field} is not a method but has arguments"));
                }
                Value::Map(entries) => {
                    entries.get(field.as_str()).map_or(Got::plain(Value::Nil), |value| Got::boxed(value.clone()))
                }
                _ => return self.fault(format!("can't evaluate field {field} in type {}", got.type_name())),
            };
        }
        Ok(got)
    }
}
