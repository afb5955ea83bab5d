//! Functions as the console shows them: values in its rendering, or what is wrong, one row for each call.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::syntax::parse_expression;
use planner::value::{Type, Value, display};
use serde::Deserialize;

/// A call and what the console prints for it: the value, or `ERR summary: detail` for each error.
#[derive(Deserialize)]
struct Row {
    function: String,
    expr: String,
    expected: String,
}

#[test]
fn calls_give_what_the_console_shows() {
    let rows = rows();
    let mut wrong = Vec::new();
    for row in &rows {
        let shown = shown(&row.function, &row.expr);
        if shown != row.expected {
            wrong.push(format!("{}\n  shows    {shown}\n  expected {}", row.expr, row.expected));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// Those that ask a service find none here; see `secrets` in the tests of the plugins for what they answer.
#[test]
fn no_function_is_left_out() {
    let rows = rows();
    let (standard, defaults) = (Functions::standard(), Functions::for_variable_defaults());
    let mut counts: BTreeMap<&str, usize> = standard.names().chain(defaults.names()).map(|name| (name, 0)).collect();
    for row in &rows {
        *counts.get_mut(row.function.as_str()).unwrap_or_else(|| panic!("there is no {}", row.function)) += 1;
    }
    let few: Vec<_> = counts.iter().filter(|(_, count)| **count < 5).collect();
    assert!(few.is_empty(), "too few rows: {few:?}");
    assert_eq!(counts.len(), 104);
}

fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(fixtures().join("console.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn fixtures() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures"))
}

/// What the console shows for `expr`. `env` is for defaults of variables, so its rows see what these see.
fn shown(function: &str, expr: &str) -> String {
    let functions = if function == "env" { Functions::for_variable_defaults() } else { Functions::standard() };
    let variables = if function == "env" { MapLookup::default() } else { variables() };
    let host = host();
    let mut files = Files::new();
    let file = files.add("<console>", expr);
    let mut found = Diagnostics::new();
    let value = match parse_expression(&files, file) {
        Ok(expr) => evaluate(&expr, &Scope { variables: &variables, functions: &functions, host: &host }, &mut found),
        Err(faults) => {
            found.append(faults);
            Value::Unknown(Type::Dynamic)
        }
    };
    let said: Vec<String> = found.iter().map(|one| format!("ERR {}: {}", one.summary, one.detail)).collect();
    let shown = if said.is_empty() { display::render(&value) } else { said.join(" || ") };
    shown.replace(&*host.working_dir.to_string_lossy(), "{dir}")
}

fn host() -> Host {
    let environment =
        [("HOME_PAGE", "http://x"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    Host {
        base_dir: ".".into(),
        working_dir: fixtures().join("console").canonicalize().unwrap(),
        home: Some("/home/me".into()),
        environment: Arc::new(BTreeMap::from(environment)),
        now: Arc::new(|| "2026-01-02T03:04:05.678Z".parse().unwrap()),
        started: "2026-01-02T03:04:00.5Z".parse().unwrap(),
        ..Host::empty()
    }
}

fn variables() -> MapLookup {
    let (text, unknown) = (Value::text, Value::Unknown);
    let map = [("k".into(), Value::int(1))];
    let members = [
        ("unk", unknown(Type::String)),
        ("unkn", unknown(Type::Number)),
        ("unkb", unknown(Type::Bool)),
        ("unks", unknown(Type::list(Type::String))),
        ("unkm", unknown(Type::map(Type::Number))),
        ("dyn", unknown(Type::Dynamic)),
        ("part", Value::list(vec![text("a"), unknown(Type::String)], Type::String)),
        ("null", Value::Null(Type::String)),
        ("nulls", Value::Null(Type::list(Type::String))),
        ("list", Value::strings(["a", "b", "c"])),
        ("set", Value::set(vec![text("b"), text("a")], Type::String)),
        ("map", Value::map(map.into(), Type::Number)),
    ];
    MapLookup::from_iter([("var", Value::object(members))])
}
