//! Which tokens of a cell stand apart.

use std::ops::Range;

use crate::format::lines::nesting;
use crate::syntax::token::{Token, TokenKind};

/// Sets the blanks in front of all tokens of a cell but the first.
pub(super) fn space(tokens: &[Token], text: &str, cell: Range<usize>, blanks: &mut [u32]) {
    for at in cell.start + 1..cell.end {
        let before = (at >= cell.start + 2).then(|| tokens[at - 2].kind);
        let apart = stand_apart(before, &tokens[at - 1], &tokens[at], text) || read_as_others(tokens, text, blanks, at);
        blanks[at] = u32::from(apart);
    }
}

/// Whether a blank stands between `left` and `right` by the rules of style; `before` comes before `left` in the cell.
/// The first rule that fits decides.
fn stand_apart(before: Option<TokenKind>, left: &Token, right: &Token, text: &str) -> bool {
    use TokenKind::*;
    match (left.kind, right.kind) {
        // Inside of strings every blank counts.
        (_, right) if is_in_string(right) => false,
        (_, Newline) => false,
        // Calls and the names called.
        (Ident, OpenParen | DoubleColon) | (DoubleColon, Ident) => false,
        (Dot, _) | (_, Dot | Comma | Ellipsis) => false,
        (Comma, _) => true,
        // A list to loop over, not an index into something called `in`.
        (Ident, _) if left.text(text) == "in" && before == Some(Ident) => true,
        (Ident | Number, OpenBracket) => false,
        (left, OpenBracket) if nesting(left) < 0 => false,
        (Bang, _) => false,
        (Minus, _) => !before.is_none_or(expects_operand),
        (OpenBrace, CloseBrace) => false,
        (OpenBrace, _) | (_, CloseBrace) => true,
        // An object in a sequence: `${ { a = 1 } }`.
        (OpenInterpolation | OpenDirective, OpenBrace) | (CloseBrace, CloseSequence) => true,
        (left, right) => nesting(left) <= 0 && nesting(right) >= 0,
    }
}

/// Whether it stands between quotes or markers, the closing one and the opening of sequences included.
fn is_in_string(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(
        kind,
        QuotedLiteral
            | QuotedNewline
            | LineLiteral
            | InvalidLiteral
            | CloseQuote
            | CloseHeredoc
            | OpenInterpolation
            | OpenDirective
    )
}

/// Whether a minus behind it is a sign and no subtraction.
fn expects_operand(kind: TokenKind) -> bool {
    use TokenKind::*;
    matches!(
        kind,
        OpenParen | OpenBrace | OpenBracket | Assign | Colon | Comma | Question | Operator | Star | Minus | Bang
    )
}

/// Whether the token at `at`, written directly behind the one before it, would be read with it as another token.
fn read_as_others(tokens: &[Token], text: &str, blanks: &[u32], at: usize) -> bool {
    use TokenKind::*;
    let (left, right) = (tokens[at - 1], tokens[at].text(text));
    match (left.kind, tokens[at].kind) {
        (Bang, Assign | Arrow) => true,
        (Bang, Operator) => right == "==",
        (OpenInterpolation | OpenDirective, Invalid | CloseSequence) => {
            right.starts_with('~') && !left.text(text).ends_with('~')
        }
        (Invalid, CloseSequence) => left.text(text) == "~" && right == "}",
        (Invalid, Newline) => left.text(text) == "\r" && right == "\n",
        (Dot, Ellipsis) => true,
        (Dot, Dot) => at >= 2 && blanks[at - 1] == 0 && tokens[at - 2].kind == Dot,
        (Number, Dot | Ellipsis) => is_fraction(tokens, text, at),
        _ => false,
    }
}

/// Whether the dots from `at` on lead directly to digits or an exponent, which a number before them would take in.
fn is_fraction(tokens: &[Token], text: &str, at: usize) -> bool {
    let is_dots = |token: &Token| matches!(token.kind, TokenKind::Dot | TokenKind::Ellipsis);
    let behind = at + tokens[at..].iter().take_while(|token| is_dots(token)).count();
    tokens[behind - 1].kind == TokenKind::Dot
        && tokens.get(behind).is_some_and(|token| match token.kind {
            TokenKind::Number => true,
            TokenKind::Ident => is_exponent(token.text(text)),
            _ => false,
        })
}

/// Whether a name reads as an exponent behind a number: `e5`, `E-5`.
fn is_exponent(name: &str) -> bool {
    let digits = name.strip_prefix(['e', 'E']).map(|rest| rest.strip_prefix('-').unwrap_or(rest));
    digits.is_some_and(|digits| digits.starts_with(|c: char| c.is_ascii_digit()))
}
