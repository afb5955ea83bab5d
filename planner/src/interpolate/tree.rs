//! A template's text as a tree whose calls know where they stand.
//!
//! The template engine says what went wrong in a call, but neither where nor in which words of the template, as Go does.
//! So every call of one of our functions gets a name of its own, behind which the function stands together with that
//! knowledge.

use std::sync::Arc;

use gotmpl::parse::{BranchNode, CommandNode, DefineNode, Expr, ListNode, Node, Parser, PipeNode, Pos};
use gotmpl::{FuncMap, Template, TemplateError};

use crate::interpolate::functions::FunctionTable;
use crate::interpolate::render::RenderError;
use crate::interpolate::signature::{CallSite, Function, Written};
use crate::value::quote;

/// What a template is called in messages.
const NAME: &str = "root";

/// The functions of the language itself.
const LANGUAGE: [&str; 20] = [
    "and", "call", "eq", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne", "not", "or", "print", "printf",
    "println", "slice", "urlquery", "break",
];

/// Parses `text` and binds its calls to `table`.
pub(super) fn compile(text: &str, table: &FunctionTable) -> Result<Template, RenderError> {
    let parser = Parser::with_name(Some(NAME), text, "{{", "}}").map_err(syntax)?;
    let (mut tree, mut defines) = parser.parse().map_err(syntax)?;
    let mut binder = Binder { text, table, bound: FuncMap::new() };
    binder.list(&mut tree)?;
    for DefineNode { body, .. } in &mut defines {
        binder.list(body)?;
    }
    let mut template = Template::new(NAME).funcs(binder.bound);
    for DefineNode { name, body, .. } in defines {
        template = template.add_parse_tree(&name, body);
    }
    Ok(template.add_parse_tree(NAME, tree))
}

/// Renders a compiled template.
pub(super) fn execute(template: &Template, dot: &gotmpl::Value) -> Result<String, RenderError> {
    template.execute_template_to_string(NAME, dot).map_err(|error| match error {
        TemplateError::Exec(text) => RenderError::Exec(text),
        other => RenderError::Exec(format!("template: {NAME}: {other}")),
    })
}

/// Go names the line only.
fn syntax(error: TemplateError) -> RenderError {
    RenderError::Syntax(match error {
        TemplateError::Parse { line, message, .. } | TemplateError::Lex { line, message, .. } => {
            format!("template: {NAME}:{line}: {message}")
        }
        other => format!("template: {NAME}: {other}"),
    })
}

struct Binder<'a> {
    text: &'a str,
    table: &'a FunctionTable,
    bound: FuncMap,
}

