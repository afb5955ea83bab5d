//! The tokens of HCL native syntax, as far as finding faults and formatting needs to tell them apart.

use std::ops::Range;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Ident,
    Number,
    /// `"` that opens a string.
    OpenQuote,
    /// Text of a quoted string, escapes included.
    QuotedLiteral,
    /// `"` that closes a string.
    CloseQuote,
    /// `<<EOT` with its line end.
    OpenHeredoc,
    /// One line, or the rest of one, of a heredoc or template file.
    LineLiteral,
    /// The line with the end marker, without its line end.
    CloseHeredoc,
    /// `${`, `${~`.
    OpenInterpolation,
    /// `%{`, `%{~`.
    OpenDirective,
    /// `}`, `~}` of the two.
    CloseSequence,
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    OpenParen,
    CloseParen,
    Newline,
    /// A newline where a quoted string should have ended.
    QuotedNewline,
    Dot,
    Ellipsis,
    Comma,
    Colon,
    DoubleColon,
    Question,
    Assign,
    Arrow,
    Star,
    Minus,
    Bang,
    /// An infix operator that is none of the above.
    Operator,
    /// With its line end, unless it is one that ends inside of a line.
    Comment,
    /// A character that the language has no use for.
    Invalid,
    /// A piece of a string that cannot stand there.
    InvalidLiteral,
    End,
}

impl TokenKind {
    /// The bracket that `self` closes.
    pub(crate) fn opener(self) -> Option<TokenKind> {
        Some(match self {
            Self::CloseQuote => Self::OpenQuote,
            Self::CloseHeredoc => Self::OpenHeredoc,
            Self::CloseBrace => Self::OpenBrace,
            Self::CloseBracket => Self::OpenBracket,
            Self::CloseParen => Self::OpenParen,
            _ => return None,
        })
    }

    /// Whether something must close it.
    pub(crate) fn opens(self) -> bool {
        matches!(
            self,
            Self::OpenQuote
                | Self::OpenHeredoc
                | Self::OpenInterpolation
                | Self::OpenDirective
                | Self::OpenBrace
                | Self::OpenBracket
                | Self::OpenParen
        )
    }

    /// Whether it closes something.
    pub(crate) fn closes(self) -> bool {
        self == Self::CloseSequence || self.opener().is_some()
    }
}

/// A token and where it stands, in bytes of the scanned text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    // Texts are shorter than 4 GiB, and there is one of these for every few bytes.
    start: u32,
    end: u32,
}

impl Token {
    pub(crate) fn new(kind: TokenKind, range: Range<usize>) -> Self {
        Self { kind, start: range.start as u32, end: range.end as u32 }
    }

    /// Where it starts.
    pub(crate) fn start(&self) -> usize {
        self.start as usize
    }

    /// Where it ends.
    pub(crate) fn end(&self) -> usize {
        self.end as usize
    }

    /// Such a token from `start` on.
    pub(crate) fn from(self, start: usize) -> Self {
        Self { start: start as u32, ..self }
    }

    /// Such a token up to `end`.
    pub(crate) fn up_to(self, end: usize) -> Self {
        Self { end: end as u32, ..self }
    }

    /// Its text.
    pub(crate) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start()..self.end()]
    }
}
