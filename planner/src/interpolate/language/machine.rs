//! Executes the tree of a template.

use std::fmt::Display;

use crate::interpolate::language::function::{Function, FunctionTable};
use crate::interpolate::language::tree::{Branch, Invocation, Node, Operand, Pipe, ROOT, Trees};
use crate::interpolate::language::value::Value;
use crate::value::quote;

/// Templates and branches inside each other; more are refused, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 200;

/// Rounds of all loops together; more are refused, so that hostile text cannot run for ever.
const MAX_ROUNDS: usize = 1_000_000;

/// Bytes of text, rendered or in a value; more are refused, so that hostile text cannot exhaust the memory.
const MAX_TEXT: usize = 64 << 20;

/// Functions that need more than their arguments.
const SPECIAL: [&str; 3] = ["and", "or", "call"];

/// Functions that templates can call: some of their own, and those of the language.
#[derive(Clone, Copy)]
pub(crate) struct Callable<'t> {
    pub(crate) own: &'t FunctionTable,
    pub(crate) language: &'t FunctionTable,
}

impl<'t> Callable<'t> {
    /// Whether there is a function of this name.
    pub(crate) fn knows(self, name: &str) -> bool {
        SPECIAL.contains(&name) || self.get(name).is_some()
    }

    pub(super) fn get(self, name: &str) -> Option<&'t Function> {
        self.own.get(name).or_else(|| self.language.get(name))
    }
}

/// Renders the template `trees`, whose text is `text`, with `dot`.
///
/// # Errors
///
/// What went wrong, and where, in Go's words.
pub(crate) fn execute(text: &str, trees: &Trees, functions: Callable<'_>, dot: &Value) -> Result<String, String> {
    let dot = Got { value: dot.clone(), is_boxed: false };
    let mut machine = Machine {
        text,
        trees,
        functions,
        out: String::new(),
        variables: vec![("$", dot.clone())],
        at: None,
        name: ROOT,
        depth: 0,
        rounds: 0,
    };
    if let Some(root) = trees.get(ROOT) {
        machine.walk(&dot, root)?;
    }
    Ok(machine.out)
}

/// A value, and whether it came out of a list or map: Go then holds it in an interface, whose type messages name.
#[derive(Clone, Debug)]
pub(super) struct Got {
    pub(super) value: Value,
    pub(super) is_boxed: bool,
}

impl Got {
    pub(super) fn plain(value: Value) -> Self {
        Self { value, is_boxed: false }
    }

    pub(super) fn boxed(value: Value) -> Self {
        Self { value, is_boxed: true }
    }

    pub(super) fn type_name(&self) -> &'static str {
        if self.is_boxed { "interface {}" } else { self.value.type_name() }
    }
}

/// What a part of a template is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// The part of the template that is being executed: its offset, and itself.
#[derive(Clone, Copy)]
pub(super) struct At<'t> {
    pub(super) offset: usize,
    pub(super) part: &'t dyn Display,
}

pub(super) struct Machine<'t> {
    text: &'t str,
    trees: &'t Trees,
    pub(super) functions: Callable<'t>,
    out: String,
    pub(super) variables: Vec<(&'t str, Got)>,
    /// Where faults are.
    pub(super) at: Option<At<'t>>,
    /// The template that is being executed.
    name: &'t str,
    depth: usize,
    rounds: usize,
}

pub(super) type Done<T> = Result<T, String>;

impl<'t> Machine<'t> {
    pub(super) fn fault<T>(&self, message: impl Display) -> Done<T> {
        let name = quote(self.name);
        let Some(At { offset, part }) = self.at else {
            return Err(format!("template: {}: {message}", self.name));
        };
        let before = &self.text[..offset];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let (line, column) = (1 + before.matches('\n').count(), offset - line_start);
        Err(format!("template: {ROOT}:{line}:{column}: executing {name} at <{part}>: {message}"))
    }

    pub(super) fn at(&mut self, offset: usize, part: &'t dyn Display) {
        self.at = Some(At { offset, part });
    }

    pub(super) fn at_operand(&mut self, operand: &'t Operand) {
        self.at(operand.offset, operand);
    }

    // Nodes.

    fn walk(&mut self, dot: &Got, nodes: &'t [Node]) -> Done<Flow> {
        for node in nodes {
            let flow = match node {
                Node::Text(text) => {
                    self.out.push_str(text);
                    Flow::Next
                }
                Node::Action(pipe) => {
                    let got = self.pipe(dot, pipe)?;
                    if pipe.variables.is_empty() {
                        self.out.push_str(&got.value.printed());
                    }
                    Flow::Next
                }
                Node::If(branch) => self.scoped(|machine| machine.choice(dot, branch, false))?,
                Node::With(branch) => self.scoped(|machine| machine.choice(dot, branch, true))?,
                Node::Range(branch) => self.scoped(|machine| machine.range(dot, branch))?,
                Node::Template(invocation) => {
                    self.template(dot, invocation)?;
                    Flow::Next
                }
                Node::Break => Flow::Break,
                Node::Continue => Flow::Continue,
            };
            if flow != Flow::Next {
                return Ok(flow);
            }
            self.check_length(&self.out)?;
        }
        Ok(Flow::Next)
    }

