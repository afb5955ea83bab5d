//! A `.json` file to its body, with every string that holds template sequences parsed.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::files::Files;
use crate::span::{FileId, Span};
use crate::syntax::ast::{Body, JsonDocument};
use crate::syntax::json::{self, Kind, Node};
use crate::syntax::outline;
use crate::syntax::parse::parse_string_template;
use crate::syntax::reading::Reading;

/// The body of a `.json` file; none when there are errors. Also records the file's outline for diagnostics.
///
/// What is wrong inside of a string is said when the string is used as a template: it may not be one.
pub fn parse_json_body(files: &mut Files, file: FileId) -> (Option<Body>, Diagnostics) {
    read_json_body(&files.get(file).text.clone(), file).record(files, file)
}

/// The body of a file whose text is `text`, without a look at any other file.
pub(in crate::syntax) fn read_json_body(text: &Arc<str>, file: FileId) -> Reading {
    let (node, diagnostics) = json::parse_partly(text, file);
    let Some(node) = node else { return Reading { body: None, outline: Vec::new(), diagnostics } };
    let outline = outline::of_json(&node);
    let (body, diagnostics) = match diagnostics.is_empty() {
        true => body_of(&node, text),
        false => (None, diagnostics),
    };
    Reading { body, outline, diagnostics }
}

fn body_of(node: &Node, text: &Arc<str>) -> (Option<Body>, Diagnostics) {
    if !matches!(node.kind, Kind::Object(_) | Kind::Array(_)) {
        let detail = "The root value in a JSON-based configuration must be either a JSON object or a JSON array of \
                      objects.";
        return (None, Diagnostic::error("Root value must be object", detail, node.start()).into());
    }
    let mut templates = Vec::new();
    collect_templates(node, text, &mut templates);
    let body = Body::of_json(node, &Arc::new(JsonDocument { text: Arc::clone(text), templates }));
    (Some(body), Diagnostics::new())
}

type Templates = Vec<(u32, Result<crate::syntax::ast::Expr, Diagnostics>)>;

fn collect_templates(node: &Node, text: &str, found: &mut Templates) {
    match &node.kind {
        Kind::String(string) => collect_template(string, node.span, text, found),
        Kind::Array(items) => items.iter().for_each(|item| collect_templates(item, text, found)),
        Kind::Object(properties) => {
            for property in properties.iter() {
                collect_template(&property.name, property.name_span, text, found);
                collect_templates(&property.value, text, found);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number(_) => {}
    }
}

fn collect_template(string: &str, span: Span, text: &str, found: &mut Templates) {
    if string.contains("${") || string.contains("%{") {
        found.push((span.start, parse_string_template(string, text, span)));
    }
}
