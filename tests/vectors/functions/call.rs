//! Evaluates one expression.

use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::syntax::parse_expression;
use planner::value::{Type, Value, json};

/// Every row's expression gives the value and type behind it, `unknown` and a type, or an error (`! `) that says so.
#[track_caller]
pub(super) fn check(rows: &[(&str, &str)]) {
    check_with(&Host::empty(), rows);
}

/// As [`check`], somewhere and some time.
#[track_caller]
pub(super) fn check_with(host: &Host, rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (text, expected) in rows {
        let given = outcome(text, host);
        let right = match expected.strip_prefix("! ") {
            Some(said) => given.strip_prefix("! ").is_some_and(|error| error.contains(said)),
            None => given == *expected,
        };
        if !right {
            wrong.push(format!("{text}\n  gives {given}\n  not   {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} rows:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
}

/// The value of an expression as JSON and its type, or what is wrong with it.
pub(super) fn outcome(text: &str, host: &Host) -> String {
    let mut files = Files::new();
    let file = files.add("t", text);
    let expr = parse_expression(&files, file).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    let variables = MapLookup::from_iter([
        ("unk", Value::Unknown(Type::String)),
        ("unks", Value::Unknown(Type::list(Type::String))),
        ("dyn", Value::Unknown(Type::Dynamic)),
        ("nul", Value::Null(Type::Dynamic)),
        ("nuls", Value::Null(Type::String)),
        ("set", Value::set(vec![Value::string("b"), Value::string("a")], Type::String)),
        ("map", Value::map([("k".into(), Value::int(1))].into(), Type::Number)),
        ("big", Value::string("some text ".repeat(100_000))),
    ]);
    let functions = Functions::standard();
    let scope = Scope { variables: &variables, functions: &functions, host };
    let mut found = Diagnostics::new();
    let value = evaluate(&expr, &scope, &mut found);
    if !found.is_empty() {
        let said: Vec<String> = found.iter().map(|one| format!("{}: {}", one.summary, one.detail)).collect();
        return format!("! {}", said.join(" | "));
    }
    match json::encode(&value) {
        Ok(text) => format!("{text} {}", value.ty()),
        Err(_) => format!("unknown {}", value.ty()),
    }
}
