//! Snippets of every construct, valid and not.

use planner::diagnostic::Diagnostics;
use planner::files::Files;
use planner::syntax::parse_body;
use serde::Deserialize;
use serde_json::Value;

use crate::{node, rows::rows};

#[derive(Deserialize)]
struct Row {
    src: String,
    ok: bool,
    diags: Option<Vec<String>>,
    ast: Option<Value>,
}

/// Rows that we judge or read differently, on purpose. Empty, and to stay so: the parser's known refusals are repaired.
const DIFFERENT: [(&str, &str); 0] = [];

/// How many of the rejected rows get their first diagnostic with the recorded summary and on the recorded line, and
/// how many get all of theirs. May only go up.
const FIRST_ALIKE: usize = 120;
const ALL_ALIKE: usize = 120;

fn parse(text: &str) -> (Files, Option<Value>, Diagnostics) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let (body, diagnostics) = parse_body(&mut files, file);
    (files, body.map(|body| node::body(&body)), diagnostics)
}

#[test]
fn trees_and_verdicts_agree() {
    let mut wrong = Vec::new();
    for row in rows::<Row>("hcl-parse.jsonl") {
        let (_, tree, diagnostics) = parse(&row.src);
        assert_eq!(tree.is_none(), diagnostics.has_errors(), "{:?}: no tree without a reason", row.src);
        let expected = row.ast.as_ref().filter(|_| row.ok).map(node::recorded);
        let different = DIFFERENT.iter().any(|(src, _)| *src == row.src);
        if (tree == expected) == different {
            wrong.push(format!("{:?}\n  ours     {tree:?}\n  recorded {expected:?}\n  {diagnostics:?}", row.src));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn two_indexes_behind_dots_need_a_blank_between_them() {
    for (text, accepted) in [("x = a.0.1\n", false), ("x = a.0 .1\n", true), ("x = a.0. 1\n", true)] {
        let (_, tree, diagnostics) = parse(text);
        assert_eq!(tree.is_some(), accepted, "{text:?}: {diagnostics:?}");
    }
}

/// `line: summary` of each.
fn places(diagnostics: &Diagnostics, files: &Files) -> Vec<String> {
    let place = |subject: planner::span::Span| files.line_column(subject.file, subject.start).0;
    diagnostics.iter().map(|each| format!("{}: {}", each.subject.map_or(0, place), each.summary)).collect()
}

/// The same of recorded `line:column: summary; detail`.
fn recorded_places(diags: &[String]) -> Vec<String> {
    let place = |diag: &String| {
        let (line, rest) = diag.split_once(':').unwrap();
        let (_, summary) = rest.split_once(": ").unwrap();
        format!("{line}: {}", summary.split("; ").next().unwrap())
    };
    diags.iter().map(place).collect()
}

#[test]
fn rejections_say_the_same_on_the_same_line() {
    let (mut first_alike, mut all_alike, mut others) = (0, 0, Vec::new());
    for row in rows::<Row>("hcl-parse.jsonl").into_iter().filter(|row| !row.ok) {
        let (files, _, diagnostics) = parse(&row.src);
        let (ours, recorded) = (places(&diagnostics, &files), recorded_places(&row.diags.unwrap()));
        first_alike += usize::from(ours.first() == recorded.first());
        all_alike += usize::from(ours == recorded);
        if ours != recorded {
            others.push(format!("{:?}\n  ours     {ours:?}\n  recorded {recorded:?}", row.src));
        }
    }
    let found = (first_alike, all_alike);
    assert_eq!(found, (FIRST_ALIKE, ALL_ALIKE), "these differ:\n{}", others.join("\n"));
}

#[derive(Deserialize)]
struct Broken {
    src: String,
    faults: Vec<String>,
}

/// Texts with several faults each. Of strings that run over line ends the rows name the first only, as we do: one
/// missing quote turns all that follows inside out.
#[test]
fn all_faults_of_a_file_are_found() {
    let rows = rows::<Broken>("hcl-faults.jsonl");
    assert_eq!(rows.len(), 300);
    let mut wrong = Vec::new();
    for row in rows {
        let (files, _, diagnostics) = parse(&row.src);
        let ours = places(&diagnostics, &files);
        if ours != row.faults {
            wrong.push(format!("{:?}\n  ours     {ours:?}\n  recorded {:?}", row.src, row.faults));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
