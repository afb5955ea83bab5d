//! Generated heredocs: indentation, strip markers, line ends, escapes.

use planner::files::Files;
use planner::syntax::parse_body;
use serde::Deserialize;
use serde_json::Value;

use crate::{node, rows::rows};

#[derive(Deserialize)]
struct Row {
    src: String,
    ast: Value,
}

#[test]
fn heredocs_agree() {
    let mut wrong = Vec::new();
    for row in rows::<Row>("hcl-heredoc.jsonl") {
        let mut files = Files::new();
        let file = files.add("t", row.src.as_str());
        let (body, diagnostics) = parse_body(&mut files, file);
        let tree = body.map(|body| node::body(&body));
        if tree.as_ref() != Some(&node::recorded(&row.ast)) {
            wrong.push(format!("{:?}\n  ours     {tree:?}\n  recorded {}\n  {diagnostics:?}", row.src, row.ast));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
