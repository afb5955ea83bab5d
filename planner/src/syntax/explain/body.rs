//! Arguments and blocks.

use std::collections::HashMap;

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

const ONE_LINE: &str = "Invalid single-argument block definition";
const BLOCK: &str = "Invalid block definition";
const NO_ITEM: (&str, &str) = ("Argument or block definition required", "An argument or a block must start here.");
const NO_EQUALS: (&str, &str) =
    (NO_ITEM.0, "An argument or a block must start here. An argument is written with an equals sign, name = value.");

impl<'t> Cursor<'t> {
    /// The items up to `end`, which is taken too.
    pub(super) fn body(&mut self, end: TokenKind) {
        let open = self.previous();
        let mut names: HashMap<&'t str, Token> = HashMap::new();
        loop {
            let token = self.peek();
            match token.kind {
                kind if kind == end => {
                    self.next();
                    return;
                }
                TokenKind::Newline => {
                    self.next();
                }
                TokenKind::Ident => {
                    self.next();
                    self.item(token, &mut names);
                }
                _ => return self.stray(end, open),
            }
        }
    }

    /// Something that cannot start an item.
    fn stray(&mut self, end: TokenKind, open: Token) {
        let token = self.next();
        match token.kind {
            TokenKind::OpenQuote => {
                self.fail("Invalid argument name", "The name of an argument has no quotes.", token, None);
            }
            TokenKind::End => {
                let detail = "The file ends before the closing brace of this block. A brace may be missing or misplaced \
                              further down.";
                self.fail("Unclosed configuration block", detail, open, None);
            }
            _ => self.fail(NO_ITEM.0, NO_ITEM.1, token, None),
        }
        self.recover(end);
    }

    /// What follows the name of an argument or the type of a block.
    fn item(&mut self, name: Token, names: &mut HashMap<&'t str, Token>) {
        match self.peek().kind {
            TokenKind::Assign => {
                self.argument(name, false);
                let first = *names.entry(name.text(self.text)).or_insert(name);
                if first != name {
                    self.redefined(name, first);
                }
            }
            TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Ident => self.block(name),
            _ => {
                self.report(NO_EQUALS.0, NO_EQUALS.1, name, None);
                self.recover_item();
            }
        }
    }

    fn redefined(&mut self, name: Token, first: Token) {
        if self.is_full() {
            return;
        }
        let line = self.text[..first.start()].matches('\n').count() + 1;
        let detail =
            format!("The argument {:?} is already set on line {line}. It can be set once only.", name.text(self.text));
        self.report("Attribute redefined", detail, name, None);
    }

    /// `= value`, and the line end unless in a block on one line.
    fn argument(&mut self, name: Token, one_line: bool) {
        self.next();
        if !self.understands(Self::expression) {
            return self.recover_item();
        }
        let end = self.peek();
        match end.kind {
            _ if one_line => return,
            TokenKind::Newline | TokenKind::End => {
                self.next();
                return;
            }
            TokenKind::Comma => {
                let detail = "Arguments are separated by newlines, not by commas.";
                self.fail("Unexpected comma after argument", detail, end, Some(name));
            }
            _ => {
                let detail = "The definition of an argument must end with its line.";
                self.fail("Missing newline after argument", detail, end, Some(name));
            }
        }
        self.recover_item();
    }

    /// The labels and body of a block.
    fn block(&mut self, kind: Token) {
        if !self.labels(kind) {
            return self.recover_item();
        }
        match self.peek().kind {
            TokenKind::Newline | TokenKind::End | TokenKind::CloseBrace => {
                self.nested(true, |cursor| cursor.body(TokenKind::CloseBrace));
            }
            _ => self.one_line_body(),
        }
        let end = self.peek();
        if matches!(end.kind, TokenKind::Newline | TokenKind::End) {
            self.next();
        } else {
            let detail = "The definition of a block must end with its line.";
            self.fail("Missing newline after block definition", detail, end, Some(kind));
            self.recover_item();
        }
    }

