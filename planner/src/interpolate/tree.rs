//! A template's text as a tree whose calls know where they stand.
//!
//! The template engine says what went wrong in a call, but neither where nor in which words of the template, as Go does.
//! So every call of one of our functions gets a name of its own, behind which the function stands together with that
//! knowledge.

use std::sync::Arc;

use gotmpl::parse::{BranchNode, CommandNode, Expr, ListNode, Node, PipeNode, Pos};
use gotmpl::{FuncMap, Template, TemplateError};

use crate::interpolate::functions::FunctionTable;
use crate::interpolate::language::operand::{shown, shown_command};
use crate::interpolate::language::parser::{Fault, Trees, parse};
use crate::interpolate::render::RenderError;
use crate::interpolate::signature::{CallSite, Written};

/// What a template is called in messages.
const NAME: &str = "root";

/// The functions of the language itself.
const LANGUAGE: [&str; 19] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "slice", "urlquery",
];

/// Parses `text` and binds its calls to `table`.
pub(super) fn compile(text: &str, table: &FunctionTable) -> Result<Template, RenderError> {
    let knows = |name: &str| table.contains_key(name) || LANGUAGE.contains(&name);
    let Trees { mut root, defined } = parse(text, &knows)
        .map_err(|Fault { line, message }| RenderError::Syntax(format!("template: {NAME}:{line}: {message}")))?;
    let mut binder = Binder { text, table, bound: FuncMap::new() };
    binder.list(&mut root);
    let mut template = Template::new(NAME);
    for (name, mut body) in defined {
        binder.list(&mut body);
        template = template.add_parse_tree(&name, body);
    }
    Ok(template.funcs(binder.bound).add_parse_tree(NAME, root))
}

/// Renders a compiled template.
pub(super) fn execute(template: &Template, dot: &gotmpl::Value) -> Result<String, RenderError> {
    template.execute_template_to_string(NAME, dot).map_err(|error| match error {
        TemplateError::Exec(text) => RenderError::Exec(text),
        other => RenderError::Exec(format!("template: {NAME}: {other}")),
    })
}

struct Binder<'a> {
    text: &'a str,
    table: &'a FunctionTable,
    bound: FuncMap,
}

impl Binder<'_> {
    fn list(&mut self, list: &mut ListNode) {
        for node in &mut list.nodes {
            self.node(node);
        }
    }

    fn node(&mut self, node: &mut Node) {
        match node {
            Node::List(list) => self.list(list),
            Node::Action(action) => self.pipe(&mut action.pipe),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => self.branch(branch),
            Node::Template(call) => call.pipe.iter_mut().for_each(|pipe| self.pipe(pipe)),
            Node::Define(define) => self.list(&mut define.body),
            Node::Text(_) | Node::Break(_) | Node::Continue(_) => {}
        }
    }

    fn branch(&mut self, branch: &mut BranchNode) {
        self.pipe(&mut branch.pipe);
        self.list(&mut branch.body);
        branch.else_body.iter_mut().for_each(|list| self.list(list));
    }

    fn pipe(&mut self, pipe: &mut PipeNode) {
        for (nth, command) in pipe.commands.iter_mut().enumerate() {
            self.command(command, nth > 0);
        }
    }

    fn command(&mut self, command: &mut CommandNode, is_piped: bool) {
        // The texts must be taken before calls inside are given other names.
        let text = shown_command(command, self.text);
        let context = self.place(command.pos, &text);
        if let Some(refusal) = self.refusal(command, is_piped) {
            let alias = self.alias("nothing", move |_| Err(TemplateError::Exec(refusal.clone())));
            command.args = vec![Expr::Identifier(command.pos, alias.into())];
            return;
        }
        let written = command.args[1..].iter().map(|arg| self.written(arg)).collect();
        for arg in &mut command.args[1..] {
            self.expression(arg);
        }
        match &mut command.args[0] {
            Expr::Identifier(pos, name) => {
                if let Some(alias) = self.bind(name, *pos, context, written) {
                    *name = alias.into();
                }
            }
            first => self.expression(first),
        }
    }

    /// What a command that can never run fails with when its turn comes.
    fn refusal(&self, command: &CommandNode, is_piped: bool) -> Option<String> {
        let first = &command.args[0];
        let text = shown(first, self.text);
        let place = |message: &str| Some(format!("{}: {message}", self.place(first.pos(), &text)));
        match first {
            Expr::Nil(_) if command.args.len() == 1 => place("nil is not a command"),
            Expr::Bool(..) | Expr::Dot(_) | Expr::Nil(_) | Expr::Number(..) | Expr::String(..) | Expr::Pipe(..)
                if command.args.len() > 1 || is_piped =>
            {
                place(&format!("can't give argument to non-function {text}"))
            }
            _ => None,
        }
    }

    /// A function named among arguments is called without any.
    fn expression(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Identifier(pos, name) => {
                let context = self.place(*pos, name);
                if let Some(alias) = self.bind(name, *pos, context, Vec::new()) {
                    *name = alias.into();
                }
            }
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, _) => self.expression(inner),
            _ => {}
        }
    }

    /// The name of its own that a call gets; none for functions of the language.
    fn bind(&mut self, name: &str, pos: Pos, context: String, args: Vec<Written>) -> Option<String> {
        let function = self.table.get(name)?.clone();
        let site = CallSite { name: name.to_owned(), named: self.place(pos, name), context, args };
        Some(self.alias(name, move |args| function.call(&site, args).map_err(TemplateError::Exec)))
    }

    /// A function under a name that no template can call.
    fn alias(
        &mut self,
        name: &str,
        function: impl Fn(&[gotmpl::Value]) -> gotmpl::Result<gotmpl::Value> + Send + Sync + 'static,
    ) -> String {
        let alias = format!("{name}#{}", self.bound.len());
        self.bound.insert(alias.clone(), Arc::new(function));
        alias
    }

    /// `template: root:1:2: executing "root" at <…>`: line, and bytes in front of it on the line.
    fn place(&self, pos: Pos, text: &str) -> String {
        let before = &self.text[..pos.offset];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = 1 + before.matches('\n').count();
        format!("template: {NAME}:{line}:{}: executing \"{NAME}\" at <{text}>", pos.offset - line_start)
    }

    fn written(&self, arg: &Expr) -> Written {
        let text = shown(arg, self.text);
        let context = self.place(arg.pos(), &text);
        let literal = matches!(arg, Expr::String(..) | Expr::Number(..) | Expr::Bool(..) | Expr::Nil(_));
        Written { context, literal: literal.then_some(text) }
    }
}
