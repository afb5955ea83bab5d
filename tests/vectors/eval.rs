//! Expressions: values and their types, and what is wrong with those that have none.

use std::collections::BTreeSet;
use std::sync::Arc;

use planner::diagnostic::Diagnostics;
use planner::eval::functions::{Call, CallError, Function, Functions, Param, Takes};
use planner::eval::{Host, MapLookup, Scope, evaluate};
use planner::files::Files;
use planner::syntax::parse_expression;
use planner::value::{Type, Value, convert, json};
use serde::Deserialize;

use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    expr: String,
    reference: String,
}

#[test]
fn values_and_errors_agree() {
    let functions = functions();
    let mut wrong = Vec::new();
    let rows = rows::<Row>("hcl-eval.jsonl");
    assert_eq!(rows.len(), 209);
    for row in rows {
        let ours = outcome(&row.expr, &functions);
        let recorded = recorded(&row.reference);
        if ours != recorded {
            wrong.push(format!("{}\n  ours     {ours}\n  recorded {recorded}", row.expr));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// A row's result in our notation: the rows show unknowns as Go code, with ranges that we do not keep, and mark what
/// came from a sensitive value, which is a plain value here.
fn recorded(reference: &str) -> String {
    let known = reference.strip_suffix(" (marked sensitive)").unwrap_or(reference);
    let unknown = |code: &str| match code.split_once(")") {
        Some(("String", _)) => "string",
        Some(("Number", _)) => "number",
        Some(("Bool", _)) => "bool",
        _ => panic!("{reference}"),
    };
    if let Some(ty) = known.strip_prefix("cty.UnknownVal(cty.") {
        return format!("unknown : {}", unknown(ty));
    }
    match known {
        "cty.TupleVal([]cty.Value{cty.UnknownVal(cty.String)})" => "[unknown] : tuple".to_owned(),
        "cty.NumberFloatVal(+Inf)" => "+Inf : number".to_owned(),
        _ => known.to_owned(),
    }
}

fn outcome(text: &str, functions: &Functions) -> String {
    let mut files = Files::new();
    let file = files.add("t", text);
    let expr = match parse_expression(&files, file) {
        Ok(expr) => expr,
        Err(found) => return format!("does not parse: {found:?}"),
    };
    let (variables, host) = (variables(), Host::empty());
    let scope = Scope { variables: &variables, functions, host: &host };
    let mut found = Diagnostics::new();
    let value = evaluate(&expr, &scope, &mut found);
    if found.is_empty() {
        return format!("{} : {}", shown(&value), value.ty());
    }
    let errors: Vec<String> = found
        .iter()
        .map(|diagnostic| {
            let span = diagnostic.subject.unwrap();
            let column = |at| files.line_column(file, at).1;
            format!("{}: {} @{}-{}", diagnostic.summary, diagnostic.detail, column(span.start), column(span.end))
        })
        .collect();
    format!("ERR {}", errors.join(" || "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Unknown(_) => "unknown".to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Tuple(items) if !value.is_wholly_known() => {
            format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(","))
        }
        known => json::encode(known).unwrap(),
    }
}

/// What the rows' expressions see; listed with the rows.
pub(crate) fn variables() -> MapLookup {
    let text = Value::text;
    let numbers = |items: &[i64]| Value::list(items.iter().copied().map(Value::int).collect(), Type::Number);
    let item = |id: &str, sub: &[i64]| Value::object([("id", text(id)), ("sub", numbers(sub))]);
    let inner = Value::object([("x", numbers(&[10, 20]))]);
    let number = |text: &str| convert(&Value::string(text), &Type::Number).unwrap();
    let map = [("k1", "v1"), ("k2", "v2")].map(|(key, value)| (Arc::from(key), text(value)));
    MapLookup::from_iter([
        ("s", text("str")),
        ("n", Value::int(5)),
        ("f", number("1.5")),
        ("t", Value::Bool(true)),
        ("nul", Value::Null(Type::Dynamic)),
        ("l", Value::strings(["a", "b", "c"])),
        ("tup", Value::tuple([Value::int(1), text("two"), Value::Bool(true)])),
        ("m", Value::map(map.into(), Type::String)),
        ("o", Value::object([("name", text("nm")), ("num", Value::int(3)), ("inner", inner)])),
        ("objs", Value::tuple([item("i1", &[1, 2]), item("i2", &[3, 4])])),
        ("empty", Value::list(Vec::new(), Type::String)),
        ("set", Value::set(vec![text("a"), text("b")], Type::String)),
        ("unk", Value::Unknown(Type::String)),
        ("sec", text("hunter2")),
    ])
}

/// The functions that the rows were recorded with: ours, conversions that Packer does not have, and `length` without
/// strings.
fn functions() -> Functions {
    let conversions = [
        Function::new("tostring", ANY, |_| Ok(Type::String), conversion),
        Function::new("tonumber", ANY, |_| Ok(Type::Number), conversion),
        Function::new("tobool", ANY, |_| Ok(Type::Bool), conversion),
        Function::new("tolist", ANY, |_| Ok(Type::list(Type::Dynamic)), conversion),
        Function::new("toset", ANY, |_| Ok(Type::set(Type::Dynamic)), conversion),
        Function::new("length", ANY, length_type, |call| Ok(Value::int(call.items(0).len() as i64))),
    ];
    conversions.into_iter().fold(Functions::standard(), Functions::with)
}

const ANY: &[Param] = &[Param::new("v", Takes::Any).or_null()];

fn conversion(call: &Call<'_>) -> Result<Value, CallError> {
    let (from, to) = (call.args[0].ty(), call.ty);
    convert(&call.args[0], to).map_err(|_| format!("cannot convert {from} to {to}").into())
}

fn length_type(args: &[Value]) -> Result<Type, CallError> {
    match args[0].ty() {
        Type::String | Type::Number | Type::Bool | Type::Object(_) => {
            Err("collection must be a list, a map or a tuple".into())
        }
        _ => Ok(Type::Number),
    }
}

#[test]
fn the_table_holds_what_templates_use() {
    let functions = Functions::standard();
    let known: BTreeSet<&str> = functions.names().collect();
    for name in
        "upper lower format join split concat merge length contains keys values lookup flatten distinct compact \
                 coalesce element range replace trimspace substr jsonencode jsondecode file templatefile timestamp \
                 formatdate uuidv4 abspath basename dirname can try convert"
            .split_whitespace()
    {
        assert!(known.contains(name), "{name}");
    }
    assert!(!known.contains("env"), "env is for defaults of variables");
    assert!(Functions::for_variable_defaults().get("env").is_some());
}
