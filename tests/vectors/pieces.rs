//! Long texts, which are parsed in pieces: the same trees and verdicts as short ones.

use planner::files::Files;
use planner::syntax::ast::Body;
use planner::syntax::{parse_body, parse_expression};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{node, rows::rows};

#[derive(Deserialize)]
struct Row {
    src: String,
    ok: bool,
}

/// Longer than any text that is parsed as a whole, and than any piece.
const LONG: usize = 5000;

fn parse(text: &str) -> Option<Body> {
    let mut files = Files::new();
    let file = files.add("t", text);
    parse_body(&mut files, file).0
}

/// The texts of the recorded rows that are valid as the body of a block.
fn valid_texts() -> Vec<String> {
    let texts = rows::<Row>("hcl-parse.jsonl").into_iter().filter(|row| row.ok).map(|row| row.src);
    texts.filter(|text| parse(&format!("b {{\n{text}\n}}\n")).is_some()).collect()
}

fn children(tree: &Value) -> &[Value] {
    tree["c"].as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn comments_behind_a_text_change_nothing() {
    let padding = "\n# comment".repeat(LONG / 10);
    for row in rows::<Row>("hcl-parse.jsonl") {
        let spans = |text: &str| parse(text).map(|body| format!("{:?} {:?}", body.attributes, body.blocks));
        let long = format!("{}\n{padding}\n", row.src);
        assert_eq!(spans(&long), spans(&format!("{}\n", row.src)), "{:?}", row.src);
    }
}

#[test]
fn long_bodies_hold_what_their_parts_hold() {
    let texts = valid_texts();
    let wrapped: String = texts.iter().map(|text| format!("b \"l\" {{ # c\n{text}\n}}\n")).collect();
    let text = format!("{wrapped}outer {{\n{wrapped}}}\n");
    let expected: Vec<Value> = texts
        .iter()
        .map(|text| {
            let label = json!({ "k": "label", "v": "l" });
            json!({ "k": "block", "v": "b", "c": [label, node::body(&parse(text).unwrap())] })
        })
        .collect();
    let tree = node::body(&parse(&text).expect("valid"));
    let (outer, direct) = children(&tree).split_last().unwrap();
    assert_eq!(direct, expected);
    assert_eq!(children(&children(outer)[0]), expected);
}

/// The right-hand sides of the recorded rows that can stand in brackets.
fn expressions() -> Vec<String> {
    let texts = valid_texts();
    let sides = texts.iter().filter_map(|text| Some(text.split_once('=')?.1.trim().to_owned()));
    sides
        .filter(|side| {
            let mut files = Files::new();
            let file = files.add("t", format!("[{side}\n]"));
            parse_expression(&files, file).is_ok_and(|expr| expr.items().is_some_and(|items| items.len() == 1))
        })
        .collect()
}

#[test]
fn long_tuples_and_objects_hold_what_their_parts_hold() {
    let sides = expressions();
    assert!(sides.len() > 100, "{}", sides.len());
    // Often enough to make a long text.
    let sides: Vec<String> = [sides.clone(), sides.clone(), sides].concat();
    let expected: Vec<Value> = sides
        .iter()
        .map(|side| children(&children(&node::body(&parse(&format!("x = [{side}\n]\n")).unwrap()))[0])[0].clone())
        .map(|tuple| children(&tuple)[0].clone())
        .collect();
    let tuple = format!("x = [{}]\n", sides.iter().map(|side| format!("{side}\n, ")).collect::<String>());
    let pairs = sides.iter().enumerate().map(|(at, side)| format!("k{at} = [{side}\n] # c\n"));
    let object = format!("x = {{\n{}}}\n", pairs.collect::<String>());
    for (text, step) in [(&tuple, 1), (&object, 2)] {
        assert!(text.len() > LONG);
        let tree = node::body(&parse(text).unwrap_or_else(|| panic!("{text}")));
        let whole = &children(&children(&tree)[0])[0];
        let found: Vec<Value> = children(whole)
            .iter()
            .skip(step - 1)
            .step_by(step)
            .map(|item| if step == 2 { children(item)[0].clone() } else { item.clone() })
            .collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn faults_in_pieces_are_told_where_they_are() {
    let padding = "# comment\n".repeat(LONG / 10);
    let many = |line: &str| format!("{}\n", line).repeat(300);
    for (text, line, summary) in [
        (format!("a = 1\n{padding}a = 2\n"), 502, "Attribute redefined"),
        (format!("b {{\n a = 1\n{padding}a = 2\n}}\n"), 503, "Attribute redefined"),
        (format!("b {{\n{padding} c {{\n  x = = 1\n }}\n}}\n"), 503, "Invalid expression"),
        (format!("x = [\n{}  1 2,\n]\n", many("  1,")), 302, "Missing item separator"),
        (
            format!("b {{ a = [\n{}] }}\nc {{ a = 1 b = 2 }}\n", many("1,")),
            303,
            "Invalid single-argument block definition",
        ),
        (format!("x = 1\n{padding}}}\n"), 502, "Argument or block definition required"),
        (format!("x = [\n{padding}"), 502, "Missing expression"),
    ] {
        let mut files = Files::new();
        let file = files.add("t", text.clone());
        let (_, diagnostics) = parse_body(&mut files, file);
        let first = diagnostics.iter().next().unwrap_or_else(|| panic!("accepted: {text}"));
        let at = files.line_column(file, first.subject.unwrap().start).0;
        assert_eq!((at, first.summary.as_str()), (line, summary), "{}…", &text[..20]);
    }
}

#[test]
fn any_number_of_objects_may_have_a_key_twice() {
    let objects = "{ \"a\" = 1, \"\\u0061\" = 2 },\n".repeat(100);
    let tree = node::body(&parse(&format!("x = [\n{objects}]\n")).expect("valid"));
    let tuple = &children(&children(&tree)[0])[0];
    assert_eq!(children(tuple).len(), 100);
    assert!(children(tuple).iter().all(|object| children(object).len() == 4));
}
