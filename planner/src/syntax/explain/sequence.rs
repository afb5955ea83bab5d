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
            let word = cursor.next();
            if word.kind != TokenKind::Ident {
                let detail = "One of the words if, else, endif, for, endfor must stand at the start of the sequence.";
                cursor.fail("Invalid template directive", detail, word, Some(open));
                return word.kind == TokenKind::CloseSequence || cursor.recover(TokenKind::CloseSequence);
            }
            let understood = match word.text(cursor.text) {
                "if" => cursor.expression().then_some(Directive::If),
                "else" => Some(Directive::Else),
                "endif" => Some(Directive::EndIf),
                "for" => cursor.for_directive().then_some(Directive::For),
                "endfor" => Some(Directive::EndFor),
                other => cursor.unknown_word(other, word, open),
            };
            let Some(directive) = understood else { return cursor.recover(TokenKind::CloseSequence) };
            let close = cursor.next();
            directives.0.push((directive, Token { start: open.start, ..close }));
            if close.kind == TokenKind::CloseSequence {
                return true;
            }
            let detail = "The closing brace of the sequence must stand here.";
            cursor.fail("Extra characters in template directive", detail, close, Some(open));
            cursor.recover(TokenKind::CloseSequence)
        });
    }

    fn for_directive(&mut self) -> bool {
        self.for_intro("Invalid 'for' directive", "A name for the element must follow 'for'.") && self.expression()
    }

    fn unknown_word(&mut self, given: &str, word: Token, open: Token) -> Option<Directive> {
        let hint = suggest(given, ["if", "for", "else", "endif", "endfor"].into_iter())
            .map_or_else(String::new, |known| format!(" Did you mean {known:?}?"));
        let detail = format!("There is no template control keyword {given:?}.{hint}");
        self.fail("Invalid template control keyword", detail, word, Some(open));
        None
    }
}

impl Directives {
    /// Reports the first directive without its counterpart.
    pub(super) fn check(&self, cursor: &mut Cursor<'_>) {
        let mut open: Vec<(Directive, Token)> = Vec::new();
        for (directive, token) in &self.0 {
            let around = open.last().map(|(directive, _)| *directive);
            let summary = match (directive, around) {
                (Directive::If | Directive::For, _) => {
                    open.push((*directive, *token));
                    continue;
                }
                (Directive::Else, Some(Directive::If)) => {
                    if let Some(last) = open.last_mut() {
                        last.0 = Directive::Else;
                    }
                    continue;
                }
                (Directive::EndIf, Some(Directive::If | Directive::Else))
                | (Directive::EndFor, Some(Directive::For)) => {
                    open.pop();
                    continue;
                }
                (Directive::Else, _) => "Unexpected else directive",
                (Directive::EndIf, _) => "Unexpected endif directive",
                (Directive::EndFor, _) => "Unexpected endfor directive",
            };
            cursor.fail(summary, UNBALANCED, *token, None);
            return;
        }
        if let Some((directive, token)) = open.last() {
            let end = if *directive == Directive::For { "endfor" } else { "endif" };
            let detail = format!("The template ends before the {end} of this directive.");
            cursor.fail("Unexpected end of template", detail, *token, None);
        }
    }
}
