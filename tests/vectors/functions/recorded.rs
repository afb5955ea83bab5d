//! Calls with generated arguments, and what the reference's libraries gave for them.

use planner::eval::Host;
use serde::Deserialize;

use super::call::outcome;
use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    expr: String,
    gives: String,
}

/// Too few arguments and too many, nulls, unknowns, other types.
#[test]
fn arguments() {
    check("functions-arguments.jsonl", 1385);
}

#[test]
fn charsets() {
    check("functions-charset.jsonl", 800);
}

#[test]
fn csv_documents() {
    check("functions-csvdecode.jsonl", 400);
}

#[test]
fn regexes() {
    check("functions-regex.jsonl", 800);
}

#[test]
fn texts() {
    check("functions-text.jsonl", 798);
}

#[test]
fn times() {
    check("functions-time.jsonl", 600);
}

#[test]
fn yaml_documents() {
    check("functions-yamldecode.jsonl", 600);
}

#[test]
fn yaml_values() {
    check("functions-yamlencode.jsonl", 299);
}

#[track_caller]
fn check(name: &str, n_rows: usize) {
    let rows = rows::<Row>(name);
    assert_eq!(rows.len(), n_rows);
    let host = Host { started: "2024-02-05T15:04:09.0123Z".parse().unwrap(), ..Host::empty() };
    let mut wrong = Vec::new();
    for row in rows {
        let given = outcome(&row.expr, &host);
        if given != row.gives {
            wrong.push(format!("{}\n  gives {given}\n  not   {}", row.expr, row.gives));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
