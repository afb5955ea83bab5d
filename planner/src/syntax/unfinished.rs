//! An expression that is typed line by line: whether more lines must follow before it can be read.

use crate::syntax::explain::explain_expression;
use crate::syntax::scan::{Scan, scan_on};
use crate::syntax::token::{Token, TokenKind};

/// How the lines read so far stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everything that was opened is closed.
    Closed,
    /// A bracket, heredoc or template sequence is open; another line may close it.
    Open,
    /// No further line can make an expression of this.
    Broken,
}

/// The lines of one expression. Each is looked at once, however many there are.
#[derive(Debug, Default)]
pub struct Unfinished {
    text: String,
    scan: Scan,
    /// What is open, outermost first.
    open: Vec<Opened>,
    broken: bool,
}

#[derive(Clone, Debug)]
struct Opened {
    kind: TokenKind,
    /// The end marker of a heredoc.
    marker: String,
}

impl Unfinished {
    /// Takes one more line, without its line end.
    pub fn push_line(&mut self, line: &str) -> Standing {
        self.text.push_str(line);
        self.text.push('\n');
        for token in scan_on(&self.text, &mut self.scan) {
            self.token(token);
        }
        self.standing()
    }

    /// The lines so far, each with its line end.
    pub fn into_text(self) -> String {
        self.text
    }

    fn token(&mut self, token: Token) {
        let kind = token.kind;
        if kind.opens() {
            let marker = token.text(&self.text).trim_start_matches(['<', '-']).trim_end();
            let marker = if kind == TokenKind::OpenHeredoc { marker.to_owned() } else { String::new() };
            self.open.push(Opened { kind, marker });
        } else if kind.closes() {
            let closed = self.open.pop().is_some_and(|opened| closes(kind, opened.kind));
            self.broken |= !closed;
        }
        self.broken |= matches!(kind, TokenKind::Invalid | TokenKind::InvalidLiteral | TokenKind::QuotedNewline);
    }

    fn standing(&self) -> Standing {
        if self.broken {
            Standing::Broken
        } else if self.open.is_empty() {
            Standing::Closed
        } else {
            Standing::Open
        }
    }

    /// The text with everything closed that is open.
    fn closed(&self) -> String {
        let mut text = self.text.clone();
        for opened in self.open.iter().rev() {
            match opened.kind {
                TokenKind::OpenQuote => text.push('"'),
                TokenKind::OpenHeredoc => text.extend(["\n", &opened.marker, "\n"]),
                TokenKind::OpenBracket => text.push(']'),
                TokenKind::OpenParen => text.push(')'),
                _ => text.push('}'),
            }
        }
        text
    }
}

/// Whether the only fault of an expression is that it goes on: something is open, and nothing before that is wrong.
pub fn is_unfinished(text: &str) -> bool {
    let mut lines = Unfinished::default();
    lines.push_line(text) == Standing::Open
        && explain_expression(&lines.closed()).iter().all(|finding| finding.subject.0 >= text.len())
}

fn closes(kind: TokenKind, opened: TokenKind) -> bool {
    match kind {
        TokenKind::CloseSequence => matches!(opened, TokenKind::OpenInterpolation | TokenKind::OpenDirective),
        kind => kind.opener() == Some(opened),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_unfinished_when_only_its_end_is_missing() {
        for (text, expected) in [
            ("", false),
            ("1", false),
            ("1 +", false),
            ("[", true),
            ("[1,", true),
            ("[1, [2", true),
            ("[1 2", false),
            ("[1, )", false),
            ("]", false),
            ("{", true),
            ("{ a =", true),
            ("{ a = 1", true),
            ("{ a = 1 b", false),
            ("upper(", true),
            ("upper(\"a\",", true),
            ("(1 +", true),
            ("[for x in y :", true),
            ("[for x in y", true),
            ("\"abc", false),
            ("\"${", true),
            ("\"${a", true),
            ("\"${a}", false),
            ("\"${a b", false),
            ("<<E", true),
            ("<<E\n", true),
            ("<<E\nabc", true),
            ("<<E\nabc\nE", false),
            ("<<-E\n  a ${", true),
            ("<<E\n%{ if true }\na", true),
            ("<<E\n%{ else }\na", false),
            ("<<E\n%{ if true", true),
            ("[<<E\na\nE", true),
            ("[1, § ", false),
            ("/* a", false),
            ("[ # ]", true),
            ("{ \"a\" : [", true),
        ] {
            assert_eq!(is_unfinished(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_can_come_one_by_one() {
        use Standing::{Broken, Closed, Open};
        for (lines, expected) in [
            (&["[1,", "2,", "]"][..], &[Open, Open, Closed][..]),
            (&["<<E", "  a ${[", "]}b", "E"], &[Open, Open, Open, Closed]),
            (&["\"${", "1", "}\""], &[Open, Open, Closed]),
            (&["{", "\"a", "}"], &[Open, Broken, Broken]),
            (&["(", "]", ")"], &[Open, Broken, Broken]),
            (&["[", "# ]", "/* ] */", "]"], &[Open, Open, Open, Closed]),
        ] {
            let mut unfinished = Unfinished::default();
            let standings: Vec<Standing> = lines.iter().map(|line| unfinished.push_line(line)).collect();
            assert_eq!(standings, expected, "{lines:?}");
            assert_eq!(unfinished.into_text(), lines.join("\n") + "\n");
        }
    }
}