    /// Refuses text that is far too long.
    pub(super) fn check_length(&self, text: &str) -> Done<()> {
        if text.len() > MAX_TEXT { self.fault(format!("more than {MAX_TEXT} bytes of text")) } else { Ok(()) }
    }

    /// Runs something deeper inside, whose variables are gone afterwards.
    fn scoped(&mut self, run: impl FnOnce(&mut Self) -> Done<Flow>) -> Done<Flow> {
        if self.depth == MAX_DEPTH {
            return self.fault(format!("exceeded maximum template depth ({MAX_DEPTH})"));
        }
        let n_variables = self.variables.len();
        self.depth += 1;
        let flow = run(self)?;
        self.depth -= 1;
        self.variables.truncate(n_variables);
        Ok(flow)
    }

    fn choice(&mut self, dot: &Got, branch: &'t Branch, is_with: bool) -> Done<Flow> {
        let got = self.pipe(dot, &branch.pipe)?;
        if !got.value.is_true() {
            return self.walk(dot, &branch.otherwise);
        }
        self.walk(if is_with { &got } else { dot }, &branch.body)
    }

    fn range(&mut self, dot: &Got, branch: &'t Branch) -> Done<Flow> {
        let got = self.pipe(dot, &branch.pipe)?;
        let is_empty = match &got.value {
            number @ (Value::Int(_) | Value::Byte(_)) if branch.pipe.variables.len() > 1 => {
                return self.fault(format!("can't use {number} to iterate over more than one variable"));
            }
            Value::Int(number) => {
                self.rounds(branch, (0..*number).map(|at| (Value::Nil, Got::plain(Value::Int(at)))))?
            }
            Value::Byte(number) => {
                self.rounds(branch, (0..*number).map(|at| (Value::Nil, Got::plain(Value::Byte(at)))))?
            }
            Value::List(items) => {
                let numbered = items.iter().enumerate();
                self.rounds(branch, numbered.map(|(at, item)| (Value::Int(at as i64), Got::boxed(item.clone()))))?
            }
            Value::Map(entries) => {
                let named = entries.iter();
                self.rounds(branch, named.map(|(name, value)| (Value::Text(name.clone()), Got::boxed(value.clone()))))?
            }
            Value::Nil => true,
            other => return self.fault(format!("range can't iterate over {other}")),
        };
        if is_empty { self.walk(dot, &branch.otherwise) } else { Ok(Flow::Next) }
    }

    /// Runs the body for each index with its item; whether there was none.
    fn rounds(&mut self, branch: &'t Branch, items: impl Iterator<Item = (Value, Got)>) -> Done<bool> {
        let n_variables = self.variables.len();
        let mut is_empty = true;
        for (index, item) in items {
            is_empty = false;
            self.rounds += 1;
            if self.rounds > MAX_ROUNDS {
                return self.fault(format!("more than {MAX_ROUNDS} rounds"));
            }
            self.set_loop_variables(&branch.pipe, index, &item)?;
            let flow = self.walk(&item, &branch.body)?;
            self.variables.truncate(n_variables);
            if flow == Flow::Break {
                break;
            }
        }
        Ok(is_empty)
    }

    /// One variable is the item; of two the first is its index.
    fn set_loop_variables(&mut self, pipe: &'t Pipe, index: Value, item: &Got) -> Done<()> {
        let values = match pipe.variables.len() {
            0 => return Ok(()),
            1 => vec![item.clone()],
            _ => vec![Got::plain(index), item.clone()],
        };
        if pipe.assigns {
            for (name, value) in pipe.variables.iter().zip(values) {
                self.assign(name, value)?;
            }
            return Ok(());
        }
        // The pipeline declared them, on top of all others.
        let first = self.variables.len() - values.len();
        for (slot, value) in self.variables[first..].iter_mut().zip(values) {
            slot.1 = value;
        }
        Ok(())
    }

    fn template(&mut self, dot: &Got, invocation: &'t Invocation) -> Done<()> {
        self.at(invocation.offset, invocation);
        let Some((name, nodes)) = self.trees.get_key_value(&*invocation.name) else {
            return self.fault(format!("template {} not defined", quote(&invocation.name)));
        };
        let inner = match &invocation.pipe {
            Some(pipe) => self.pipe(dot, pipe)?,
            None => Got::plain(Value::Nil),
        };
        let outer = (std::mem::replace(&mut self.variables, vec![("$", inner.clone())]), self.at, self.name);
        self.name = name;
        self.scoped(|machine| machine.walk(&inner, nodes))?;
        (self.variables, self.at, self.name) = outer;
        Ok(())
    }
}
