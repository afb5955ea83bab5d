//! Texts, valid and not, in the layout of the reference.

use planner::format::format;
use serde::Deserialize;

use crate::rows::rows;

#[derive(Deserialize)]
struct Row {
    src: String,
    out: String,
}

#[test]
fn the_layout_is_that_of_the_reference() {
    let mut wrong = Vec::new();
    for Row { src, out } in rows("hcl-format.jsonl") {
        let ours = format(&src);
        if ours != out {
            wrong.push(format!("{src:?}\n  ours     {ours:?}\n  recorded {out:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}
