//! Tokens to a tree, as strictly as Go parses, and in its words: texts, and actions with what they enclose.

use std::sync::Arc;

use crate::interpolate::language::lexer::Lexer;
use crate::interpolate::language::token::{Keyword, Kind, Token};
use crate::interpolate::language::tree::{Branch, Invocation, Node, ROOT, Trees};
use crate::literal::unquote;
use crate::value::quote;

/// What is wrong with a template, and on which line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) line: usize,
    pub(crate) message: String,
}

/// Parses `text`, in which the functions that `knows` says yes to can be called.
pub(crate) fn parse(text: &str, knows: &dyn Fn(&str) -> bool) -> Result<Trees, Fault> {
    let mut parser = Parser { lexer: Lexer::new(text), knows, scope: Scope::new(), trees: Trees::default() };
    let root = parser.root()?;
    parser.add(ROOT.into(), root)?;
    Ok(parser.trees)
}

/// Deeper nesting than this is refused, so that hostile text cannot exhaust the stack.
pub(super) const MAX_DEPTH: usize = 100;

pub(super) type Parsed<T> = Result<T, Fault>;

pub(super) struct Parser<'t> {
    lexer: Lexer<'t>,
    pub(super) knows: &'t dyn Fn(&str) -> bool,
    pub(super) scope: Scope,
    trees: Trees,
}

/// What belongs to one template; definitions inside have their own.
pub(super) struct Scope {
    /// Tokens that were read and put back: the next to come is the last.
    ahead: Vec<Token>,
    /// The line of the token that was read last, where faults are.
    line: usize,
    /// The line of the action that is being read.
    action_line: Option<usize>,
    pub(super) variables: Vec<String>,
    n_ranges: usize,
    pub(super) depth: usize,
}

impl Scope {
    fn new() -> Self {
        Self { ahead: Vec::new(), line: 0, action_line: None, variables: vec!["$".to_owned()], n_ranges: 0, depth: 0 }
    }
}

/// What ends a list of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    End,
    Else,
}

impl Ending {
    fn shown(self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else => "{{else}}",
        }
    }
}

/// A node, or what ends the list that it would stand in.
enum Item {
    Node(Node),
    Ending(Ending),
}

