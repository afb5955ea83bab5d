//! Tokens to the tree, or to what is wrong with the text. After a fault it reads on from where the object or array
//! seems to end, as HCL's own JSON parser does, so that one text can yield several findings in the same places.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::span::{FileId, Span};
use crate::suggest::suggest;
use crate::syntax::json::escape;
use crate::syntax::json::scan::{Scanner, Token, TokenKind};
use crate::syntax::json::tree::{Kind, Node, Property};

/// Deeper nesting than this is refused, so that hostile text cannot exhaust the stack here or further on.
const MAX_DEPTH: usize = 1_000;

/// Nobody reads on after so many faults in one file.
const MAX_FINDINGS: usize = 100;

const VALUE_START: &str = "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.";

/// The one JSON value that `text`, all of `file`, is.
///
/// # Errors
///
/// What is wrong with it.
pub fn parse(text: &str, file: FileId) -> Result<Node, Diagnostics> {
    match parse_partly(text, file) {
        (Some(value), diags) if diags.is_empty() => Ok(value),
        (_, diags) => Err(diags),
    }
}

/// The same, with as much of the value as could be read when there is something wrong. In that case null stands for
/// what is wrong in an array.
pub fn parse_partly(text: &str, file: FileId) -> (Option<Node>, Diagnostics) {
    let mut scanner = Scanner::new(text);
    let next = scanner.next();
    let mut parser = Parser { text, file, scanner, next, depth: 0, stopped: false, diags: Diagnostics::new() };
    let value = parser.value();
    if parser.diags.is_empty() && parser.next.kind != TokenKind::End {
        parser.report("Extraneous data after value", "Extra characters appear after the JSON value.", parser.next);
    }
    (value, parser.diags)
}

struct Parser<'t> {
    text: &'t str,
    file: FileId,
    scanner: Scanner<'t>,
    next: Token,
    depth: usize,
    /// Nothing more is to be said.
    stopped: bool,
    diags: Diagnostics,
}

