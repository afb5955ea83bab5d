//! JSON syntax: what its values are as expressions, taken literally, and as types, and what they refer to.

use std::collections::BTreeSet;

use planner::config::shape::Shape;
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, Scope, evaluate, evaluate_constant, references};
use planner::files::Files;
use planner::syntax::ast::{Body, Expr};
use planner::syntax::parse_json_body;
use planner::value::{Constraint, Value, json};
use serde::Deserialize;

use crate::eval::variables;
use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    src: String,
    reference: String,
}

#[test]
fn values_types_and_references_agree() {
    let mut wrong = Vec::new();
    let rows = rows::<Row>("json-values.jsonl");
    assert_eq!(rows.len(), 240);
    for row in rows {
        let ours = outcome(&row.src);
        if ours != row.reference {
            wrong.push(format!("{}\n  ours     {ours}\n  recorded {}", row.src, row.reference));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

const SHAPE: Shape = Shape {
    attributes: &["x", "yes"],
    required: &["yes"],
    blocks: &[("item", &[]), ("tagged", &["type"]), ("two", &["a", "b"])],
};

/// Labels as objects or arrays at every level, comments, nulls, repeated names, values of the wrong kind.
#[test]
fn bodies_agree() {
    let mut wrong = Vec::new();
    let rows = rows::<Row>("json-bodies.jsonl");
    assert_eq!(rows.len(), 200);
    for row in rows {
        let mut files = Files::new();
        let file = files.add("t", row.src.as_str());
        let (body, mut found) = parse_json_body(&mut files, file);
        let shown = structure(&body.unwrap(), &mut found);
        let places: BTreeSet<String> = found
            .iter()
            .map(|diagnostic| {
                format!("{} @{}", diagnostic.summary, diagnostic.subject.map_or(u32::MAX, |span| span.start))
            })
            .collect();
        let ours = format!("{shown} | {}", places.into_iter().collect::<Vec<_>>().join(" | "));
        if ours != row.reference {
            wrong.push(format!("{}\n  ours     {ours}\n  recorded {}", row.src, row.reference));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// Attributes and blocks at every depth with where they stand. What is in a `two` is all attributes.
fn structure(body: &Body, found: &mut Diagnostics) -> String {
    let body = SHAPE.content(body, body.span, found);
    let known = body.attributes.iter().filter(|attribute| SHAPE.role(&attribute.name.name).is_some());
    let mut names: Vec<String> = known
        .map(|attribute| format!("{}@{}-{}", attribute.name.name, attribute.span().start, attribute.span().end))
        .collect();
    names.sort();
    let mut out = names.join(" ");
    for block in &body.blocks {
        let labels: Vec<&str> = block.labels.iter().map(|label| &*label.name).collect();
        let places: String = block.labels.iter().map(|label| format!("@{}", label.span.start)).collect();
        let inner = if &*block.kind.name == "two" {
            let attributes = block.body.just_attributes(found);
            let mut names: Vec<&str> = attributes.iter().map(|attribute| &*attribute.name.name).collect();
            names.sort_unstable();
            format!("<{}>", names.join(" "))
        } else {
            structure(&block.body, found)
        };
        out += &format!(" {}[{}]{places}{inner}", block.kind.name, labels.join(" "));
    }
    format!("{{{out}}}")
}

/// All attributes of a file, four lines each. The reference counts escapes wrong, so that in files with any the rows hold
/// no places.
fn outcome(text: &str) -> String {
    let found = described(text);
    if !text.contains('\\') {
        return found;
    }
    let mut parts = found.split(" @");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

fn described(text: &str) -> String {
    let mut files = Files::new();
    let file = files.add("t", text);
    let (body, mut found) = parse_json_body(&mut files, file);
    let Some(body) = body else { return places(&found) };
    let attributes = body.just_attributes(&mut found);
    let mut lines = Vec::new();
    if !found.is_empty() {
        lines.push(places(&found));
    }
    for attribute in attributes.iter() {
        let name = &attribute.name.name;
        lines.push(format!("{name} = {}", evaluated(&attribute.expr)));
        let mut found = Diagnostics::new();
        let literal = evaluate_constant(&attribute.expr, &mut found);
        lines.push(format!("{name} = {}", shown(&literal, &found)));
        let roots = references(&attribute.expr).iter().map(|found| format!(" {}", found.root)).collect::<String>();
        lines.push(format!("refs{roots}"));
        let mut found = Diagnostics::new();
        let constraint = Constraint::from_expr(&attribute.expr, &mut found);
        lines.push(if found.is_empty() { format!("type {}", constraint.ty) } else { format!("type {}", found.len()) });
    }
    lines.join("\n")
}

fn evaluated(expr: &Expr) -> String {
    let (variables, host, functions) = (variables(), Host::empty(), Functions::standard());
    let scope = Scope { variables: &variables, functions: &functions, host: &host };
    let mut found = Diagnostics::new();
    let value = evaluate(expr, &scope, &mut found);
    shown(&value, &found)
}

fn shown(value: &Value, found: &Diagnostics) -> String {
    if found.has_errors() {
        return places(found);
    }
    if !value.is_wholly_known() {
        return "unknown".to_owned();
    }
    let text = json::encode(value).unwrap_or_else(|_| "infinite".to_owned());
    format!("{text} : {}", value.ty())
}

fn places(found: &Diagnostics) -> String {
    let place = |span: Option<planner::span::Span>| span.map_or(u32::MAX, |span| span.start);
    found.iter().fold("ERR".to_owned(), |text, diagnostic| {
        format!("{text} {} @{}", diagnostic.summary, place(diagnostic.subject))
    })
}
