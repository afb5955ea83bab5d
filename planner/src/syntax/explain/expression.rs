//! Operators, terms and traversals.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

impl Cursor<'_> {
    /// `a + b`, `c ? a : b` and everything below.
    pub(super) fn expression(&mut self) -> bool {
        let start = self.peek();
        if !self.operations() {
            return false;
        }
        if !self.take(TokenKind::Question) {
            return true;
        }
        if !self.deeper(Self::expression) {
            return false;
        }
        if !self.take(TokenKind::Colon) {
            let detail =
                "A conditional has two results, condition ? one : other. The colon and the second result are missing.";
            let token = self.peek();
            return self.fail("Missing false expression in conditional", detail, token, Some(start));
        }
        self.deeper(Self::expression)
    }

    /// One level deeper, newlines as they are.
    fn deeper(&mut self, inner: impl FnOnce(&mut Self) -> bool) -> bool {
        let newlines = self.sees_newlines();
        self.nested(newlines, inner)
    }

    fn operations(&mut self) -> bool {
        loop {
            if !self.term() {
                return false;
            }
            if !matches!(self.peek().kind, TokenKind::Operator | TokenKind::Star | TokenKind::Minus) {
                return true;
            }
            self.next();
        }
    }

    /// An operand with its signs and traversals.
    fn term(&mut self) -> bool {
        let token = self.peek();
        let understood = match token.kind {
            TokenKind::Minus | TokenKind::Bang => {
                self.next();
                return self.deeper(Self::term);
            }
            TokenKind::OpenParen => self.paren(),
            TokenKind::Number => {
                self.next();
                true
            }
            TokenKind::Ident => {
                self.next();
                match self.peek().kind {
                    TokenKind::OpenParen | TokenKind::DoubleColon => self.call(token),
                    _ => true,
                }
            }
            TokenKind::OpenQuote => {
                self.next();
                self.template(TokenKind::CloseQuote, Some(token))
            }
            TokenKind::OpenHeredoc => {
                self.next();
                self.template(TokenKind::CloseHeredoc, Some(token))
            }
            TokenKind::OpenBracket => self.tuple(),
            TokenKind::OpenBrace => self.object(),
            _ => self.fail("Invalid expression", "An expression must start here.", token, None),
        };
        understood && self.traversals()
    }

    fn paren(&mut self) -> bool {
        let open = self.next();
        self.nested(false, |cursor| {
            if !cursor.expression() {
                return cursor.recover(TokenKind::CloseParen);
            }
            let close = cursor.peek();
            if close.kind != TokenKind::CloseParen {
                let detail = "The parenthesis around this expression must be closed here.";
                cursor.fail("Unbalanced parentheses", detail, close, Some(open));
            }
            cursor.next();
            close.kind == TokenKind::CloseParen
        })
    }

    /// `.name`, `.0`, `.*`, `[key]`, `[*]`, any number of them.
    fn traversals(&mut self) -> bool {
        // After `.*` and until the next `[`, another `.*` would be nested.
        let mut in_splat = false;
        loop {
            let understood = match self.peek().kind {
                TokenKind::Dot => self.attribute_step(&mut in_splat),
                TokenKind::OpenBracket => {
                    in_splat = false;
                    self.index_step()
                }
                _ => return true,
            };
            if !understood {
                return false;
            }
        }
    }

    fn attribute_step(&mut self, in_splat: &mut bool) -> bool {
        let dot = self.next();
        let name = self.peek();
        match name.kind {
            TokenKind::Ident => {}
            TokenKind::Number if name.text(self.text).bytes().all(|byte| byte.is_ascii_digit()) => {}
            TokenKind::Number => {
                let indexes = name.text(self.text).replace('.', "][");
                let detail = format!("An index after a dot cannot be followed by another one. Write [{indexes}].");
                return self.fail("Invalid legacy index syntax", detail, name, Some(dot));
            }
            TokenKind::Star if *in_splat => {
                let detail = "The items of .* are reached by attribute names only. Use [*] to nest.";
                return self.fail("Nested splat expression not allowed", detail, name, None);
            }
            TokenKind::Star => *in_splat = true,
            _ => {
                return self.fail(
                    "Invalid attribute name",
                    "The name of an attribute must follow the dot.",
                    name,
                    Some(dot),
                );
            }
        }
        self.next();
        true
    }

    fn index_step(&mut self) -> bool {
        let open = self.next();
        let (summary, detail) = if self.take(TokenKind::Star) {
            ("Missing close bracket on splat index", "In [*], the star must be followed by the closing bracket.")
        } else {
            ("Missing close bracket on index", "The index must end with a closing bracket (\"]\").")
        };
        let splat = self.previous().kind == TokenKind::Star;
        self.nested(false, |cursor| {
            if !splat && !cursor.expression() {
                return cursor.recover(TokenKind::CloseBracket);
            }
            let close = cursor.next();
            if close.kind == TokenKind::CloseBracket {
                return true;
            }
            cursor.fail(summary, detail, close, Some(open));
            cursor.recover(TokenKind::CloseBracket)
        })
    }

    /// The rest of a call whose name starts with `name`.
    fn call(&mut self, name: Token) -> bool {
        while self.take(TokenKind::DoubleColon) {
            let part = self.next();
            if part.kind != TokenKind::Ident {
                return self.fail(
                    "Missing function name",
                    "The name of a function must follow the two colons.",
                    part,
                    Some(name),
                );
            }
        }
        let open = self.next();
        if open.kind != TokenKind::OpenParen {
            let detail = "The arguments of a function, in parentheses, must follow its name.";
            return self.fail("Missing open parenthesis", detail, open, Some(name));
        }
        self.nested(false, |cursor| cursor.arguments(name, open))
    }

    fn arguments(&mut self, name: Token, open: Token) -> bool {
        while !self.take(TokenKind::CloseParen) {
            if !self.expression() {
                return self.recover(TokenKind::CloseParen);
            }
            let separator = self.next();
            match separator.kind {
                TokenKind::CloseParen => return true,
                TokenKind::Comma => {}
                TokenKind::Ellipsis if self.take(TokenKind::CloseParen) => return true,
                TokenKind::Ellipsis => {
                    let detail = "The argument that ... expands is the last one: the closing parenthesis must follow.";
                    self.fail("Missing closing parenthesis", detail, separator, Some(name));
                    return self.recover(TokenKind::CloseParen);
                }
                TokenKind::End => {
                    let detail = "The file ends before the closing parenthesis of this call.";
                    let call = Token { start: name.start, ..open };
                    return self.fail("Unterminated function call", detail, call, None);
                }
                _ => {
                    let detail = "The arguments of a function are separated by commas.";
                    self.fail("Missing argument separator", detail, separator, Some(name));
                    return self.recover(TokenKind::CloseParen);
                }
            }
        }
        true
    }
}