impl Parser<'_> {
    // Tokens.

    pub(super) fn next(&mut self) -> Token {
        self.scope.ahead.pop().unwrap_or_else(|| {
            let token = self.lexer.next();
            self.scope.line = token.line;
            token
        })
    }

    pub(super) fn put_back(&mut self, token: Token) {
        self.scope.ahead.push(token);
    }

    pub(super) fn peek(&mut self) -> Token {
        let token = self.next();
        self.put_back(token.clone());
        token
    }

    pub(super) fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != Kind::Space {
                return token;
            }
        }
    }

    pub(super) fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.put_back(token.clone());
        token
    }

    // Faults.

    pub(super) fn fault<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(Fault { line: self.scope.line, message: message.into() })
    }

    pub(super) fn unexpected<T>(&self, token: &Token, context: &str) -> Parsed<T> {
        if token.kind != Kind::Error {
            return self.fault(format!("unexpected {} in {context}", token.shown()));
        }
        let started = self.scope.action_line.filter(|line| *line != token.line);
        let place = started.map_or_else(String::new, |line| {
            // Not "action in action".
            let word = if token.text.ends_with(" action") { "" } else { " in action" };
            format!("{word} started at {ROOT}:{line}")
        });
        self.fault(format!("{}{place}", token.text))
    }

    fn expect(&mut self, kind: Kind, context: &str) -> Parsed<Token> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    // Lists.

    fn root(&mut self) -> Parsed<Vec<Node>> {
        let mut nodes = Vec::new();
        while self.peek().kind != Kind::End {
            if self.peek().kind == Kind::LeftDelim {
                let delim = self.next();
                let word = self.next_non_space();
                if word.kind == Kind::Keyword(Keyword::Define) {
                    self.definition()?;
                    continue;
                }
                self.put_back(word);
                self.put_back(delim);
            }
            match self.item()? {
                Item::Node(node) => nodes.push(node),
                Item::Ending(ending) => return self.fault(format!("unexpected {}", ending.shown())),
            }
        }
        Ok(nodes)
    }

    fn list(&mut self) -> Parsed<(Vec<Node>, Ending)> {
        self.scope.depth += 1;
        if self.scope.depth > MAX_DEPTH {
            return self.fault("max expression depth exceeded");
        }
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != Kind::End {
            match self.item()? {
                Item::Node(node) => nodes.push(node),
                Item::Ending(ending) => {
                    self.scope.depth -= 1;
                    return Ok((nodes, ending));
                }
            }
        }
        self.fault("unexpected EOF")
    }

    fn item(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            Kind::Text => Ok(Item::Node(Node::Text(token.text))),
            Kind::LeftDelim => {
                self.scope.action_line = Some(token.line);
                let item = self.action()?;
                self.scope.action_line = None;
                Ok(item)
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    // Actions.

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            Kind::Keyword(Keyword::Block) => self.block()?,
            Kind::Keyword(Keyword::Break) => self.jump("{{break}}", Node::Break)?,
            Kind::Keyword(Keyword::Continue) => self.jump("{{continue}}", Node::Continue)?,
            Kind::Keyword(Keyword::Else) => return self.otherwise(),
            Kind::Keyword(Keyword::End) => {
                self.expect(Kind::RightDelim, "end")?;
                return Ok(Item::Ending(Ending::End));
            }
            Kind::Keyword(Keyword::If) => Node::If(self.control(Keyword::If)?),
            Kind::Keyword(Keyword::Range) => Node::Range(self.control(Keyword::Range)?),
            Kind::Keyword(Keyword::With) => Node::With(self.control(Keyword::With)?),
            Kind::Keyword(Keyword::Template) => self.template()?,
            _ => {
                self.put_back(token);
                Node::Action(self.pipeline("command", Kind::RightDelim)?)
            }
        };
        Ok(Item::Node(node))
    }

    fn jump(&mut self, shown: &str, node: Node) -> Parsed<Node> {
        self.expect(Kind::RightDelim, shown)?;
        if self.scope.n_ranges == 0 { self.fault(format!("{shown} outside {{{{range}}}}")) } else { Ok(node) }
    }

    /// `{{else}}`; the `if` or `with` of `{{else if …}}` is left for [`Parser::control`].
    fn otherwise(&mut self) -> Parsed<Item> {
        let next = self.peek_non_space();
        if !matches!(next.kind, Kind::Keyword(Keyword::If | Keyword::With)) {
            self.expect(Kind::RightDelim, "else")?;
        }
        Ok(Item::Ending(Ending::Else))
    }

    fn control(&mut self, keyword: Keyword) -> Parsed<Branch> {
        let n_variables = self.scope.variables.len();
        let is_range = keyword == Keyword::Range;
        let context = match keyword {
            Keyword::If => "if",
            Keyword::Range => "range",
            _ => "with",
        };
        let pipe = self.pipeline(context, Kind::RightDelim)?;
        self.scope.n_ranges += usize::from(is_range);
        let (body, ending) = self.list()?;
        self.scope.n_ranges -= usize::from(is_range);
        let otherwise = if ending == Ending::Else { self.else_body(keyword, is_range)? } else { Vec::new() };
        self.scope.variables.truncate(n_variables);
        Ok(Branch { pipe, body, otherwise })
    }

    fn else_body(&mut self, keyword: Keyword, is_range: bool) -> Parsed<Vec<Node>> {
        let next = self.peek();
        if !is_range && next.kind == Kind::Keyword(keyword) {
            self.next();
            self.scope.depth += 1;
            if self.scope.depth > MAX_DEPTH {
                return self.fault("max expression depth exceeded");
            }
            let branch = self.control(keyword)?;
            self.scope.depth -= 1;
            let node = if keyword == Keyword::If { Node::If(branch) } else { Node::With(branch) };
            return Ok(vec![node]);
        }
        match self.list()? {
            (list, Ending::End) => Ok(list),
            (_, ending) => self.fault(format!("expected end; found {}", ending.shown())),
        }
    }

    fn template(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.name(&token, CONTEXT)?;
        let next = self.next_non_space();
        let pipe = if next.kind == Kind::RightDelim {
            None
        } else {
            self.put_back(next);
            Some(self.pipeline(CONTEXT, Kind::RightDelim)?)
        };
        Ok(Node::Template(Invocation { offset: token.offset, name, pipe }))
    }

    fn block(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, Kind::RightDelim)?;
        self.define(name.clone(), CONTEXT)?;
        Ok(Node::Template(Invocation { offset: token.offset, name, pipe: Some(pipe) }))
    }

    fn definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::replace(&mut self.scope, Scope::new());
        let token = self.next_non_space();
        let name = self.name(&token, CONTEXT)?;
        self.expect(Kind::RightDelim, CONTEXT)?;
        let (body, ending) = self.list()?;
        self.check_end(ending, CONTEXT)?;
        self.add(name, body)?;
        self.scope = outer;
        Ok(())
    }

    /// The body of a template inside this one.
    fn define(&mut self, name: Arc<str>, context: &str) -> Parsed<()> {
        let depth = self.scope.depth + 1;
        let outer = std::mem::replace(&mut self.scope, Scope { depth, ..Scope::new() });
        let (body, ending) = self.list()?;
        let inner = std::mem::replace(&mut self.scope, outer);
        // Unlike all other faults, this one is where the body begins.
        self.check_end(ending, context)?;
        let outer = std::mem::replace(&mut self.scope, inner);
        self.add(name, body)?;
        self.scope = outer;
        Ok(())
    }

    fn check_end(&self, ending: Ending, context: &str) -> Parsed<()> {
        if ending == Ending::End { Ok(()) } else { self.fault(format!("unexpected {} in {context}", ending.shown())) }
    }

    /// Of several templates of one name only one may say anything.
    fn add(&mut self, name: Arc<str>, body: Vec<Node>) -> Parsed<()> {
        match self.trees.get(&name) {
            Some(old) if !is_empty(old) && !is_empty(&body) => {
                return self.fault(format!("template: multiple definition of template {}", quote(&name)));
            }
            Some(old) if !is_empty(old) => {}
            _ => drop(self.trees.insert(name, body)),
        }
        Ok(())
    }

    fn name(&mut self, token: &Token, context: &str) -> Parsed<Arc<str>> {
        if !matches!(token.kind, Kind::String | Kind::RawString) {
            return self.unexpected(token, context);
        }
        unquote(&token.text).map(Arc::from).or_else(|message| self.fault(message))
    }
}

/// Whether there is nothing but space in a template.
fn is_empty(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| matches!(node, Node::Text(text) if text.trim().is_empty()))
}
