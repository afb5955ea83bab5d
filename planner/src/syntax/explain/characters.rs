//! Faults of single characters, which need no grammar.

use crate::syntax::explain::cursor::Cursor;
use crate::syntax::token::{Token, TokenKind};

impl Cursor<'_> {
    /// Reports characters that the language has no use for, and strings that run over the end of a line: the usual
    /// mistakes once each, so that one missing quote does not report every following line.
    pub(super) fn characters(&mut self) {
        let mut told = Vec::new();
        let mut quote = None;
        for token in self.tokens() {
            let (class, (summary, detail)) = match token.kind {
                TokenKind::QuotedNewline => ('\n', MULTI_LINE),
                TokenKind::Invalid => class_of(token, self.text),
                TokenKind::OpenQuote => {
                    quote = Some(token.start);
                    continue;
                }
                TokenKind::Newline => {
                    quote = None;
                    continue;
                }
                _ => continue,
            };
            if told.contains(&class) {
                continue;
            }
            told.push(class);
            // A string is shown from its quote on, without the line end that would show the next line too.
            let subject = match quote.filter(|_| token.kind == TokenKind::QuotedNewline) {
                Some(start) => Token { start, end: token.start, ..*token },
                None => *token,
            };
            self.report(summary, detail, subject, None);
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
fn class_of(token: &Token, text: &str) -> (char, Words) {
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
    let class = if words.0 == "Unsupported operator" { '&' } else { c };
    (class, words)
}