impl Parser<'_> {
    fn read(&mut self) -> Token {
        std::mem::replace(&mut self.next, self.scanner.next())
    }

    fn sees(&self, kind: TokenKind) -> bool {
        self.next.kind == kind
    }

    fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start as u32, end: token.end as u32 }
    }

    fn report(&mut self, summary: &str, detail: impl Into<String>, subject: Token) {
        if !self.stopped {
            self.diags.push(Diagnostic::error(summary, detail, self.span(subject)));
            self.stopped = self.diags.len() >= MAX_FINDINGS;
        }
    }

    /// A value; none after a fault in the value itself. A token that cannot start one is left where it is.
    fn value(&mut self) -> Option<Node> {
        let token = self.next;
        match token.kind {
            TokenKind::OpenBrace => self.nested(Self::object),
            TokenKind::OpenBracket => self.nested(Self::array),
            TokenKind::Number => self.number(),
            TokenKind::String => {
                let (text, span) = self.string()?;
                Some(Node { kind: Kind::String(text), span })
            }
            TokenKind::Word => self.word(),
            TokenKind::CloseBrace => self.no_value("Missing JSON value", VALUE_START),
            TokenKind::CloseBracket => self.no_value("Missing array element value", VALUE_START),
            TokenKind::End => self.no_value("Missing value", "The JSON data ends prematurely."),
            TokenKind::Invalid if self.text.starts_with('\u{feff}') => self.no_value(
                "Invalid start of value",
                "The file starts with a byte order mark, which JSON does not allow. Save it without one.",
            ),
            _ => self.no_value("Invalid start of value", VALUE_START),
        }
    }

    fn no_value(&mut self, summary: &str, detail: &str) -> Option<Node> {
        self.report(summary, detail, self.next);
        None
    }

    fn nested(&mut self, read: fn(&mut Self) -> Option<Node>) -> Option<Node> {
        if self.depth == MAX_DEPTH {
            let detail = format!("Objects and arrays can stand in each other up to {MAX_DEPTH} levels deep.");
            self.report("JSON nested too deeply", detail, self.next);
            self.stopped = true;
            self.scanner = Scanner::new("");
            self.read();
            return None;
        }
        self.depth += 1;
        let node = read(self);
        self.depth -= 1;
        node
    }

    fn object(&mut self) -> Option<Node> {
        let open = self.read();
        let mut properties = Vec::new();
        while !self.sees(TokenKind::CloseBrace) {
            let (name, name_span) = self.name()?;
            self.colon()?;
            if let Some(value) = self.value() {
                properties.push(Property { name, name_span, value });
            }
            if !self.sees(TokenKind::CloseBrace) {
                self.property_end(open)?;
            }
        }
        let span = self.span(open).to(self.span(self.next));
        self.read();
        Some(Node { kind: Kind::Object(properties.into()), span })
    }

    fn name(&mut self) -> Option<(Arc<str>, Span)> {
        let token = self.next;
        let name = if self.sees(TokenKind::String) {
            self.string()
        } else {
            self.value();
            None
        };
        if name.is_none() {
            self.report("Invalid object property name", "A JSON object property name must be a string.", token);
        }
        name
    }

    fn colon(&mut self) -> Option<()> {
        let colon = self.read();
        if colon.kind == TokenKind::Colon {
            return Some(());
        }
        self.recover(colon, TokenKind::OpenBrace, TokenKind::CloseBrace);
        let (summary, detail) = match colon.kind {
            TokenKind::CloseBrace | TokenKind::Comma => {
                ("Missing object value", "A JSON object attribute must have a value, introduced by a colon.")
            }
            TokenKind::Equals => {
                ("Missing property value colon", "JSON uses a colon as its name/value delimiter, not an equals sign.")
            }
            _ => {
                ("Missing property value colon", "A colon must appear between an object property's name and its value.")
            }
        };
        self.report(summary, detail, colon);
        None
    }

    /// What stands between a property and the next.
    fn property_end(&mut self, open: Token) -> Option<()> {
        let token = self.next;
        match token.kind {
            TokenKind::Comma => {
                self.read();
                if !self.sees(TokenKind::CloseBrace) {
                    return Some(());
                }
                let detail = "JSON does not permit a trailing comma after the final property in an object.";
                self.report("Trailing comma in object", detail, token);
            }
            TokenKind::End => {
                self.report("Unclosed object", "No closing brace was found for this JSON object.", open);
            }
            TokenKind::CloseBracket => {
                self.read();
                let detail = "A JSON object must be closed with a brace, not a bracket.";
                self.report("Mismatched braces", detail, self.next);
            }
            _ => {
                self.read();
                self.recover(token, TokenKind::OpenBrace, TokenKind::CloseBrace);
                let detail = "A comma must appear between each property definition in an object.";
                self.report(MISSING_COMMA, self.with_line(detail, token), self.next);
            }
        }
        None
    }

    fn array(&mut self) -> Option<Node> {
        let open = self.read();
        let mut items = Vec::new();
        while !self.sees(TokenKind::CloseBracket) {
            let span = self.span(self.next);
            items.push(self.value().unwrap_or(Node { kind: Kind::Null, span }));
            if !self.sees(TokenKind::CloseBracket) {
                self.item_end(open)?;
            }
        }
        let span = self.span(open).to(self.span(self.next));
        self.read();
        Some(Node { kind: Kind::Array(items.into()), span })
    }

    /// What stands between an item and the next.
    fn item_end(&mut self, open: Token) -> Option<()> {
        let token = self.read();
        if token.kind == TokenKind::Comma {
            if !self.sees(TokenKind::CloseBracket) {
                return Some(());
            }
            let detail = "JSON does not permit a trailing comma after the final value in an array.";
            self.report("Trailing comma in array", detail, token);
            return None;
        }
        self.recover(token, TokenKind::OpenBracket, TokenKind::CloseBracket);
        match token.kind {
            TokenKind::Colon => {
                let detail = "A colon is not used to introduce values in a JSON array.";
                self.report("Invalid array value", self.with_line(detail, token), self.next);
            }
            TokenKind::End => {
                self.report("Unclosed object", "No closing bracket was found for this JSON array.", open);
            }
            TokenKind::CloseBrace => {
                let detail = "A JSON array must be closed with a bracket, not a brace.";
                self.report("Mismatched brackets", self.with_line(detail, token), self.next);
            }
            _ => {
                let detail = "A comma must appear between each value in an array.";
                self.report(MISSING_COMMA, self.with_line(detail, token), self.next);
            }
        }
        None
    }

    /// `detail`, with the line of `fault` where the finding itself points behind what was skipped.
    fn with_line(&self, detail: &str, fault: Token) -> String {
        let line = |at: usize| 1 + self.text[..at].matches('\n').count();
        let at = line(fault.start);
        if at == line(self.next.start) { detail.to_owned() } else { format!("{detail} See line {at}.") }
    }

    /// Skips from `token`, which was read already, to what seems to be the end of the innermost construct of `open`
    /// and `close`. One that was opened while skipping ends it as well.
    fn recover(&mut self, token: Token, open: TokenKind, close: TokenKind) {
        let mut n_open = 1;
        let mut token = token;
        loop {
            if token.kind == open {
                n_open += 1;
            } else if token.kind == close {
                n_open -= 1;
                if n_open <= 1 {
                    return;
                }
            } else if token.kind == TokenKind::End {
                return;
            }
            token = self.read();
        }
    }

    fn number(&mut self) -> Option<Node> {
        let token = self.read();
        let text = &self.text[token.start..token.end];
        if !is_number(text) {
            self.report("Invalid JSON number", "There is a syntax error in the given JSON number.", token);
            return None;
        }
        Some(Node { kind: Kind::Number(text.into()), span: self.span(token) })
    }

    fn string(&mut self) -> Option<(Arc<str>, Span)> {
        let token = self.read();
        match escape::decode(&self.text[token.start..token.end]) {
            Ok(text) => Some((text.into(), self.span(token))),
            Err(fault) => {
                let subject = Token { start: token.start + fault.start, end: token.start + fault.end, ..token };
                let detail = format!("There is a syntax error in the given JSON string. {}", fault.detail);
                self.report("Invalid JSON string", detail, subject);
                None
            }
        }
    }

    fn word(&mut self) -> Option<Node> {
        let token = self.read();
        let word = &self.text[token.start..token.end];
        let kind = match word {
            "null" => Kind::Null,
            "true" => Kind::Bool(true),
            "false" => Kind::Bool(false),
            _ => {
                let detail = if matches!(word, "undefined" | "NaN" | "Infinity") {
                    format!("The JavaScript identifier {word:?} cannot be used in JSON.")
                } else {
                    let meant = suggest(word, ["false", "true", "null"].into_iter());
                    let hint = meant.map_or_else(String::new, |meant| format!(" Did you mean {meant:?}?"));
                    format!("{word:?} is not a valid JSON keyword.{hint}")
                };
                self.report("Invalid JSON keyword", detail, token);
                return None;
            }
        };
        Some(Node { kind, span: self.span(token) })
    }
}

