//! JSON syntax that is too deep or too large: always an answer, never a panic, in time that grows with the text.

use planner::config::template;
use planner::diagnostic::Diagnostics;
use planner::eval::{Functions, Host, Scope, evaluate, evaluate_constant, references};
use planner::files::Files;
use planner::syntax::ast::Body;
use planner::syntax::{Role, parse_json_body};
use planner::value::{Constraint, Value};

use crate::eval::variables;
use crate::limits::on_small_stack;

/// Everything that can be done to a body: as a template, as blocks, as values, as types.
fn use_everything(body: Body, files: &Files, found: &mut Diagnostics) {
    let (variables, functions, host) = (variables(), Functions::standard(), Host::empty());
    let scope = Scope { variables: &variables, functions: &functions, host: &host };
    for attribute in &body.attributes {
        evaluate(&attribute.expr, &scope, found);
        evaluate_constant(&attribute.expr, found);
        references(&attribute.expr);
        Constraint::from_expr(&attribute.expr, found);
        for item in attribute.expr.items().unwrap_or_default().iter() {
            evaluate(&item.to_analyse(), &scope, found);
        }
    }
    body.just_attributes(found);
    let blocks = body.shaped(|_| Some(Role::Block(&["a", "b"])), found).into_owned();
    for block in &blocks.blocks {
        block.body.shaped(|_| Some(Role::Block(&[])), found);
    }
    template::decode(&[body], files, &scope, found);
}

fn parse(text: &str) -> (Option<Body>, Diagnostics) {
    let mut files = Files::new();
    let file = files.add("t", text);
    parse_json_body(&mut files, file)
}

/// Both what is read and what is made of it fit on the stack of any thread.
#[test]
fn deep_values_are_used_or_refused() {
    for (levels, is_read) in [(900, true), (5_000, false)] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let text = format!("{{\"x\": {}1{}}}", open.repeat(levels), close.repeat(levels));
            let read = on_small_stack(move || {
                let mut files = Files::new();
                let file = files.add("t", text);
                let (body, mut found) = parse_json_body(&mut files, file);
                let read = body.is_some();
                if let Some(body) = body {
                    use_everything(body, &files, &mut found);
                }
                read
            });
            assert_eq!(read, is_read, "{levels} × {open}");
        }
    }
}

#[test]
fn large_files_are_used_in_time() {
    let n = 20_000;
    let items = |item: &dyn Fn(usize) -> String| (0..n).map(item).collect::<Vec<_>>().join(",");
    for text in [
        format!("{{\"x\": {{{}}}}}", items(&|at| format!("\"k{at}\": {at}"))),
        format!("{{\"x\": {{{}}}}}", items(&|at| format!("\"k{at}\": \"${{n}}-${{s}}\""))),
        format!("{{{}}}", items(&|at| format!("\"locals\": {{\"k{at}\": \"\\n\"}}"))),
        format!("{{\"source\": [{}]}}", items(&|at| format!("{{\"null\": {{\"s{at}\": {{}}}}}}"))),
        format!("[{}]", items(&|at| format!("{{\"variables\": {{\"v{at}\": []}}}}"))),
    ] {
        let mut files = Files::new();
        let file = files.add("t", text);
        let (body, mut found) = parse_json_body(&mut files, file);
        use_everything(body.unwrap(), &files, &mut found);
    }
    let long = format!("{{\"x\": \"{}${{s}}{}\"}}", "a\\n".repeat(250_000), "é\\\"".repeat(250_000));
    let (body, _) = parse(&long);
    let (variables, functions, host) = (variables(), Functions::standard(), Host::empty());
    let scope = Scope { variables: &variables, functions: &functions, host: &host };
    let value = evaluate(&body.unwrap().attributes[0].expr, &scope, &mut Diagnostics::new());
    assert_eq!(value.as_str().map(str::len), Value::string("str").as_str().map(|text| text.len() + 500_000 + 750_000));
}
