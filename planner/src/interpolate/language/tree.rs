//! The tree of a template, whose parts show themselves as Go shows them in messages.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::value::quote;

/// What a template is called, in itself and in messages.
pub(crate) const ROOT: &str = "root";

/// A template, under [`ROOT`], and those that it defines.
pub(crate) type Trees = BTreeMap<Arc<str>, Vec<Node>>;

/// Text, or an action with what it encloses.
#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    Action(Pipe),
    If(Branch),
    With(Branch),
    Range(Branch),
    Template(Invocation),
    Break,
    Continue,
}

/// `if`, `with`, `range`.
#[derive(Debug)]
pub(crate) struct Branch {
    pub(super) pipe: Pipe,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// `{{template "name" pipeline}}`
#[derive(Debug)]
pub(crate) struct Invocation {
    pub(super) offset: usize,
    pub(super) name: Arc<str>,
    pub(super) pipe: Option<Pipe>,
}

#[derive(Debug)]
pub(crate) struct Pipe {
    pub(super) offset: usize,
    /// What its value is given to.
    pub(super) variables: Vec<String>,
    /// Whether the variables are there already.
    pub(super) assigns: bool,
    pub(super) commands: Vec<Command>,
}

#[derive(Debug)]
pub(crate) struct Command {
    pub(super) offset: usize,
    /// At least one.
    pub(super) args: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(super) offset: usize,
    pub(super) term: Term,
}

#[derive(Debug)]
pub(crate) enum Term {
    Dot,
    Nil,
    Bool(bool),
    /// Its text, and how it is written.
    Text(Arc<str>, String),
    Number(Number),
    Function(String),
    /// `.a.b`
    Field(Vec<String>),
    /// `$x.a.b`; the dollar belongs to the name.
    Variable(String, Vec<String>),
    Pipe(Pipe),
    /// `(pipeline).a.b`
    Chain(Box<Operand>, Vec<String>),
}

impl Term {
    /// Whether it is a value that can neither be called nor have fields.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Dot | Self::Nil | Self::Bool(_) | Self::Text(..) | Self::Number(_))
    }
}

/// A number or character as it is written. What kind of number it is depends on what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Number {
    pub(super) written: String,
    /// Its value where a whole number is wanted.
    pub(super) whole: Option<i64>,
    /// Its value where nothing special is wanted, if it is no whole number then.
    pub(super) float: Option<f64>,
}

impl fmt::Display for Operand {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.term {
            Term::Dot => write!(out, "."),
            Term::Nil => write!(out, "nil"),
            Term::Bool(value) => write!(out, "{value}"),
            Term::Text(_, written) => write!(out, "{written}"),
            Term::Number(number) => write!(out, "{}", number.written),
            Term::Function(name) => write!(out, "{name}"),
            Term::Field(fields) => write!(out, ".{}", fields.join(".")),
            Term::Variable(name, fields) => write!(out, "{}", [std::slice::from_ref(name), fields].concat().join(".")),
            Term::Pipe(pipe) => write!(out, "{pipe}"),
            Term::Chain(inner, fields) => write!(out, "{}.{}", Inner(inner), fields.join(".")),
        }
    }
}

/// An operand inside something else, where pipelines stand in parentheses.
struct Inner<'t>(&'t Operand);

impl fmt::Display for Inner<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if matches!(self.0.term, Term::Pipe(_)) { write!(out, "({})", self.0) } else { write!(out, "{}", self.0) }
    }
}

impl fmt::Display for Command {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(|arg| Inner(arg).to_string()).collect();
        write!(out, "{}", args.join(" "))
    }
}

impl fmt::Display for Pipe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.variables.is_empty() {
            write!(out, "{} {} ", self.variables.join(", "), if self.assigns { "=" } else { ":=" })?;
        }
        let commands: Vec<String> = self.commands.iter().map(Command::to_string).collect();
        write!(out, "{}", commands.join(" | "))
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pipe = self.pipe.as_ref().map(|pipe| format!(" {pipe}")).unwrap_or_default();
        write!(out, "{{{{template {}{pipe}}}}}", quote(&self.name))
    }
}