/// As scripts know it.
const MISSING_COMMA: &str = "Missing attribute seperator comma";

/// Whether `text` is a number by the grammar of JSON: no plus, no leading zeros, digits on both sides of the point.
fn is_number(text: &str) -> bool {
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    is_digits(whole) && (whole == "0" || !whole.starts_with('0')) && is_digits(fraction) && is_digits(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(text: &str) -> Vec<(String, u32)> {
        let diags = parse(text, FileId(0)).err().unwrap_or_default();
        let place = |diagnostic: &Diagnostic| diagnostic.subject.map_or(u32::MAX, |span| span.start);
        diags.iter().map(|diagnostic| (diagnostic.summary.clone(), place(diagnostic))).collect()
    }

    #[test]
    fn texts_that_are_refused() {
        for (text, expected) in [
            ("", &[("Missing value", 0)][..]),
            ("  ", &[("Missing value", 2)]),
            ("\u{feff}{}", &[("Invalid start of value", 0)]),
            ("{} {}", &[("Extraneous data after value", 3)]),
            ("'a'", &[("Invalid start of value", 0)]),
            ("{", &[("Missing value", 1), ("Invalid object property name", 1)]),
            ("{\"a\": 1", &[("Unclosed object", 0)]),
            ("[1", &[("Unclosed object", 0)]),
            ("{\"a\" = 1}", &[("Missing property value colon", 5)]),
            ("{\"a\" 1}", &[("Missing property value colon", 5)]),
            ("{\"a\", \"b\"}", &[("Missing object value", 4)]),
            ("{\"a\": }", &[("Missing JSON value", 6)]),
            ("{\"a\": 1,}", &[("Trailing comma in object", 7)]),
            ("{\"a\": 1]", &[("Mismatched braces", 8)]),
            ("{\"a\": 1 \"b\": 2}", &[(MISSING_COMMA, 15)]),
            ("{a: 1}", &[("Invalid JSON keyword", 1), ("Invalid object property name", 1)]),
            ("{1: 1}", &[("Invalid object property name", 1)]),
            ("[,]", &[("Invalid start of value", 1), ("Trailing comma in array", 1)]),
            ("[1,]", &[("Trailing comma in array", 2)]),
            ("[1}]", &[("Mismatched brackets", 4)]),
            ("[\"a\": 1]", &[("Invalid array value", 8)]),
            ("[1 2]", &[(MISSING_COMMA, 5)]),
            ("[01, 1., .5, -, 1e, 1e+]", &[("Invalid JSON number", 1); 1]),
            ("[True, NaN, nulll]", &[("Invalid JSON keyword", 1), ("Invalid JSON keyword", 7)]),
            ("[\"a\\x\", \"b]", &[("Invalid JSON string", 3), ("Invalid JSON string", 8), ("Unclosed object", 0)]),
            ("[\"a\n\"]", &[("Invalid JSON string", 1), (MISSING_COMMA, 6)]),
        ] {
            let found = findings(text);
            for (at, (summary, place)) in expected.iter().enumerate() {
                assert_eq!(found.get(at), Some(&((*summary).to_owned(), *place)), "{text}");
            }
        }
    }

    #[test]
    fn numbers() {
        for (text, valid) in [
            ("0", true),
            ("-0.50e+10", true),
            ("12345678901234567890.5E-3", true),
            ("00", false),
            ("-", false),
            ("+1", false),
            ("1.", false),
            (".5", false),
            ("1e", false),
            ("1e+", false),
            ("1.5.5", false),
            ("--1", false),
        ] {
            assert_eq!(parse(text, FileId(0)).is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn the_tree_keeps_order_places_and_repeated_names() {
        let text = "{ \"b\": 1.50, \"a\": [null, \"\\u00e9\"], \"b\": {} }";
        let node = parse(text, FileId(0)).unwrap();
        let properties = node.properties().unwrap();
        let covered = |span: Span| &text[span.start as usize..span.end as usize];
        let shown: Vec<(&str, &str)> =
            properties.iter().map(|property| (&*property.name, covered(property.span()))).collect();
        assert_eq!(shown, [("b", "\"b\": 1.50"), ("a", "\"a\": [null, \"\\u00e9\"]"), ("b", "\"b\": {}")]);
        assert_eq!(properties[1].value.items().unwrap()[1].as_str(), Some("é"));
        assert_eq!((covered(node.start()), covered(node.closing())), ("{", "}"));
    }

    #[test]
    fn large_and_deep_texts() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(parse(&deep(MAX_DEPTH), FileId(0)).is_ok());
        for text in [deep(MAX_DEPTH + 1), "[".repeat(1_000_000), "{\"a\":".repeat(200_000)] {
            assert_eq!(findings(&text).len(), 1);
            assert_eq!(findings(&text)[0].0, "JSON nested too deeply");
        }
        let keys: Vec<String> = (0..20_000).map(|at| format!("\"key{at}\": {at}")).collect();
        let node = parse(&format!("{{{}}}", keys.join(",")), FileId(0)).unwrap();
        assert_eq!(node.properties().unwrap().len(), 20_000);
        let long = parse(&format!("\"{}\"", "a\\n".repeat(500_000)), FileId(0)).unwrap();
        assert_eq!(long.as_str().unwrap().len(), 1_000_000);
        assert_eq!(findings(&"[,".repeat(100_000)).len(), MAX_FINDINGS);
    }
}
