//! `dynamic` blocks: what they generate, and what is wrong with those that generate nothing.

use std::sync::Arc;

use planner::catalog::{AttributeSchema, BlockNesting, BlockSchema, Schema};
use planner::config::shape::Shape;
use planner::diagnostic::Diagnostics;
use planner::dynamic::{Budget, expand, references};
use planner::eval::{self, Functions, Host, MapLookup, Scope};
use planner::files::Files;
use planner::schema;
use planner::span::Span;
use planner::syntax::ast::{Block, Body, ExprKind};
use planner::syntax::{Role, parse_body, parse_json_body};
use planner::value::{Type, Value, convert, json};
use serde::Deserialize;

use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    text: String,
    reference: String,
}

const INNER: Shape = Shape {
    attributes: &["x", "y"],
    required: &[],
    blocks: &[("item", &[]), ("tagged", &["type"]), ("sub", &[]), ("dynamic", &["type"])],
};

#[test]
fn expansions_agree() {
    let mut wrong = Vec::new();
    let rows = rows::<Row>("hcl-dynamic.jsonl");
    assert_eq!(rows.len(), 68);
    for Row { text, reference } in rows {
        let (plain, found) = expanded(&text);
        let mut lines: Vec<String> = found.iter().map(|(error, _)| error.clone()).collect();
        lines.sort();
        lines.insert(0, plain);
        let ours = lines.join("\n");
        if ours != reference {
            wrong.push(format!("{text}\n  ours     {ours}\n  recorded {reference}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn errors_show_the_element_at_hand() {
    for (text, expected) in [
        (
            "dynamic \"item\" {\n  for_each = l\n  content {\n    x = l[item.value]\n  }\n}\n",
            ["l=list of string with 3 elements, item.value=\"a\""].as_slice(),
        ),
        (
            "dynamic \"tagged\" {\n  for_each = { a = [], b = \"b\" }\n  labels = [tagged.value]\n  content {}\n}\n",
            &["tagged.value=empty tuple"],
        ),
        ("dynamic \"item\" {\n  for_each = n\n  content {}\n}\n", &["n=5"]),
    ] {
        let (_, found) = expanded(text);
        assert_eq!(found[0].1, expected[0], "{text}");
    }
}

/// In JSON, what is a block is known only when the generated body is looked into.
#[test]
fn json_expands_alike() {
    for (native, json) in [
        (
            "dynamic \"item\" {\n  for_each = l\n  content {\n    x = \"${item.key}-${item.value}\"\n  }\n}\n",
            r#"{"dynamic": {"item": {"for_each": "${l}", "content": {"x": "${item.key}-${item.value}"}}}}"#,
        ),
        (
            "item {\n  x = 0\n}\ndynamic \"tagged\" {\n  for_each = [1, 2]\n  iterator = i\n  labels = [\"t${i.value}\"]\n\
             \x20 content {\n    y = i.key\n  }\n}\nitem {\n  x = 9\n}\n",
            r#"{"item": {"x": 0}, "dynamic": [{"tagged": [{"for_each": [1, 2], "iterator": "i", "labels": ["t${i.value}"],
                "content": [{"y": "${i.key}"}]}]}], "item": {"x": 9}}"#,
        ),
        (
            "dynamic \"item\" {\n  for_each = m\n  content {\n    sub {\n      y = item.key\n    }\n    dynamic \"sub\" {\n\
             \x20     for_each = l\n      content {\n        y = [item.value, sub.value]\n      }\n    }\n  }\n}\n",
            r#"{"dynamic": {"item": {"for_each": "${m}", "content": {"sub": {"y": "${item.key}"},
                "dynamic": {"sub": {"for_each": "${l}", "content": {"y": ["${item.value}", "${sub.value}"]}}}}}}}"#,
        ),
        (
            "dynamic \"item\" {\n  for_each = ul\n  content {\n    x = item.value\n    sub {\n      y = 1\n    }\n  }\n}\n",
            r#"{"dynamic": {"item": {"for_each": "${ul}", "content": {"x": "${item.value}", "sub": {"y": 1}}}}}"#,
        ),
        (
            "dynamic \"item\" {\n  for_each = []\n  content {}\n}\n",
            r#"{"dynamic": {"item": {"for_each": [], "content": {}}}}"#,
        ),
    ] {
        let (json, faults) = expanded(json);
        assert_eq!((without_places(&json), faults.len()), (without_places(&expanded(native).0), 0), "{native}");
    }
}

