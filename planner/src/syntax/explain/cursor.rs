//! The place in the tokens, what is being looked for, and what was found.

use crate::syntax::scan::{self, Mode};
use crate::syntax::token::{Token, TokenKind};

/// Deeper nesting than this is not followed; far beyond what the parser itself takes.
const MAX_DEPTH: usize = 200;

/// Nobody reads on after so many faults in one file.
const MAX_FINDINGS: usize = 100;

/// A fault, in byte offsets of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::syntax) struct Finding {
    pub(in crate::syntax) summary: &'static str,
    pub(in crate::syntax) detail: String,
    pub(in crate::syntax) subject: (usize, usize),
    /// Where a wider range worth showing starts; it ends with the subject.
    pub(in crate::syntax) context: Option<usize>,
}

/// What is wrong with `text` as the body of a file.
pub(in crate::syntax) fn explain_body(text: &str) -> Vec<Finding> {
    let tokens = scan::scan(text, Mode::Body);
    let mut cursor = Cursor::new(text, &tokens, true);
    cursor.characters();
    cursor.body(TokenKind::End);
    cursor.findings
}

/// What is wrong with `text` as one expression, newlines allowed.
pub(in crate::syntax) fn explain_expression(text: &str) -> Vec<Finding> {
    let tokens = scan::scan(text, Mode::Expression);
    let mut cursor = Cursor::new(text, &tokens, false);
    cursor.characters();
    if cursor.expression() && !cursor.sees(TokenKind::End) {
        let token = cursor.peek();
        let detail = "The expression ends before this text; only one can stand here.";
        cursor.report("Extra characters after expression", detail, token, None);
    }
    cursor.findings
}

/// What is wrong with `text` as a template file.
pub(in crate::syntax) fn explain_template(text: &str) -> Vec<Finding> {
    let tokens = scan::scan(text, Mode::Template);
    let mut cursor = Cursor::new(text, &tokens, false);
    cursor.characters();
    cursor.template(TokenKind::End, None);
    cursor.findings
}

