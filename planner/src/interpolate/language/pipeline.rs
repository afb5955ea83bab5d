//! The pipelines inside actions: declarations, commands, and their operands.

use gotmpl::parse::{CommandNode, Expr, PipeNode, SmolStr};

use crate::interpolate::language::operand::{number, shown};
use crate::interpolate::language::parser::{MAX_DEPTH, Parsed, Parser, pos};
use crate::interpolate::language::token::{Keyword, Kind};
use crate::literal::unquote;
use crate::value::quote;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<PipeNode> {
        let start = pos(&self.peek_non_space());
        let mut pipe = PipeNode { pos: start, decl: Vec::new(), commands: Vec::new(), is_assign: false };
        while self.declaration(context, &mut pipe)? {}
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                Kind::Bool
                | Kind::CharConstant
                | Kind::Complex
                | Kind::Dot
                | Kind::Field
                | Kind::Identifier
                | Kind::Number
                | Kind::Keyword(Keyword::Nil)
                | Kind::RawString
                | Kind::String
                | Kind::Variable
                | Kind::LeftParen => {
                    self.put_back(token);
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        if pipe.commands.is_empty() {
            return self.fault(format!("missing value for {context}"));
        }
        let inert = |command: &CommandNode| {
            matches!(
                command.args[0],
                Expr::Bool(..) | Expr::Dot(_) | Expr::Nil(_) | Expr::Number(..) | Expr::String(..)
            )
        };
        match pipe.commands.iter().skip(1).position(inert) {
            Some(at) => self.fault(format!("non executable command in pipeline stage {}", at + 2)),
            None => Ok(pipe),
        }
    }

    /// A declared variable in front of a pipeline; whether another one may follow.
    fn declaration(&mut self, context: &str, pipe: &mut PipeNode) -> Parsed<bool> {
        if self.peek_non_space().kind != Kind::Variable {
            return Ok(false);
        }
        let variable = self.next_non_space();
        let after = self.next();
        let next = if after.kind == Kind::Space { self.next_non_space() } else { after.clone() };
        let is_comma = next.kind == Kind::Char && next.text == ",";
        if !is_comma && !matches!(next.kind, Kind::Assign | Kind::Declare) {
            self.put_back(next);
            if after.kind == Kind::Space {
                self.put_back(after);
            }
            self.put_back(variable);
            return Ok(false);
        }
        pipe.decl.push(SmolStr::from(&variable.text));
        self.scope.variables.push(variable.text);
        if !is_comma {
            pipe.is_assign = next.kind == Kind::Assign;
            return Ok(false);
        }
        if context != "range" || pipe.decl.len() > 1 {
            return self.fault(format!("too many declarations in {context}"));
        }
        match self.peek_non_space().kind {
            Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
            _ => self.fault("range can only initialize variables"),
        }
    }

    fn command(&mut self) -> Parsed<CommandNode> {
        let mut command = CommandNode { pos: pos(&self.peek_non_space()), args: Vec::new() };
        loop {
            command.args.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                Kind::Space => {}
                Kind::RightDelim | Kind::RightParen => {
                    self.put_back(token);
                    break;
                }
                Kind::Pipe => break,
                _ => return self.unexpected(&token, "operand"),
            }
        }
        if command.args.is_empty() { self.fault("empty command") } else { Ok(command) }
    }

    /// A term with the fields behind it; none if what comes next is no term.
    fn operand(&mut self) -> Parsed<Option<Expr>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let mut fields: Vec<SmolStr> = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(SmolStr::from(&self.next().text[1..]));
        }
        if fields.is_empty() {
            return Ok(Some(term));
        }
        Ok(Some(match term {
            Expr::Field(pos, mut own) => {
                own.extend(fields);
                Expr::Field(pos, own)
            }
            Expr::Variable(pos, name, mut own) => {
                own.extend(fields);
                Expr::Variable(pos, name, own)
            }
            Expr::Bool(..) | Expr::String(..) | Expr::Number(..) | Expr::Nil(_) | Expr::Dot(_) => {
                return self.fault(format!("unexpected . after term {}", quote(&shown(&term, self.text))));
            }
            other => Expr::Chain(other.pos(), Box::new(other), fields),
        }))
    }

    fn term(&mut self) -> Parsed<Option<Expr>> {
        let token = self.next_non_space();
        let pos = pos(&token);
        Ok(Some(match token.kind {
            Kind::Identifier if (self.knows)(&token.text) => Expr::Identifier(pos, SmolStr::from(&token.text)),
            Kind::Identifier => return self.fault(format!("function {} not defined", quote(&token.text))),
            Kind::Dot => Expr::Dot(pos),
            Kind::Keyword(Keyword::Nil) => Expr::Nil(pos),
            Kind::Variable if self.scope.variables.contains(&token.text) => {
                Expr::Variable(pos, SmolStr::from(&token.text), Vec::new())
            }
            Kind::Variable => return self.fault(format!("undefined variable {}", quote(&token.text))),
            Kind::Field => Expr::Field(pos, vec![SmolStr::from(&token.text[1..])]),
            Kind::Bool => Expr::Bool(pos, token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number(&token) {
                Ok(number) => Expr::Number(pos, number),
                Err(message) => return self.fault(message),
            },
            Kind::String | Kind::RawString => match unquote(&token.text) {
                Ok(text) => Expr::String(pos, text.into()),
                Err(message) => return self.fault(message),
            },
            Kind::LeftParen => {
                self.scope.depth += 1;
                if self.scope.depth > MAX_DEPTH {
                    return self.fault("max expression depth exceeded");
                }
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.scope.depth -= 1;
                Expr::Pipe(pos, pipe)
            }
            _ => {
                self.put_back(token);
                return Ok(None);
            }
        }))
    }
}