fn without_places(shown: &str) -> String {
    let mut parts = shown.split('@');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':'))
}

#[test]
fn faults_of_json_point_into_it() {
    for (json, fault) in [
        (r#"{"dynamic": {"other": {"for_each": [], "content": {}}}}"#, "Unsupported block type"),
        (r#"{"dynamic": {"item": {"for_each": [1]}}}"#, "Missing dynamic content block"),
        (r#"{"dynamic": {"item": {"for_each": [1], "content": [{}, {}]}}}"#, "Extraneous dynamic content block"),
        (r#"{"dynamic": {"item": {"content": {}}}}"#, "Missing required argument"),
        (r#"{"dynamic": {"item": {"for_each": 1, "content": {}}}}"#, "Invalid dynamic for_each value"),
        (
            r#"{"dynamic": {"item": {"for_each": [1], "iterator": "a.b", "content": {}}}}"#,
            "Invalid dynamic iterator name",
        ),
        (r#"{"dynamic": {"tagged": {"for_each": [1], "labels": "x", "content": {}}}}"#, "Invalid expression"),
        (
            r#"{"dynamic": {"tagged": {"for_each": [1], "labels": [], "content": {}}}}"#,
            "Insufficient dynamic block labels",
        ),
        (r#"{"dynamic": {"item": {"for_each": [1], "content": {"x": "${item.nothing}"}}}}"#, "Unsupported attribute"),
        (r#"{"dynamic": {"item": {"for_each": [1], "content": {"z": 1}}}}"#, "Extraneous JSON object property"),
        (r#"{"dynamic": {"item": {"for_each": [1], "content": "x"}}}"#, "Incorrect JSON value type"),
    ] {
        let (_, faults) = expanded(json);
        assert!(faults.iter().any(|(text, _)| text.starts_with(&format!("{fault}: "))), "{json}: {faults:?}");
    }
}

#[test]
fn references_leave_out_the_iterators() {
    let text = "x = a.b\ndynamic \"item\" {\n  for_each = [c, item]\n  labels = [item.key, d]\n  content {\n    x = \
                [item.value, e]\n    sub {\n      y = item\n    }\n    dynamic \"sub\" {\n      for_each = item.value\n\
                \x20     iterator = i\n      content {\n        y = [i, item, f, sub]\n      }\n    }\n  }\n}\n";
    let mut files = Files::new();
    let file = files.add("t", text);
    let body = parse_body(&mut files, file).0.unwrap();
    let roots = |body: &Body| references(body).iter().map(|found| found.root.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(roots(&body), "a c item d e f sub");
    let variables = MapLookup::from_iter([("c", Value::int(1)), ("item", Value::int(2))]);
    let scope = Scope { variables: &variables, functions: &Functions::none(), host: &Host::empty() };
    let plain = expand(&body, &|_| Some(Role::Block(&[])), &scope, &mut Budget::default(), &mut Diagnostics::new());
    assert_eq!(roots(&plain), "a");
}

#[test]
fn many_elements_share_their_expressions() {
    let text = "dynamic \"item\" {\n  for_each = many\n  content {\n    x = [item.key, item.value]\n  }\n}\n";
    let mut files = Files::new();
    let file = files.add("t", text);
    let body = parse_body(&mut files, file).0.unwrap();
    let variables = MapLookup::from_iter([("many", Value::list(vec![Value::Bool(true); 100_000], Type::Bool))]);
    let scope = Scope { variables: &variables, functions: &Functions::none(), host: &Host::empty() };
    let plain = expand(&body, &|_| Some(Role::Block(&[])), &scope, &mut Budget::default(), &mut Diagnostics::new());
    assert_eq!(plain.blocks.len(), 100_000);
    let inner = |at: usize| match &plain.blocks[at].body.attributes[0].expr.kind {
        ExprKind::Bound(_, inner) => Arc::as_ptr(inner),
        other => panic!("not bound: {other:?}"),
    };
    assert_eq!(inner(0), inner(99_999));
}

/// The plain body that `text` stands for, and what is wrong with it: each error with the values shown beside it.
fn expanded(text: &str) -> (String, Vec<(String, String)>) {
    let mut files = Files::new();
    let file = files.add("t", text);
    let parse = if text.starts_with('{') { parse_json_body } else { parse_body };
    let body = parse(&mut files, file).0.unwrap_or_else(|| panic!("{text:?} does not parse"));
    let variables = variables();
    let scope = Scope { variables: &variables, functions: &Functions::standard(), host: &Host::empty() };
    let mut diags = Diagnostics::new();
    let plain = shown(&body, body.span, &files, &scope, &mut diags);
    let line = |span: Span| files.line_column(span.file, span.start).0;
    let found = diags.iter().map(|diagnostic| {
        let at = diagnostic.subject.map(line).unwrap_or_default();
        let values: Vec<String> = diagnostic.values.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (format!("{}: {} @{at}", diagnostic.summary, diagnostic.detail), values.join(", "))
    });
    (plain, found.collect())
}

fn shown(body: &Body, owner: Span, files: &Files, scope: &Scope<'_>, diags: &mut Diagnostics) -> String {
    let body =
        expand(body, &|name| INNER.role(name).filter(|_| name != "dynamic"), scope, &mut Budget::default(), diags);
    INNER.check(&body, owner, diags);
    let mut parts = Vec::new();
    for attribute in body.attributes.iter().filter(|attribute| INNER.attributes.contains(&&*attribute.name.name)) {
        let mut found = Diagnostics::new();
        let value = eval::evaluate(&attribute.expr, scope, &mut found);
        let text = if found.has_errors() { "!".to_owned() } else { json::encode(&value).unwrap_or("?".to_owned()) };
        parts.push(format!("{}={text}", attribute.name.name));
        diags.append(found);
    }
    parts.sort();
    let labels = |block: &Block| match INNER.role(&block.kind.name) {
        Some(Role::Block(names)) => Some(names.len()),
        _ => None,
    };
    for block in body.blocks.iter().filter(|block| labels(block) == Some(block.labels.len())) {
        parts.push(shown_block(block, files, scope, diags));
    }
    format!("{{{}}}", parts.join(" "))
}

fn shown_block(block: &Block, files: &Files, scope: &Scope<'_>, diags: &mut Diagnostics) -> String {
    let mut out = block.kind.name.to_string();
    if block.body.is_unknown {
        out.push('?');
    }
    for label in &block.labels {
        let (line, column) = files.line_column(label.span.file, label.span.start);
        out.push_str(&format!(" {}@{line}:{column}", label.name));
    }
    let (line, _) = files.line_column(block.header.file, block.header.start);
    out.push_str(&format!("@{line} {}", shown(&block.body, block.header, files, scope, diags)));
    out
}

pub(crate) fn variables() -> MapLookup {
    let objs = [("i1", [1, 2]), ("i2", [3, 4])].map(|(id, sub)| {
        Value::object([("id", Value::string(id)), ("sub", Value::list(sub.map(Value::int).to_vec(), Type::Number))])
    });
    let inner = Value::object([("x", Value::list(vec![Value::int(10), Value::int(20)], Type::Number))]);
    let object = Value::object([("name", Value::string("nm")), ("num", Value::int(3)), ("inner", inner)]);
    let map = json::decode(r#"{"k1": "v1", "k2": "v2"}"#).expect("this is JSON");
    let set = convert(&Value::strings(["b", "a"]), &Type::Set(Type::String.into())).expect("strings");
    let map = convert(&map, &Type::Map(Type::String.into())).expect("strings");
    MapLookup::from_iter([
        ("s", Value::string("str")),
        ("n", Value::int(5)),
        ("t", Value::Bool(true)),
        ("nul", Value::Null(Type::Dynamic)),
        ("l", Value::strings(["a", "b", "c"])),
        ("tup", Value::tuple([Value::int(1), Value::string("two"), Value::Bool(true)])),
        ("m", map),
        ("o", object),
        ("objs", Value::tuple(objs)),
        ("set", set),
        ("unk", Value::Unknown(Type::String)),
        ("dyn", Value::Unknown(Type::Dynamic)),
        ("ul", Value::Unknown(Type::list(Type::String))),
        ("nullist", Value::Null(Type::list(Type::String))),
    ])
}

fn block(name: &str, nesting: BlockNesting, schema: Schema) -> BlockSchema {
    BlockSchema { name: name.into(), nesting, min: 0, max: None, schema: Arc::new(schema) }
}

#[test]
fn components_see_plain_blocks() {
    let text = |name: &str| AttributeSchema::optional(name, Type::String);
    let sub = block("sub", BlockNesting::List, Schema { attributes: vec![text("x")], ..Schema::default() });
    let item = Schema { attributes: vec![text("x")], blocks: vec![sub], ..Schema::default() };
    let one = Schema { attributes: vec![text("x")], ..Schema::default() };
    let blocks = vec![block("item", BlockNesting::List, item), block("one", BlockNesting::Single, one)];
    let schema = Schema { attributes: vec![text("y")], blocks, ..Schema::default() };
    let (l, unknown) = ("for_each = l", "for_each = ul");
    for (text, expected) in [
        (
            format!("y = s\ndynamic \"item\" {{\n  {l}\n  content {{\n    x = item.value\n  }}\n}}\n"),
            r#"{"item":[{"sub":[],"x":"a"},{"sub":[],"x":"b"},{"sub":[],"x":"c"}],"one":null,"y":"str"}"#,
        ),
        (
            "item {\n  dynamic \"sub\" {\n    for_each = [1]\n    content {\n      x = sub.value\n    }\n  }\n}\ndynamic \
             \"one\" {\n  for_each = [s]\n  content {\n    x = one.value\n  }\n}\n"
                .to_owned(),
            r#"{"item":[{"sub":[{"x":"1"}],"x":null}],"one":{"x":"str"},"y":null}"#,
        ),
        (
            // Nobody knows how many there are, so nobody knows any of them.
            format!("item {{\n  x = s\n}}\ndynamic \"item\" {{\n  {unknown}\n  content {{\n    x = item.value\n  }}\n}}\n"),
            "unknown: item",
        ),
        (
            format!("dynamic \"one\" {{\n  {unknown}\n  content {{\n    x = one.value\n  }}\n}}\n"),
            r#"unknown: one.x"#,
        ),
    ] {
        let mut files = Files::new();
        let file = files.add("t", text.as_str());
        let body = parse_body(&mut files, file).0.unwrap();
        let variables = variables();
        let scope = Scope { variables: &variables, functions: &Functions::none(), host: &Host::empty() };
        let mut diags = Diagnostics::new();
        let plain = schema::expand(&schema, &body, &scope, &mut diags);
        let value = schema::decode(&schema, &[&plain], &scope, &mut diags);
        assert!(diags.is_empty(), "{text}: {diags:?}");
        let shown = json::encode(&value).unwrap_or_else(|_| format!("unknown: {}", unknown_part(&value)));
        assert_eq!(shown, expected, "{text}");
        assert!(schema::fill_unknown(&value).is_wholly_known());
    }
}

/// The path to the first unknown in an object.
fn unknown_part(value: &Value) -> String {
    let entries = value.entries().unwrap();
    let (name, inner) = entries.iter().find(|(_, inner)| !inner.is_wholly_known()).unwrap();
    if inner.is_known() { format!("{name}.{}", unknown_part(inner)) } else { name.to_string() }
}