/// Walks the tokens. Reading functions return whether they understood what they read; after `false` the caller gives
/// up on its own construct too, so that every token is passed over once.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    tokens: &'t [Token],
    at: usize,
    /// Whether newlines are tokens, innermost bracket last.
    newlines: Vec<bool>,
    depth: usize,
    /// Set with the first fault found in the grammar.
    pub(super) recovering: bool,
    findings: Vec<Finding>,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str, tokens: &'t [Token], newlines: bool) -> Self {
        Self { text, tokens, at: 0, newlines: vec![newlines], depth: 0, recovering: false, findings: Vec::new() }
    }

    /// All tokens.
    pub(super) fn tokens(&self) -> &'t [Token] {
        self.tokens
    }

    /// The next token.
    pub(super) fn peek(&mut self) -> Token {
        let skip = !self.sees_newlines();
        while skip && self.tokens[self.at].kind == TokenKind::Newline {
            self.at += 1;
        }
        self.tokens[self.at]
    }

    /// Whether the next token is of `kind`.
    pub(super) fn sees(&mut self, kind: TokenKind) -> bool {
        self.peek().kind == kind
    }

    /// Whether the next token is the name `word`.
    pub(super) fn sees_word(&mut self, word: &str) -> bool {
        let token = self.peek();
        token.kind == TokenKind::Ident && token.text(self.text) == word
    }

    /// Takes the next token; the end token stays.
    pub(super) fn next(&mut self) -> Token {
        let token = self.peek();
        if token.kind != TokenKind::End {
            self.at += 1;
        }
        token
    }

    /// The token taken last.
    pub(super) fn previous(&self) -> Token {
        self.tokens[self.at.saturating_sub(1)]
    }

    /// Gives back the token taken last.
    pub(super) fn step_back(&mut self) {
        self.at -= 1;
    }

    /// Takes the next token if it is of `kind`.
    pub(super) fn take(&mut self, kind: TokenKind) -> bool {
        let seen = self.sees(kind);
        if seen {
            self.next();
        }
        seen
    }

    /// Takes the next token if it is the name `word`.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let seen = self.sees_word(word);
        if seen {
            self.next();
        }
        seen
    }

    /// Whether newlines are tokens here.
    pub(super) fn sees_newlines(&self) -> bool {
        self.newlines.last().copied().unwrap_or(true)
    }

    /// Runs `inner` with newlines as tokens or not, one level deeper; `false` when that is too deep.
    pub(super) fn nested(&mut self, newlines: bool, inner: impl FnOnce(&mut Self) -> bool) -> bool {
        if self.depth == MAX_DEPTH {
            self.recovering = true;
            return false;
        }
        self.depth += 1;
        self.newlines.push(newlines);
        let understood = inner(self);
        self.newlines.pop();
        self.depth -= 1;
        understood
    }

    /// Whether no more faults are noted.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() == MAX_FINDINGS
    }

    /// Notes a fault, whatever was found before.
    pub(super) fn report(
        &mut self,
        summary: &'static str,
        detail: impl Into<String>,
        subject: Token,
        context: Option<Token>,
    ) {
        if self.is_full() {
            return;
        }
        let subject = (subject.start, subject.end);
        self.findings.push(Finding {
            summary,
            detail: detail.into(),
            subject,
            context: context.map(|from| from.start),
        });
    }

    /// Notes a fault unless one was found before, and goes into recovery. `false`, for the caller to pass on.
    pub(super) fn fail(
        &mut self,
        summary: &'static str,
        detail: impl Into<String>,
        subject: Token,
        context: Option<Token>,
    ) -> bool {
        if !self.recovering {
            self.report(summary, detail, subject, context);
        }
        self.recovering = true;
        false
    }

    /// Passes over everything up to and with the token that closes the current construct. `false`, to pass on.
    pub(super) fn recover(&mut self, close: TokenKind) -> bool {
        self.recovering = true;
        let opener = close.opener();
        let mut nested = 0;
        loop {
            let kind = self.next().kind;
            if kind == TokenKind::End || (kind == close && nested == 0) {
                return false;
            }
            if kind == close {
                nested -= 1;
            } else if Some(kind) == opener
                || (close == TokenKind::CloseSequence
                    && matches!(kind, TokenKind::OpenInterpolation | TokenKind::OpenDirective))
            {
                nested += 1;
            }
        }
    }

    /// Passes over the rest of an item of a body.
    pub(super) fn recover_item(&mut self) {
        self.recovering = true;
        let mut open = Vec::new();
        loop {
            let kind = self.next().kind;
            match kind {
                TokenKind::End => return,
                TokenKind::Newline if open.is_empty() => return,
                kind if kind.opens() => open.push(kind),
                TokenKind::CloseSequence => {
                    if matches!(open.last(), Some(TokenKind::OpenInterpolation | TokenKind::OpenDirective)) {
                        open.pop();
                    }
                }
                kind if kind.closes() && open.last().copied() == kind.opener() => {
                    open.pop();
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of every recorded row in which `key` is not false.
    fn recorded(fixture: &str, key: &str) -> Vec<String> {
        let path = format!("{}/../tests/fixtures/vectors/{fixture}", env!("CARGO_MANIFEST_DIR"));
        let rows = std::fs::read_to_string(path).unwrap();
        let rows = rows.lines().map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
        rows.filter(|row| row[key] != false).map(|row| row["src"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn finds_nothing_in_valid_text() {
        for text in recorded("hcl-parse.jsonl", "ok").into_iter().chain(recorded("hcl-heredoc.jsonl", "ok")) {
            let text = text.trim_start_matches('\u{feff}');
            assert_eq!(explain_body(text), [], "{text:?}");
        }
    }

    #[test]
    fn explains_expressions_and_templates() {
        for (text, summary) in [
            ("1 +\n 2 # c", None),
            ("", Some("Invalid expression")),
            ("a) + (b", Some("Extra characters after expression")),
            ("a b", Some("Extra characters after expression")),
        ] {
            assert_eq!(explain_expression(text).first().map(|finding| finding.summary), summary, "{text:?}");
        }
        for (text, summary) in [
            ("a ${b} \"c\" 'd' %{ if e }f%{ else }g%{ endif }\n", None),
            ("%{ for x in y }${x}", Some("Unexpected end of template")),
            ("%{ endfor }", Some("Unexpected endfor directive")),
            ("${a", Some("Unclosed template interpolation sequence")),
            ("%{ while }", Some("Invalid template control keyword")),
            ("%{ for 1 in y }%{ endfor }", Some("Invalid 'for' directive")),
            ("%{ if }%{ endif }", Some("Invalid expression")),
            ("%{ if a b }%{ endif }", Some("Extra characters in template directive")),
        ] {
            assert_eq!(explain_template(text).first().map(|finding| finding.summary), summary, "{text:?}");
        }
    }
}
