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
    if cursor.is_clean(Cursor::expression) && !cursor.sees(TokenKind::End) {
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

/// Walks the tokens. A reading function takes what it can; its caller asks with [`Cursor::understands`] whether to go on
/// behind it, or to pass over the rest of its own construct.
pub(super) struct Cursor<'t> {
    pub(super) text: &'t str,
    tokens: &'t [Token],
    at: usize,
    /// Whether newlines are tokens, innermost bracket last.
    newlines: Vec<bool>,
    depth: usize,
    /// Set with the first fault after which the place in the grammar is a guess.
    pub(super) recovering: bool,
    findings: Vec<Finding>,
    /// How many faults were noted, those beyond the most that are kept included.
    n_faults: usize,
}

impl<'t> Cursor<'t> {
    fn new(text: &'t str, tokens: &'t [Token], newlines: bool) -> Self {
        Self {
            text,
            tokens,
            at: 0,
            newlines: vec![newlines],
            depth: 0,
            recovering: false,
            findings: Vec::new(),
            n_faults: 0,
        }
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

    /// Reads with `first`, then with `second`, and puts what `second` found before what `first` found: the reference
    /// reports the end of a block on one line before its content.
    pub(super) fn in_other_order(&mut self, first: impl FnOnce(&mut Self), second: impl FnOnce(&mut Self)) {
        let start = self.findings.len();
        first(self);
        let middle = self.findings.len();
        second(self);
        self.findings[start..].rotate_left(middle - start);
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

    /// Runs `inner` with newlines as tokens or not, one level deeper. Too deep nesting is not followed; the parser has
    /// said so before.
    pub(super) fn nested(&mut self, newlines: bool, inner: impl FnOnce(&mut Self)) {
        if self.depth == MAX_DEPTH {
            self.recovering = true;
            self.n_faults += 1;
            return;
        }
        self.depth += 1;
        self.newlines.push(newlines);
        inner(self);
        self.newlines.pop();
        self.depth -= 1;
    }

    /// Whether `read` found no fault at all.
    pub(super) fn is_clean(&mut self, read: impl FnOnce(&mut Self)) -> bool {
        let before = self.n_faults;
        read(self);
        self.n_faults == before
    }

    /// Whether the place behind what `read` took is still known. While recovering, only a fault that is worth noting
    /// loses it: that is how far the reference follows a broken text.
    pub(super) fn understands(&mut self, read: impl FnOnce(&mut Self)) -> bool {
        self.is_clean(read) || !self.recovering
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
        self.n_faults += 1;
        if self.is_full() {
            return;
        }
        let subject = (subject.start(), subject.end());
        self.findings.push(Finding {
            summary,
            detail: detail.into(),
            subject,
            context: context.map(|from| from.start()),
        });
    }

    /// Notes a fault unless the place is a guess already, and goes into recovery.
    pub(super) fn fail(
        &mut self,
        summary: &'static str,
        detail: impl Into<String>,
        subject: Token,
        context: Option<Token>,
    ) {
        if !self.recovering {
            self.report(summary, detail, subject, context);
        }
        self.recovering = true;
    }

    /// Passes over everything up to and with the token that closes the current construct.
    pub(super) fn recover(&mut self, close: TokenKind) {
        self.recover_to(close);
    }

    /// The same; gives that token, or the one that ends the text.
    pub(super) fn recover_to(&mut self, close: TokenKind) -> Token {
        self.recovering = true;
        let opener = close.opener();
        let mut nested = 0;
        loop {
            let token = self.next();
            let kind = token.kind;
            if kind == TokenKind::End || (kind == close && nested == 0) {
                return token;
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
                    close_to(&mut open, |kind| matches!(kind, TokenKind::OpenInterpolation | TokenKind::OpenDirective));
                }
                kind if kind.closes() => close_to(&mut open, |open| Some(open) == kind.opener()),
                _ => {}
            }
        }
    }
}

/// Closes the innermost open bracket that `fits`, and with it all that were opened inside of it.
fn close_to(open: &mut Vec<TokenKind>, fits: impl Fn(TokenKind) -> bool) {
    let at = open.iter().rposition(|kind| fits(*kind)).unwrap_or(0);
    open.truncate(at);
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
            ("", Some("Missing expression")),
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
            ("%{ if a b }%{ endif }", Some("Extra characters in if marker")),
        ] {
            assert_eq!(explain_template(text).first().map(|finding| finding.summary), summary, "{text:?}");
        }
    }
}
