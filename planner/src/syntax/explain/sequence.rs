//! `%{ … }` directives and how they pair up.

use crate::suggest::suggest;
use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

const UNBALANCED: &str = "No open directive of this template is continued or ended by this one.";

/// The directives of one template, in source order.
#[derive(Default)]
pub(super) struct Directives(Vec<(Directive, Token)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Directive {
    If,
    Else,
    EndIf,
    For,
    EndFor,
}

impl Cursor<'_> {
    /// What follows a `%{`.
    pub(super) fn directive(&mut self, open: Token, directives: &mut Directives) {
        self.nested(false, |cursor| {
            let word = cursor.peek();
            if word.kind != TokenKind::Ident {
                let detail = "One of the words if, else, endif, for, endfor must stand at the start of the sequence.";
                cursor.fail("Invalid template directive", detail, word, Some(open));
                return cursor.recover(TokenKind::CloseSequence);
            }
            cursor.next();
            let (directive, extra) = match word.text(cursor.text) {
                "if" => (Directive::If, "Extra characters in if marker"),
                "else" => (Directive::Else, "Extra characters in else marker"),
                "endif" => (Directive::EndIf, "Extra characters in endif marker"),
                "for" => (Directive::For, "Extra characters in for marker"),
                "endfor" => (Directive::EndFor, "Extra characters in endfor marker"),
                other => return cursor.unknown_word(other, word, open),
            };
            if directive == Directive::If {
                cursor.expression();
            }
            if directive == Directive::For && !cursor.for_directive() {
                return cursor.recover(TokenKind::CloseSequence);
            }
            let close = cursor.peek();
            directives.0.push((directive, close.from(open.start())));
            if close.kind == TokenKind::CloseSequence {
                cursor.next();
                return;
            }
            cursor.fail(extra, "The closing brace of the sequence must stand here.", close, Some(open));
            cursor.recover(TokenKind::CloseSequence);
        });
    }

    /// `false` when the names are not there.
    fn for_directive(&mut self) -> bool {
        let understood = self.for_intro("Invalid 'for' directive", "A name for the element must follow 'for'.");
        if understood {
            self.expression();
        }
        understood
    }

    fn unknown_word(&mut self, given: &str, word: Token, open: Token) {
        let hint = suggest(given, ["if", "for", "else", "endif", "endfor"].into_iter())
            .map_or_else(String::new, |known| format!(" Did you mean {known:?}?"));
        let detail = format!("There is no template control keyword {given:?}.{hint}");
        self.fail("Invalid template control keyword", detail, word, Some(open));
        self.recover(TokenKind::CloseSequence);
    }
}

impl Directives {
    /// Reports every directive without its counterpart; `end` is what ends the template.
    pub(super) fn check(&self, end: Token, cursor: &mut Cursor<'_>) {
        let mut open: Vec<(Directive, Token)> = Vec::new();
        for (directive, token) in &self.0 {
            let around = open.pop();
            match (directive, around.map(|(directive, _)| directive)) {
                (Directive::If | Directive::For, _) => {
                    open.extend(around);
                    open.push((*directive, *token));
                }
                (Directive::Else, Some(Directive::If)) => {
                    open.extend(around.map(|(_, token)| (Directive::Else, token)));
                }
                (Directive::EndIf, Some(Directive::If | Directive::Else))
                | (Directive::EndFor, Some(Directive::For)) => {}
                // What was open around it ends with it: the reference takes it for a misspelt end.
                (Directive::Else, _) => cursor.report("Unexpected else directive", UNBALANCED, *token, None),
                (Directive::EndIf, _) => cursor.report("Unexpected endif directive", UNBALANCED, *token, None),
                (Directive::EndFor, _) => cursor.report("Unexpected endfor directive", UNBALANCED, *token, None),
            }
        }
        for (directive, token) in open.iter().rev() {
            let (word, closer) = if *directive == Directive::For { ("for", "endfor") } else { ("if", "endif") };
            let line = cursor.text[..token.start()].matches('\n').count() + 1;
            let detail = format!("The template ends before the {closer} of the {word} directive on line {line}.");
            cursor.report("Unexpected end of template", detail, end, Some(*token));
        }
    }
}
