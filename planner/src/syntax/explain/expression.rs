//! Operators, terms and traversals.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

impl Cursor<'_> {
    /// `a + b`, `c ? a : b` and everything below.
    pub(super) fn expression(&mut self) {
        let start = self.peek();
        if !self.understands(Self::operations) || !self.take(TokenKind::Question) {
            return;
        }
        if !self.understands(|cursor| cursor.deeper(Self::expression)) {
            return;
        }
        if self.take(TokenKind::Colon) {
            return self.deeper(Self::expression);
        }
        let detail =
            "A conditional has two results, condition ? one : other. The colon and the second result are missing.";
        let token = self.peek();
        self.report("Missing false expression in conditional", detail, token, Some(start));
    }

    /// One level deeper, newlines as they are.
    fn deeper(&mut self, inner: impl FnOnce(&mut Self)) {
        let newlines = self.sees_newlines();
        self.nested(newlines, inner);
    }

    fn operations(&mut self) {
        while self.understands(Self::term) {
            if !matches!(self.peek().kind, TokenKind::Operator | TokenKind::Star | TokenKind::Minus) {
                return;
            }
            self.next();
        }
    }

    /// An operand with its signs and traversals.
    fn term(&mut self) {
        let token = self.peek();
        match token.kind {
            TokenKind::Minus | TokenKind::Bang => {
                self.next();
                return self.deeper(Self::term);
            }
            TokenKind::OpenParen => self.paren(),
            TokenKind::Number => drop(self.next()),
            TokenKind::Ident => {
                self.next();
                if matches!(self.peek().kind, TokenKind::OpenParen | TokenKind::DoubleColon) {
                    self.call(token);
                }
            }
            TokenKind::OpenQuote => {
                self.next();
                self.template(TokenKind::CloseQuote, Some(token));
            }
            TokenKind::OpenHeredoc => {
                self.next();
                self.template(TokenKind::CloseHeredoc, Some(token));
            }
            TokenKind::OpenBracket => self.tuple(),
            TokenKind::OpenBrace => self.object(),
            TokenKind::End => {
                self.fail("Missing expression", "The file ends where an expression must start.", token, None)
            }
            _ => self.fail("Invalid expression", "An expression must start here.", token, None),
        }
        self.traversals();
    }

    fn paren(&mut self) {
        let open = self.next();
        self.nested(false, |cursor| {
            if !cursor.is_clean(Self::expression) {
                return cursor.recover(TokenKind::CloseParen);
            }
            let close = cursor.peek();
            if close.kind != TokenKind::CloseParen {
                let detail = "The parenthesis around this expression must be closed here.";
                cursor.report("Unbalanced parentheses", detail, close, Some(open));
                cursor.recovering = true;
            }
            cursor.next();
        });
    }

    /// `.name`, `.0`, `.*`, `[key]`, `[*]`, any number of them.
    fn traversals(&mut self) {
        // After `.*` and until the next `[`, another `.*` would be nested.
        let mut in_splat = false;
        loop {
            match self.peek().kind {
                TokenKind::Dot => self.attribute_step(&mut in_splat),
                TokenKind::OpenBracket => {
                    in_splat = false;
                    self.index_step();
                }
                _ => return,
            }
        }
    }

    /// `.name`, `.0`, `.*`. What does not fit is left for whatever comes next.
    fn attribute_step(&mut self, in_splat: &mut bool) {
        let dot = self.next();
        let name = self.peek();
        match name.kind {
            TokenKind::Ident => {}
            TokenKind::Number if name.text(self.text).bytes().all(|byte| byte.is_ascii_digit()) => {}
            TokenKind::Number if name.text(self.text).contains('.') => {
                let indexes = name.text(self.text).replace('.', "][");
                let detail = format!("An index after a dot cannot be followed by another one. Write [{indexes}].");
                self.report("Invalid legacy index syntax", detail, name, Some(dot));
            }
            TokenKind::Number => {}
            TokenKind::Star if *in_splat => {
                let detail = "The items of .* are reached by attribute names only. Use [*] to nest.";
                return self.fail("Nested splat expression not allowed", detail, name, None);
            }
            TokenKind::Star => *in_splat = true,
            _ => {
                let detail = "The name of an attribute must follow the dot.";
                if !(*in_splat && self.recovering) {
                    self.report("Invalid attribute name", detail, name, Some(dot));
                }
                self.recovering = true;
                return;
            }
        }
        self.next();
    }

    fn index_step(&mut self) {
        let open = self.next();
        let splat = self.take(TokenKind::Star);
        let (summary, detail) = if splat {
            ("Missing close bracket on splat index", "In [*], the star must be followed by the closing bracket.")
        } else {
            ("Missing close bracket on index", "The index must end with a closing bracket (\"]\").")
        };
        let newlines = splat && self.sees_newlines();
        self.nested(newlines, |cursor| {
            if !splat && !cursor.understands(Self::expression) {
                return cursor.recover(TokenKind::CloseBracket);
            }
            let close = cursor.next();
            if close.kind != TokenKind::CloseBracket && !cursor.recovering {
                cursor.fail(summary, detail, close, Some(open));
                cursor.recover(TokenKind::CloseBracket);
            }
        });
    }

    /// The rest of a call whose name starts with `name`.
    fn call(&mut self, name: Token) {
        let mut open = self.next();
        while open.kind == TokenKind::DoubleColon {
            let part = self.next();
            if part.kind != TokenKind::Ident {
                let detail = "The name of a function must follow the two colons.";
                self.report("Missing function name", detail, part, Some(name));
                return self.recover_over_arguments();
            }
            open = self.next();
        }
        if open.kind != TokenKind::OpenParen {
            let detail = "The arguments of a function, in parentheses, must follow its name.";
            self.report("Missing open parenthesis", detail, open, Some(name));
            return self.recover_over_arguments();
        }
        self.nested(false, |cursor| cursor.arguments(name, open));
    }

    /// Passes over everything up to and with the next pair of parentheses.
    fn recover_over_arguments(&mut self) {
        while !matches!(self.next().kind, TokenKind::OpenParen | TokenKind::End) {}
        self.recover(TokenKind::CloseParen);
    }

    fn arguments(&mut self, name: Token, open: Token) {
        while !self.take(TokenKind::CloseParen) {
            if !self.understands(Self::expression) {
                return self.recover(TokenKind::CloseParen);
            }
            let separator = self.next();
            let (summary, detail, subject, context) = match separator.kind {
                TokenKind::CloseParen => return,
                TokenKind::Comma => continue,
                TokenKind::Ellipsis if self.take(TokenKind::CloseParen) => return,
                TokenKind::Ellipsis => {
                    let detail = "The argument that ... expands is the last one: the closing parenthesis must follow.";
                    self.fail("Missing closing parenthesis", detail, separator, Some(name));
                    return self.recover(TokenKind::CloseParen);
                }
                TokenKind::End => {
                    let detail = "The file ends before the closing parenthesis of this call.";
                    ("Unterminated function call", detail, open.from(name.start()), None)
                }
                _ => {
                    let detail = "The arguments of a function are separated by commas.";
                    ("Missing argument separator", detail, separator, Some(name))
                }
            };
            self.report(summary, detail, subject, context);
            return self.recover(TokenKind::CloseParen);
        }
    }
}