impl Binder<'_> {
    fn list(&mut self, list: &mut ListNode) -> Result<(), RenderError> {
        list.nodes.iter_mut().try_for_each(|node| self.node(node))
    }

    fn node(&mut self, node: &mut Node) -> Result<(), RenderError> {
        match node {
            Node::List(list) => self.list(list),
            Node::Action(action) => self.pipe(&mut action.pipe),
            Node::If(branch) | Node::Range(branch) | Node::With(branch) => self.branch(branch),
            Node::Template(call) => call.pipe.as_mut().map_or(Ok(()), |pipe| self.pipe(pipe)),
            Node::Define(define) => self.list(&mut define.body),
            Node::Text(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
        }
    }

    fn branch(&mut self, branch: &mut BranchNode) -> Result<(), RenderError> {
        self.pipe(&mut branch.pipe)?;
        self.list(&mut branch.body)?;
        branch.else_body.as_mut().map_or(Ok(()), |list| self.list(list))
    }

    fn pipe(&mut self, pipe: &mut PipeNode) -> Result<(), RenderError> {
        pipe.commands.iter_mut().try_for_each(|command| self.command(command))
    }

    fn command(&mut self, command: &mut CommandNode) -> Result<(), RenderError> {
        // The texts must be taken before calls inside are given other names.
        let context = self.place(command.pos, &self.command_text(command));
        let written = command.args[1..].iter().map(|arg| self.written(arg)).collect();
        for arg in &mut command.args[1..] {
            self.expression(arg)?;
        }
        match &mut command.args[0] {
            Expr::Identifier(pos, name) => {
                if let Some(alias) = self.bind(name, *pos, context, written)? {
                    *name = alias.into();
                }
                Ok(())
            }
            first => self.expression(first),
        }
    }

    /// A function named among arguments is called without any.
    fn expression(&mut self, expr: &mut Expr) -> Result<(), RenderError> {
        match expr {
            Expr::Identifier(pos, name) => {
                let context = self.place(*pos, name);
                if let Some(alias) = self.bind(name, *pos, context, Vec::new())? {
                    *name = alias.into();
                }
                Ok(())
            }
            Expr::Pipe(_, pipe) => self.pipe(pipe),
            Expr::Chain(_, inner, _) => self.expression(inner),
            _ => Ok(()),
        }
    }

    /// The name of its own that a call gets; none for functions of the language.
    fn bind(
        &mut self,
        name: &str,
        pos: Pos,
        context: String,
        args: Vec<Written>,
    ) -> Result<Option<String>, RenderError> {
        let Some(function) = self.table.get(name) else {
            if LANGUAGE.contains(&name) {
                return Ok(None);
            }
            let message = format!("template: {NAME}:{}: function {} not defined", pos.line, quote(name));
            return Err(RenderError::Syntax(message));
        };
        let alias = format!("{name}#{}", self.bound.len());
        let (function, site): (Function, _) = (function.clone(), CallSite { name: name.to_owned(), context, args });
        let call = move |args: &[gotmpl::Value]| function.call(&site, args).map_err(TemplateError::Exec);
        self.bound.insert(alias.clone(), Arc::new(call));
        Ok(Some(alias))
    }

    /// `template: root:1:2: executing "root" at <…>`: line, and bytes in front of it on the line.
    fn place(&self, pos: Pos, text: &str) -> String {
        let before = &self.text[..pos.offset];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let line = 1 + before.matches('\n').count();
        format!("template: {NAME}:{line}:{}: executing \"{NAME}\" at <{text}>", pos.offset - line_start)
    }

    fn written(&self, arg: &Expr) -> Written {
        let text = self.expression_text(arg);
        let context = self.place(arg.pos(), &text);
        let literal = matches!(arg, Expr::String(..) | Expr::Number(..) | Expr::Bool(..) | Expr::Nil(_));
        Written { context, literal: literal.then_some(text) }
    }

    fn pipe_text(&self, pipe: &PipeNode) -> String {
        let commands: Vec<String> = pipe.commands.iter().map(|command| self.command_text(command)).collect();
        let declared = if pipe.decl.is_empty() {
            String::new()
        } else {
            format!("{} {} ", pipe.decl.join(", "), if pipe.is_assign { "=" } else { ":=" })
        };
        declared + &commands.join(" | ")
    }

    fn command_text(&self, command: &CommandNode) -> String {
        let args: Vec<String> = command.args.iter().map(|arg| self.expression_text(arg)).collect();
        args.join(" ")
    }

    fn expression_text(&self, expr: &Expr) -> String {
        let dotted = |head: String, fields: &[gotmpl::parse::SmolStr]| {
            fields.iter().fold(head, |text, field| text + "." + field)
        };
        match expr {
            Expr::Dot(_) => ".".to_owned(),
            Expr::Nil(_) => "nil".to_owned(),
            Expr::Bool(_, value) => value.to_string(),
            Expr::Identifier(_, name) => name.to_string(),
            Expr::Field(_, fields) => dotted(String::new(), fields),
            Expr::Variable(_, name, fields) => dotted(name.to_string(), fields),
            Expr::Pipe(_, pipe) => format!("({})", self.pipe_text(pipe)),
            Expr::Chain(_, inner, fields) => dotted(self.expression_text(inner), fields),
            Expr::String(pos, _) | Expr::Number(pos, _) => literal_at(&self.text[pos.offset..]).to_owned(),
        }
    }
}

/// The literal that `text` begins with, as it is written.
fn literal_at(text: &str) -> &str {
    let quote = text.chars().next().filter(|first| matches!(first, '"' | '`' | '\''));
    let Some(quote) = quote else {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '+' | '-')));
        return &text[..end.unwrap_or(text.len())];
    };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return &text[..=at];
        }
        escaped = c == '\\' && !escaped && quote != '`';
    }
    text
}
