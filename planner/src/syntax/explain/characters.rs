//! Faults of single characters, which need no grammar.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

impl Cursor<'_> {
    /// Reports characters that the language has no use for, and the first string that runs over the end of a line: one
    /// missing quote makes strings of all that follows.
    pub(super) fn characters(&mut self) {
        let mut told = Told::default();
        let mut quote = None;
        let mut multi_line = false;
        for token in self.tokens() {
            match token.kind {
                TokenKind::QuotedNewline if !multi_line => {
                    multi_line = true;
                    // Shown from its quote on, without the line end that would show the next line too.
                    let start = quote.unwrap_or(token.start());
                    let subject = token.from(start).up_to(token.start().max(start));
                    self.report(MULTI_LINE.0, MULTI_LINE.1, subject, None);
                }
                TokenKind::Invalid | TokenKind::InvalidLiteral => {
                    let (class, (summary, detail)) = class_of(token, self.text);
                    if told.again(class) {
                        self.report(summary, detail, *token, None);
                    }
                }
                TokenKind::OpenQuote => quote = Some(token.start()),
                TokenKind::Newline => quote = None,
                _ => {}
            }
        }
    }
}

/// A kind of mistake that is made many times once it is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// `&`, `|`, `^`, `~`.
    Bitwise,
    /// `'`, `` ` ``: they come in pairs.
    Quote(char),
    Semicolon,
    Other,
}

/// How often each kind of mistake was seen.
#[derive(Default)]
struct Told(Vec<(Class, usize)>);

impl Told {
    /// Whether one more is worth a report, by the reference's measure.
    fn again(&mut self, class: Class) -> bool {
        let at = self.0.iter().position(|(known, _)| *known == class).unwrap_or_else(|| {
            self.0.push((class, 0));
            self.0.len() - 1
        });
        let n_before = self.0[at].1;
        self.0[at].1 += 1;
        match class {
            Class::Bitwise => n_before < 4,
            Class::Semicolon => n_before == 0,
            Class::Quote(_) => matches!(n_before, 0 | 2),
            Class::Other => true,
        }
    }
}

type Words = (&'static str, &'static str);

const MULTI_LINE: Words = (
    "Invalid multi-line string",
    "A string in quotes must end on the line where it starts. Write \\n for a line break inside of it, or use a \
     heredoc (<<EOT) for text of several lines.",
);

/// The kind of mistake, of which one report is enough, and the words for it.
fn class_of(token: &Token, text: &str) -> (Class, Words) {
    let c = token.text(text).chars().next().unwrap_or(' ');
    let words = match c {
        '&' => ("Unsupported operator", "There are no bitwise operators. Did you mean the boolean AND, \"&&\"?"),
        '|' => ("Unsupported operator", "There are no bitwise operators. Did you mean the boolean OR, \"||\"?"),
        '~' => ("Unsupported operator", "There are no bitwise operators. Did you mean the boolean NOT, \"!\"?"),
        '^' => ("Unsupported operator", "There are no bitwise operators."),
        '\'' => ("Invalid character", "Strings are enclosed in double quotes (\"), not in single quotes."),
        '`' => (
            "Invalid character",
            "The \"`\" character has no meaning here. Text of several lines is written as a heredoc (<<EOT).",
        ),
        ';' => (
            "Invalid character",
            "The \";\" character has no meaning here. Arguments and blocks are separated by newlines, the items of \
             lists and objects by commas.",
        ),
        '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' => (
            "Invalid character",
            "Typographic quotes do not enclose strings; they often come from text copied out of a document. Use \
             straight double quotes (\").",
        ),
        _ => ("Invalid character", "The language has no use for this character outside of strings and comments."),
    };
    let class = match c {
        '&' | '|' | '~' | '^' => Class::Bitwise,
        '\'' | '`' => Class::Quote(c),
        ';' => Class::Semicolon,
        _ => Class::Other,
    };
    (class, words)
}
