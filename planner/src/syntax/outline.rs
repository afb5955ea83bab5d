//! The sections of a file, for the `in …:` part of diagnostics: the headers of its top-level blocks, or in JSON the way
//! from the root to every object and array.

use crate::files::Section;
use crate::span::{FileId, Span};
use crate::syntax::ast::Body;
use crate::syntax::json::{Kind, Node};
use crate::syntax::scan::{self, Mode};
use crate::syntax::token::{Token, TokenKind};

/// Headers and extents of the blocks of a file that could be read.
pub(super) fn of_body(body: &Body) -> Vec<Section> {
    let header = |kind: &str, labels: &mut dyn Iterator<Item = &str>| {
        labels.fold(kind.to_owned(), |header, label| format!("{header} {label:?}"))
    };
    body.blocks
        .iter()
        .map(|block| Section {
            span: block.span,
            name: header(&block.kind.name, &mut block.labels.iter().map(|label| &*label.name)),
            within: None,
        })
        .collect()
}

/// The same of a JSON file.
pub(super) fn of_json(root: &Node) -> Vec<Section> {
    let mut outline = Vec::new();
    json_sections(root, None, &mut outline);
    outline
}

fn json_sections(node: &Node, within: Option<usize>, outline: &mut Vec<Section>) {
    let mut inner = |node: &Node, name: String| {
        if matches!(node.kind, Kind::Object(_) | Kind::Array(_)) {
            outline.push(Section { span: node.span, name, within });
            json_sections(node, Some(outline.len() - 1), outline);
        }
    };
    match &node.kind {
        Kind::Object(properties) => {
            for property in properties.iter() {
                let dot = if within.is_some() { "." } else { "" };
                inner(&property.value, format!("{dot}{}", property.name));
            }
        }
        Kind::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                inner(item, format!("[{at}]"));
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::String(_) => {}
    }
}

/// The same of a file that could not, as far as braces match. `base` is where `text` starts in the file.
pub(super) fn of_text(text: &str, file: FileId, base: usize) -> Vec<Section> {
    let tokens = scan::scan(text, Mode::Body);
    let mut outline = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let line = &tokens[at..];
        at += match header(line, text) {
            Some((name, len)) => {
                let closed = len + close(&line[len..]);
                let end = line[closed.min(line.len() - 1)].end();
                let span = Span { file, start: (base + line[0].start()) as u32, end: (base + end) as u32 };
                outline.push(Section { span, name, within: None });
                closed
            }
            None => 0,
        };
        at += line_len(&tokens[at.min(tokens.len())..]);
    }
    outline
}

/// The block header that `tokens` start with, and how many tokens it takes, without the brace.
fn header(tokens: &[Token], text: &str) -> Option<(String, usize)> {
    let kind = tokens.first().filter(|token| token.kind == TokenKind::Ident)?;
    let mut header = kind.text(text).to_owned();
    let mut at = 1;
    loop {
        let token = tokens.get(at)?;
        match token.kind {
            TokenKind::OpenBrace => return Some((header, at)),
            TokenKind::Ident => header.push_str(&format!(" \"{}\"", token.text(text))),
            TokenKind::OpenQuote => header.push_str(" \""),
            TokenKind::QuotedLiteral => header.push_str(token.text(text)),
            TokenKind::CloseQuote => header.push('"'),
            _ => return None,
        }
        at += 1;
    }
}

/// How many tokens there are before the bracket that closes the first one.
fn close(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.kind.opens() {
            depth += 1;
        } else if token.kind.closes() {
            depth = depth.saturating_sub(1);
            if depth == 0 {
                return at;
            }
        }
    }
    tokens.len()
}

/// How many tokens there are up to and with the next newline outside of brackets.
fn line_len(tokens: &[Token]) -> usize {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Newline if depth == 0 => return at + 1,
            kind if kind.opens() => depth += 1,
            kind if kind.closes() => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_headers_in_text_with_faults() {
        let text = "a = 1\nsource \"nu$l%\" x {\n a = \"\n}\nbuild {\n b = {\n";
        let headers: Vec<String> = of_text(text, FileId(0), 0).into_iter().map(|section| section.name).collect();
        assert_eq!(headers, ["source \"nu$l%\" \"x\""]);
        let text = "}\nx = [\n]\nbuild {\n a = = 2\n}\nlocals {\n b = {\n";
        let headers: Vec<String> = of_text(text, FileId(0), 0).into_iter().map(|section| section.name).collect();
        assert_eq!(headers, ["build", "locals"]);
    }
}
