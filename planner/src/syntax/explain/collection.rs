//! Tuples, objects and `for` expressions.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

const FOR: &str = "Invalid 'for' expression";
const OPEN_TUPLE: (&str, &str) =
    ("Unterminated tuple constructor expression", "The file ends before the closing bracket of this list.");
const OPEN_OBJECT: (&str, &str) =
    ("Unterminated object constructor expression", "The file ends before the closing brace of this object.");

impl Cursor<'_> {
    pub(super) fn tuple(&mut self) -> bool {
        let open = self.next();
        self.nested(false, |cursor| {
            if cursor.sees_word("for") {
                return cursor.for_expression(TokenKind::CloseBracket);
            }
            while !cursor.take(TokenKind::CloseBracket) {
                if cursor.sees(TokenKind::End) {
                    return cursor.fail(OPEN_TUPLE.0, OPEN_TUPLE.1, open, None);
                }
                if !cursor.expression() {
                    return cursor.recover(TokenKind::CloseBracket);
                }
                if !cursor.sees(TokenKind::CloseBracket) && !cursor.take(TokenKind::Comma) {
                    let token = cursor.peek();
                    if token.kind == TokenKind::End {
                        return cursor.fail(OPEN_TUPLE.0, OPEN_TUPLE.1, open, None);
                    }
                    let detail = "A comma must separate the items of a list.";
                    cursor.fail("Missing item separator", detail, token, Some(open));
                    return cursor.recover(TokenKind::CloseBracket);
                }
            }
            true
        })
    }

    pub(super) fn object(&mut self) -> bool {
        let open = self.next();
        if self.nested(false, |cursor| cursor.sees_word("for")) {
            return self.nested(false, |cursor| cursor.for_expression(TokenKind::CloseBrace));
        }
        self.nested(true, |cursor| {
            loop {
                while cursor.take(TokenKind::Newline) {}
                if cursor.take(TokenKind::CloseBrace) {
                    return true;
                }
                if !cursor.object_item(open) {
                    return cursor.recover(TokenKind::CloseBrace);
                }
            }
        })
    }

    /// `key = value` and what separates it from the next.
    fn object_item(&mut self, open: Token) -> bool {
        if self.sees(TokenKind::End) {
            return self.fail(OPEN_OBJECT.0, OPEN_OBJECT.1, open, None);
        }
        if !self.expression() {
            return false;
        }
        let assign = self.peek();
        match assign.kind {
            TokenKind::Assign | TokenKind::Colon => self.next(),
            TokenKind::End => return self.fail(OPEN_OBJECT.0, OPEN_OBJECT.1, open, None),
            TokenKind::Newline | TokenKind::Comma => {
                let detail = "An equals sign (\"=\") and a value must follow the key.";
                return self.fail("Missing attribute value", detail, assign, Some(open));
            }
            _ => {
                let detail = "An equals sign (\"=\") must stand between the key and its value.";
                return self.fail("Missing key/value separator", detail, assign, Some(open));
            }
        };
        if !self.expression() {
            return false;
        }
        let separator = self.peek();
        match separator.kind {
            TokenKind::CloseBrace => return true,
            TokenKind::Comma | TokenKind::Newline => self.next(),
            TokenKind::End => return self.fail(OPEN_OBJECT.0, OPEN_OBJECT.1, open, None),
            _ => {
                let detail = "A newline or a comma must separate the items of an object.";
                return self.fail("Missing attribute separator", detail, separator, Some(open));
            }
        };
        true
    }

    /// From `for` to the closing bracket.
    fn for_expression(&mut self, close: TokenKind) -> bool {
        self.next();
        let understood = self.for_intro(FOR, "A name for the element must follow 'for'.")
            && self.for_collection()
            && self.for_result(close)
            && self.for_end(close);
        understood || self.recover(close)
    }

    /// `name in`, `key, name in`.
    pub(super) fn for_intro(&mut self, summary: &'static str, detail: &str) -> bool {
        let token = self.peek();
        if !self.take(TokenKind::Ident) {
            return self.fail(summary, detail, token, None);
        }
        if self.take(TokenKind::Comma) {
            let token = self.peek();
            if !self.take(TokenKind::Ident) {
                return self.fail(summary, "A second name, for the element, must follow the comma.", token, None);
            }
        }
        let token = self.peek();
        self.take_word("in") || self.fail(summary, "The word 'in' must follow the names.", token, None)
    }

    fn for_collection(&mut self) -> bool {
        if !self.expression() {
            return false;
        }
        let token = self.peek();
        self.take(TokenKind::Colon) || self.fail(FOR, "A colon must follow the collection.", token, None)
    }

    fn for_result(&mut self, close: TokenKind) -> bool {
        if !self.expression() {
            return false;
        }
        let arrow = self.peek();
        if !self.take(TokenKind::Arrow) {
            return close == TokenKind::CloseBracket
                || self.fail(FOR, "An object needs a key for each element, key => value.", arrow, None);
        }
        if close == TokenKind::CloseBracket {
            return self.fail(FOR, "A list has no keys; use braces to make an object.", arrow, None);
        }
        if !self.expression() {
            return false;
        }
        self.take(TokenKind::Ellipsis);
        true
    }

    fn for_end(&mut self, close: TokenKind) -> bool {
        if self.take_word("if") && !self.expression() {
            return false;
        }
        let token = self.peek();
        self.take(close) || self.fail(FOR, "Only the closing bracket can stand here.", token, None)
    }
}