    /// The labels and the opening brace.
    fn labels(&mut self, kind: Token) -> bool {
        loop {
            let token = self.peek();
            match token.kind {
                TokenKind::OpenBrace => {
                    self.next();
                    return true;
                }
                TokenKind::OpenQuote => {
                    self.next();
                    self.label();
                }
                TokenKind::Ident => drop(self.next()),
                TokenKind::Assign => {
                    let detail = "An equals sign sets an argument; a block has none between its type and its braces.";
                    self.report(BLOCK, detail, token, Some(kind));
                    return false;
                }
                TokenKind::Newline => {
                    let detail = "The opening brace of a block must stand on the same line as its type and labels.";
                    self.report(BLOCK, detail, token, Some(kind));
                    return false;
                }
                _ => {
                    let detail = "A block's label, in quotes, or its opening brace must stand here.";
                    self.fail(BLOCK, detail, token, Some(kind));
                    return false;
                }
            }
        }
    }

    /// The rest of a label in quotes.
    fn label(&mut self) {
        let open = self.previous();
        loop {
            let token = self.next();
            match token.kind {
                TokenKind::CloseQuote => return,
                TokenKind::QuotedLiteral => self.escapes(token),
                TokenKind::OpenInterpolation | TokenKind::OpenDirective => {
                    let sign = &token.text(self.text)[..1];
                    let detail = format!(
                        "A label is fixed text, without template sequences. Write {sign}{sign}{{ to mean \
                         {sign}{{ itself."
                    );
                    self.report("Invalid string literal", detail, token, Some(open));
                    self.recover(TokenKind::CloseSequence);
                }
                TokenKind::End => {
                    let detail = "The file ends before the closing quote of this label.";
                    return self.report("Unterminated string literal", detail, token, Some(open));
                }
                _ => {
                    let detail = "A label must end with a quote on its own line.";
                    self.report("Invalid string literal", detail, token, Some(open));
                    return self.recover(TokenKind::CloseQuote);
                }
            }
        }
    }

    /// `name = value }`.
    fn one_line_body(&mut self) {
        let brace = self.previous();
        self.in_other_order(Self::only_argument, |cursor| cursor.one_line_end(brace));
    }

    fn only_argument(&mut self) {
        let name = self.next();
        let follows = self.peek();
        if name.kind != TokenKind::Ident {
            self.report(NO_ITEM.0, NO_ITEM.1, name, None);
        } else if follows.kind == TokenKind::Assign {
            return self.argument(name, true);
        } else if matches!(follows.kind, TokenKind::OpenQuote | TokenKind::OpenBrace | TokenKind::Ident) {
            let detail = "A block on one line holds one argument and no block. Put the block on a line of its \
                          own, or set the argument with an equals sign.";
            self.report("Argument definition required", detail, name.up_to(follows.end()), None);
        } else {
            self.report(NO_EQUALS.0, NO_EQUALS.1, name, None);
        }
        self.recover_item();
    }

    fn one_line_end(&mut self, brace: Token) {
        let end = self.peek();
        match end.kind {
            TokenKind::CloseBrace => {
                self.next();
                return;
            }
            TokenKind::Comma => {
                let detail =
                    "A block on one line holds one argument only. With more of them, give each a line of its own.";
                self.report(ONE_LINE, detail, end, None);
            }
            TokenKind::Newline => {
                let detail = "A block whose argument starts on the line of its opening brace must be closed on the \
                              line where the argument ends.";
                self.report(ONE_LINE, detail, end, None);
            }
            TokenKind::End => {
                let detail = "The file ends before the closing brace of this block.";
                self.fail("Unclosed configuration block", detail, brace, None);
            }
            _ => {
                let detail = "A block on one line must be closed right after its only argument.";
                self.fail(ONE_LINE, detail, end, None);
            }
        }
        self.recover(TokenKind::CloseBrace);
    }
}
