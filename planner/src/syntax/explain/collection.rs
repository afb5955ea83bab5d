//! Tuples, objects and `for` expressions.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

const FOR: &str = "Invalid 'for' expression";
const OPEN_TUPLE: (&str, &str) =
    ("Unterminated tuple constructor expression", "The file ends before the closing bracket of this list.");
const OPEN_OBJECT: (&str, &str) =
    ("Unterminated object constructor expression", "The file ends before the closing brace of this object.");

impl Cursor<'_> {
    pub(super) fn tuple(&mut self) {
        let open = self.next();
        self.nested(false, |cursor| {
            if cursor.sees_word("for") {
                return cursor.for_expression(open, TokenKind::CloseBracket);
            }
            while !cursor.take(TokenKind::CloseBracket) {
                if !cursor.understands(Self::expression) {
                    return cursor.recover(TokenKind::CloseBracket);
                }
                let separator = cursor.peek();
                match separator.kind {
                    TokenKind::CloseBracket => continue,
                    TokenKind::Comma => {
                        cursor.next();
                        continue;
                    }
                    TokenKind::End => cursor.fail(OPEN_TUPLE.0, OPEN_TUPLE.1, open, None),
                    _ => {
                        let detail = "A comma must separate the items of a list.";
                        cursor.fail("Missing item separator", detail, separator, Some(open));
                    }
                }
                return cursor.recover(TokenKind::CloseBracket);
            }
        });
    }

    pub(super) fn object(&mut self) {
        let open = self.next();
        let mut is_for = false;
        self.nested(false, |cursor| is_for = cursor.sees_word("for"));
        if is_for {
            return self.nested(false, |cursor| cursor.for_expression(open, TokenKind::CloseBrace));
        }
        self.nested(true, |cursor| {
            loop {
                while cursor.take(TokenKind::Newline) {}
                if cursor.take(TokenKind::CloseBrace) {
                    return;
                }
                if !cursor.object_item(open) {
                    return cursor.recover(TokenKind::CloseBrace);
                }
            }
        });
    }

    /// `key = value` and what separates it from the next; `false` when the next cannot be found.
    fn object_item(&mut self, open: Token) -> bool {
        self.understands(Self::expression)
            && self.object_assign(open)
            && self.understands(Self::expression)
            && self.object_separator(open)
    }

    fn object_assign(&mut self, open: Token) -> bool {
        let assign = self.peek();
        match assign.kind {
            TokenKind::Assign | TokenKind::Colon => {
                self.next();
                return true;
            }
            TokenKind::End => self.fail(OPEN_OBJECT.0, OPEN_OBJECT.1, open, None),
            TokenKind::Newline | TokenKind::Comma => {
                let detail = "An equals sign (\"=\") and a value must follow the key.";
                self.fail("Missing attribute value", detail, assign, Some(open));
            }
            kind => {
                let hint = if kind == TokenKind::Ident { " A key with dots or spaces in it needs quotes." } else { "" };
                let detail = format!("An equals sign (\"=\") must stand between the key and its value.{hint}");
                self.fail("Missing key/value separator", detail, assign, Some(open));
            }
        }
        false
    }

    fn object_separator(&mut self, open: Token) -> bool {
        let separator = self.peek();
        match separator.kind {
            TokenKind::CloseBrace => return true,
            TokenKind::Comma | TokenKind::Newline => {
                self.next();
                return true;
            }
            TokenKind::End => self.fail(OPEN_OBJECT.0, OPEN_OBJECT.1, open, None),
            _ => {
                let detail = "A newline or a comma must separate the items of an object.";
                self.fail("Missing attribute separator", detail, separator, Some(open));
            }
        }
        false
    }

    /// From `for` to the closing bracket.
    fn for_expression(&mut self, open: Token, close: TokenKind) {
        self.next();
        if !(self.for_intro(FOR, "A name for the element must follow 'for'.") && self.for_collection()) {
            return self.recover(close);
        }
        let first = self.peek();
        let before_arrow = self.understands(Self::expression);
        let arrow = self.take(TokenKind::Arrow);
        if !((!arrow || self.understands(Self::expression)) && before_arrow) {
            return self.recover(close);
        }
        let value_end = self.previous();
        let ellipsis = self.peek();
        let grouped = self.take(TokenKind::Ellipsis);
        if self.take_word("if") && !self.understands(Self::expression) {
            return self.recover(close);
        }
        if !self.take(close) {
            let token = self.peek();
            self.fail(FOR, "Only the closing bracket can stand here.", token, Some(open));
            self.recover(close);
        }
        let result = first.up_to(value_end.end().max(first.end()));
        if close == TokenKind::CloseBrace && !arrow {
            self.report(FOR, "An object needs a key for each element, key => value.", result, Some(open));
        }
        if close == TokenKind::CloseBracket && arrow {
            self.report(FOR, "A list has no keys; use braces to make an object.", result, Some(open));
        }
        if close == TokenKind::CloseBracket && grouped {
            self.report(FOR, "Only the elements of an object can be grouped with \"...\".", ellipsis, Some(open));
        }
    }

    /// `name in`, `key, name in`; `false` when they are not there.
    pub(super) fn for_intro(&mut self, summary: &'static str, detail: &str) -> bool {
        let token = self.peek();
        if !self.take(TokenKind::Ident) {
            self.fail(summary, detail, token, None);
            return false;
        }
        if self.take(TokenKind::Comma) {
            let token = self.peek();
            if !self.take(TokenKind::Ident) {
                self.fail(summary, "A second name, for the element, must follow the comma.", token, None);
                return false;
            }
        }
        let token = self.peek();
        let found = self.take_word("in");
        if !found {
            self.fail(summary, "The word 'in' must follow the names.", token, None);
        }
        found
    }

    fn for_collection(&mut self) -> bool {
        if !self.understands(Self::expression) {
            return false;
        }
        let token = self.peek();
        let found = self.take(TokenKind::Colon);
        if !found {
            self.fail(FOR, "A colon must follow the collection.", token, None);
        }
        found
    }
}
