//! Quoted strings, heredocs and template files.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::explain::sequence::Directives;
use crate::syntax::token::{Token, TokenKind};

impl Cursor<'_> {
    /// What stands between the quotes or markers, and the closing one. `open` is missing for a template file.
    pub(super) fn template(&mut self, end: TokenKind, open: Option<Token>) {
        let mut directives = Directives::default();
        let end = self.template_parts(end, open, &mut directives);
        directives.check(end, self);
    }

    /// What ends the template.
    fn template_parts(&mut self, end: TokenKind, open: Option<Token>, directives: &mut Directives) -> Token {
        loop {
            let token = self.next();
            match token.kind {
                kind if kind == end => return token,
                TokenKind::QuotedLiteral => self.escapes(token),
                TokenKind::LineLiteral => {}
                TokenKind::OpenInterpolation => self.interpolation(token, end),
                TokenKind::OpenDirective => self.directive(token, directives),
                _ => {
                    let detail = "The end of this text was not found.";
                    self.fail("Unterminated template string", detail, token, open);
                    return self.recover_to(end);
                }
            }
        }
    }

    /// `expr }`.
    fn interpolation(&mut self, open: Token, end: TokenKind) {
        self.nested(false, |cursor| {
            cursor.expression();
            let close = cursor.peek();
            match close.kind {
                TokenKind::CloseSequence => {
                    cursor.next();
                    return;
                }
                TokenKind::End => {
                    cursor.fail(UNCLOSED, "The file ends before the closing brace of this sequence.", open, None);
                }
                TokenKind::OpenQuote | TokenKind::CloseQuote if end == TokenKind::CloseQuote => {
                    let detail = "The string ends before the closing brace of this sequence.";
                    cursor.fail(UNCLOSED, detail, open, None);
                }
                _ => {
                    let detail = "The closing brace of the sequence must stand here. If this text is for \
                                  another language and not a sequence of this one, start it with $${ in place of ${.";
                    cursor.fail("Extra characters after interpolation expression", detail, close, Some(open));
                }
            }
            cursor.recover(TokenKind::CloseSequence);
        });
    }

    /// Checks the backslashes of a quoted literal.
    pub(super) fn escapes(&mut self, literal: Token) {
        let text = literal.text(self.text);
        let mut from = 0;
        while let Some(backslash) = text[from..].find('\\').map(|at| from + at) {
            let rest = &text[backslash + 1..];
            let Some(selector) = rest.chars().next() else { return };
            from = backslash + 1 + selector.len_utf8();
            let digits = match selector {
                'n' | 'r' | 't' | '"' | '\\' => continue,
                'u' => 4,
                'U' => 8,
                _ => {
                    let detail = format!(
                        "There is no escape sequence \\{selector}. There are \\n, \\r, \\t, \\\", \\\\, \\uNNNN \
                         and \\UNNNNNNNN."
                    );
                    self.bad_escape(literal, backslash, from, detail);
                    return;
                }
            };
            let valid = rest.get(1..=digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
            if valid.is_none() {
                let detail =
                    format!("\\{selector} must be followed by {digits} hexadecimal digits that name a character.");
                self.bad_escape(literal, backslash, from, detail);
                return;
            }
        }
    }

    fn bad_escape(&mut self, literal: Token, start: usize, end: usize, detail: String) {
        let subject = literal.from(literal.start() + start).up_to(literal.start() + end);
        self.report("Invalid escape sequence", detail, subject, Some(literal));
    }
}

const UNCLOSED: &str = "Unclosed template interpolation sequence";
