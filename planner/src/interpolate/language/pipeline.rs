//! The pipelines inside actions: declarations, commands, and their operands.

use crate::interpolate::language::number::number;
use crate::interpolate::language::parser::{MAX_DEPTH, Parsed, Parser};
use crate::interpolate::language::token::{Keyword, Kind};
use crate::interpolate::language::tree::{Command, Operand, Pipe, Term};
use crate::literal::unquote;
use crate::value::quote;

impl Parser<'_> {
    pub(super) fn pipeline(&mut self, context: &str, end: Kind) -> Parsed<Pipe> {
        let offset = self.peek_non_space().offset;
        let mut pipe = Pipe { offset, variables: Vec::new(), assigns: false, commands: Vec::new() };
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
        match pipe.commands.iter().skip(1).position(|command| command.args[0].term.is_plain()) {
            Some(at) => self.fault(format!("non executable command in pipeline stage {}", at + 2)),
            None => Ok(pipe),
        }
    }

    /// A declared variable in front of a pipeline; whether another one may follow.
    fn declaration(&mut self, context: &str, pipe: &mut Pipe) -> Parsed<bool> {
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
        pipe.variables.push(variable.text.clone());
        self.scope.variables.push(variable.text);
        if !is_comma {
            pipe.assigns = next.kind == Kind::Assign;
            return Ok(false);
        }
        if context != "range" || pipe.variables.len() > 1 {
            return self.fault(format!("too many declarations in {context}"));
        }
        match self.peek_non_space().kind {
            Kind::Variable | Kind::RightDelim | Kind::RightParen => Ok(true),
            _ => self.fault("range can only initialize variables"),
        }
    }

    fn command(&mut self) -> Parsed<Command> {
        let mut command = Command { offset: self.peek_non_space().offset, args: Vec::new() };
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
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(first) = self.term()? else { return Ok(None) };
        // In messages an operand stands where its fields begin.
        let offset = self.peek().offset;
        let mut fields: Vec<String> = Vec::new();
        while self.peek().kind == Kind::Field {
            fields.push(self.next().text[1..].to_owned());
        }
        if fields.is_empty() {
            return Ok(Some(first));
        }
        if first.term.is_plain() {
            return self.fault(format!("unexpected . after term {}", quote(&first.to_string())));
        }
        let term = match first.term {
            Term::Field(own) => Term::Field([own, fields].concat()),
            Term::Variable(name, own) => Term::Variable(name, [own, fields].concat()),
            term => Term::Chain(Box::new(Operand { term, ..first }), fields),
        };
        Ok(Some(Operand { offset, term }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        let mut offset = token.offset;
        let term = match token.kind {
            Kind::Identifier if (self.knows)(&token.text) => Term::Function(token.text),
            Kind::Identifier => return self.fault(format!("function {} not defined", quote(&token.text))),
            Kind::Dot => Term::Dot,
            Kind::Keyword(Keyword::Nil) => Term::Nil,
            Kind::Variable if self.scope.variables.contains(&token.text) => Term::Variable(token.text, Vec::new()),
            Kind::Variable => return self.fault(format!("undefined variable {}", quote(&token.text))),
            Kind::Field => Term::Field(vec![token.text[1..].to_owned()]),
            Kind::Bool => Term::Bool(token.text == "true"),
            Kind::CharConstant | Kind::Complex | Kind::Number => match number(&token) {
                Ok(number) => Term::Number(number),
                Err(message) => return self.fault(message),
            },
            Kind::String | Kind::RawString => match unquote(&token.text) {
                Ok(text) => Term::Text(text.into(), token.text),
                Err(message) => return self.fault(message),
            },
            Kind::LeftParen => {
                self.scope.depth += 1;
                if self.scope.depth > MAX_DEPTH {
                    return self.fault("max expression depth exceeded");
                }
                let pipe = self.pipeline("parenthesized pipeline", Kind::RightParen)?;
                self.scope.depth -= 1;
                offset = pipe.offset;
                Term::Pipe(pipe)
            }
            _ => {
                self.put_back(token);
                return Ok(None);
            }
        };
        Ok(Some(Operand { offset, term }))
    }
}
