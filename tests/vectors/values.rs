//! Expressions and type constraints that were drawn to reach every corner: values with their exact types, errors by
//! summary and place.

use std::sync::Arc;

use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::syntax::ast::Expr;
use planner::syntax::parse_expression;
use planner::value::{Constraint, Number, Type, Value};
use serde::Deserialize;

use crate::rows::rows;

/// An expression and what it gives: `value : type`, or `ERR summary @line:column-line:column` for each error.
#[derive(Deserialize)]
struct Row {
    expr: String,
    reference: String,
}

/// A constraint and an expression: the value with defaults filled in, converted, or `CONVERT` and why not.
#[derive(Deserialize)]
struct ConstraintRow {
    r#type: String,
    value: String,
    reference: String,
}

#[test]
fn expressions_agree() {
    let variables = variables();
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    let rows = rows::<Row>("hcl-values.jsonl");
    let wrong = rows.iter().filter_map(|row| {
        let ours = value_of(&row.expr, &scope).map_or_else(|said| said, |value| shown(&value));
        (ours != row.reference).then(|| format!("{}\n  ours     {ours}\n  recorded {}", row.expr, row.reference))
    });
    report(wrong.collect(), rows.len());
}

#[test]
fn constraints_agree() {
    let variables = variables();
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    let rows = rows::<ConstraintRow>("hcl-constraints.jsonl");
    let wrong = rows.iter().filter_map(|row| {
        let ours = constrained(&row.r#type, &row.value, &scope);
        let text = format!("{}: {}", row.r#type, row.value);
        (ours != row.reference).then(|| format!("{text}\n  ours     {ours}\n  recorded {}", row.reference))
    });
    report(wrong.collect(), rows.len());
}

fn report(wrong: Vec<String>, total: usize) {
    assert!(wrong.is_empty(), "{} of {total} rows:\n{}", wrong.len(), wrong.join("\n"));
}

fn constrained(ty: &str, value: &str, scope: &Scope<'_>) -> String {
    let (files, expr) = parsed(ty);
    let mut found = Diagnostics::new();
    let constraint = Constraint::from_expr(&expr, &mut found);
    if !found.is_empty() {
        return errors(&found, &files);
    }
    match value_of(value, scope) {
        Ok(value) => match constraint.convert(&value) {
            Ok(value) => shown(&value),
            Err(error) => format!("CONVERT {error}"),
        },
        Err(said) => said,
    }
}

fn parsed(text: &str) -> (Files, Expr) {
    let mut files = Files::new();
    let file = files.add("e", text);
    let expr = parse_expression(&files, file).unwrap_or_else(|found| panic!("{text}: {found:?}"));
    (files, expr)
}

fn value_of(text: &str, scope: &Scope<'_>) -> Result<Value, String> {
    let (files, expr) = parsed(text);
    let mut found = Diagnostics::new();
    let value = evaluate(&expr, scope, &mut found);
    if found.is_empty() { Ok(value) } else { Err(errors(&found, &files)) }
}

fn errors(found: &Diagnostics, files: &Files) -> String {
    let told = found.iter().map(|one| {
        let span = one.subject.unwrap();
        let ((line, column), (end_line, end)) =
            (files.line_column(span.file, span.start), files.line_column(span.file, span.end));
        format!("ERR {} @{line}:{column}-{end_line}:{end}", one.summary)
    });
    told.collect::<Vec<_>>().join(" || ")
}

fn shown(value: &Value) -> String {
    format!("{} : {}", notation(value), type_notation(&value.ty()))
}

/// Like JSON, but `?` for what is unknown and `<…>` for a set.
fn notation(value: &Value) -> String {
    let all = |items: &[Value]| items.iter().map(notation).collect::<Vec<_>>().join(",");
    match value {
        Value::Unknown(_) => "?".to_owned(),
        Value::Null(_) => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::List(_, items) | Value::Tuple(items) => format!("[{}]", all(items)),
        Value::Set(_, items) => format!("<{}>", all(items)),
        Value::Map(_, entries) | Value::Object(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}:{}", quoted(key), notation(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
        }
    }
}

fn type_notation(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "dyn".to_owned(),
        Type::List(element) | Type::Set(element) | Type::Map(element) => {
            format!("{}({})", ty.kind(), type_notation(element))
        }
        Type::Tuple(elements) => format!("({})", elements.iter().map(type_notation).collect::<Vec<_>>().join(",")),
        Type::Object(object) => {
            let attributes = object.attributes.iter().map(|(name, ty)| {
                let optional = if object.is_optional(name) { "?" } else { "" };
                format!("{}{optional}:{}", quoted(name), type_notation(ty))
            });
            format!("{{{}}}", attributes.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// What the rows' expressions see.
fn variables() -> MapLookup {
    let known = known_variables().into_iter();
    MapLookup::from_iter(known.chain(open_variables()))
}

fn known_variables() -> Vec<(&'static str, Value)> {
    let text = Value::text;
    let number = |value| Value::Number(Number::from_f64(value).unwrap());
    let numbers = |items: &[i64]| Value::list(items.iter().copied().map(Value::int).collect(), Type::Number);
    let item = |id: &str, sub: &[i64]| Value::object([("id", text(id)), ("sub", numbers(sub))]);
    let pair = |a: &str, b: Value| Value::object([("a", text(a)), ("b", b)]);
    let map = |entries: &[(&str, Value)], empty| {
        Value::map(entries.iter().map(|(key, value)| (Arc::from(*key), value.clone())).collect(), empty)
    };
    let inner = Value::object([("x", numbers(&[10, 20]))]);
    vec![
        ("s", text("str")),
        ("n", Value::int(5)),
        ("f", number(1.5)),
        ("t", Value::Bool(true)),
        ("l", Value::strings(["a", "b", "c"])),
        ("ln", Value::list(vec![Value::int(3), number(0.5)], Type::Number)),
        ("lo", Value::list(vec![pair("x", Value::int(1)), pair("y", Value::Null(Type::Number))], Type::Dynamic)),
        ("empty", Value::list(Vec::new(), Type::String)),
        ("tup", Value::tuple([Value::int(1), text("two"), Value::Bool(true)])),
        ("m", map(&[("k1", text("v1")), ("k2", text("v2"))], Type::String)),
        ("mm", map(&[("p", map(&[("q", text("r"))], Type::String))], Type::String)),
        ("emptym", map(&[], Type::String)),
        ("o", Value::object([("name", text("nm")), ("num", Value::int(3)), ("inner", inner)])),
        ("objs", Value::tuple([item("i1", &[1, 2]), item("i2", &[3, 4])])),
        ("set", Value::set(vec![text("a"), text("b")], Type::String)),
        ("so", Value::set(vec![pair("x", Value::int(1)), pair("y", Value::int(2))], Type::Dynamic)),
        ("emptyset", Value::set(Vec::new(), Type::String)),
        ("sec", text("hunter2")),
    ]
}

/// Those that are null or not known, or have a part that is not.
fn open_variables() -> Vec<(&'static str, Value)> {
    let (text, null, unknown) = (Value::text, Value::Null, Value::Unknown);
    let part = [("a".into(), text("p")), ("b".into(), unknown(Type::String))];
    vec![
        ("nul", null(Type::Dynamic)),
        ("nulls", null(Type::String)),
        ("nulln", null(Type::Number)),
        ("nulll", null(Type::list(Type::String))),
        ("dyn", unknown(Type::Dynamic)),
        ("unk", unknown(Type::String)),
        ("unkn", unknown(Type::Number)),
        ("unkb", unknown(Type::Bool)),
        ("unks", unknown(Type::list(Type::String))),
        ("unkm", unknown(Type::map(Type::Number))),
        ("unkset", unknown(Type::set(Type::String))),
        ("unko", unknown(Type::object([("a", Type::String), ("b", Type::Number)]))),
        ("unkt", unknown(Type::tuple([Type::String, Type::Number]))),
        ("part", Value::tuple([Value::int(1), unknown(Type::String), text("x")])),
        ("partl", Value::list(vec![text("p"), unknown(Type::String)], Type::String)),
        ("partm", Value::map(part.into(), Type::String)),
    ]
}
